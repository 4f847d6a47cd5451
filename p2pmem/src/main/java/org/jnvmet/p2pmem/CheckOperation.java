package org.jnvmet.p2pmem;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/** A read of the self-check, for which a control thread waits. */
final class CheckOperation implements BlockOperation {
    private final long offset;
    private final long length;
    private final MemorySegment data;
    private final long dataOffset;
    private final boolean peerMemory;
    private final Runnable onEnd;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Status status = Status.INTERNAL_ERROR;
    private volatile int errno;
    private @Nullable BlockOperation next;

    /** Reads into {@code data} at {@code dataOffset}. {@code onEnd} is run when the medium has let go of it. */
    CheckOperation(
            long offset,
            long length,
            MemorySegment data,
            long dataOffset,
            boolean peerMemory,
            Runnable onEnd) {
        this.offset = offset;
        this.length = length;
        this.data = data;
        this.dataOffset = dataOffset;
        this.peerMemory = peerMemory;
        this.onEnd = onEnd;
    }

    /** Whether it has ended within {@code nanos}. */
    boolean await(long nanos) throws InterruptedException {
        return ended.await(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }

    /** Valid when it has ended. */
    Status status() {
        return status;
    }

    /** With what the kernel refused the memory, or 0. */
    int refusal() {
        return errno;
    }

    @Override
    public Kind kind() {
        return Kind.READ;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public MemorySegment data() {
        return data;
    }

    @Override
    public long dataOffset() {
        return dataOffset;
    }

    @Override
    public boolean forceUnitAccess() {
        return false;
    }

    @Override
    public boolean mayDeallocate() {
        return false;
    }

    @Override
    public Loop loop() {
        return CheckLoop.INSTANCE;
    }

    @Override
    public @Nullable Placement placement() {
        return peerMemory ? new Trial() : null;
    }

    @Override
    public @Nullable BlockOperation next() {
        return next;
    }

    @Override
    public void next(@Nullable BlockOperation next) {
        this.next = next;
    }

    @Override
    public void done(Status result) {
        status = result;
        try {
            onEnd.run();
        } finally {
            ended.countDown();
        }
    }

    /** Notes the refusal; no detour, which would prove nothing. */
    private final class Trial implements Placement {
        @Override
        public BufferSource on(Loop loop) {
            return loop.buffers();
        }

        @Override
        public boolean strict() {
            return true;
        }

        @Override
        public @Nullable Status unavailable() {
            return null;
        }

        @Override
        public void attached(Loop loop, int bytes, boolean peer) {}

        @Override
        public void refused(int number, long bytes) {
            errno = number;
        }
    }

    /** No loop waits for the operation: tasks are run where they are given. */
    private static final class CheckLoop implements Loop {
        private static final CheckLoop INSTANCE = new CheckLoop();

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public boolean owns() {
            return false;
        }

        @Override
        public int index() {
            return 0;
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public Timer schedule(Runnable task, long delayNanos) {
            throw new UnsupportedOperationException("the self-check has no timers");
        }

        @Override
        public BufferSource buffers() {
            throw new UnsupportedOperationException("the self-check has buffers of its own");
        }

        @Override
        public BufferSource reservedBuffers() {
            throw new UnsupportedOperationException("the self-check has buffers of its own");
        }
    }
}
