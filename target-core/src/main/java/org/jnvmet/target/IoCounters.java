package org.jnvmet.target;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jnvmet.target.spi.BlockOperation;

/**
 * What one queue has moved, for the SMART log. One writer, the queue's loop; others read values that
 * may lag behind but never tear.
 */
public final class IoCounters {
    private static final VarHandle READS = handle("reads");
    private static final VarHandle READ_BYTES = handle("readBytes");
    private static final VarHandle WRITES = handle("writes");
    private static final VarHandle WRITTEN_BYTES = handle("writtenBytes");

    @SuppressWarnings("unused") // by its handle
    private long reads;

    @SuppressWarnings("unused")
    private long readBytes;

    @SuppressWarnings("unused")
    private long writes;

    @SuppressWarnings("unused")
    private long writtenBytes;

    /** Sums over queues, at one moment. */
    public record Totals(long reads, long readBytes, long writes, long writtenBytes) {
        static final Totals NONE = new Totals(0, 0, 0, 0);

        Totals plus(IoCounters counters) {
            return new Totals(
                    reads + (long) READS.getOpaque(counters),
                    readBytes + (long) READ_BYTES.getOpaque(counters),
                    writes + (long) WRITES.getOpaque(counters),
                    writtenBytes + (long) WRITTEN_BYTES.getOpaque(counters));
        }
    }

    /** Counts a command that succeeded. Compare reads the medium; it counts as a read of the host. */
    void count(BlockOperation.Kind kind, int bytes) {
        if (kind == BlockOperation.Kind.READ) {
            add(READS, 1);
            add(READ_BYTES, bytes);
        } else if (kind == BlockOperation.Kind.WRITE) {
            add(WRITES, 1);
            add(WRITTEN_BYTES, bytes);
        }
    }

    private void add(VarHandle counter, long amount) {
        counter.setOpaque(this, (long) counter.get(this) + amount);
    }

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(IoCounters.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
