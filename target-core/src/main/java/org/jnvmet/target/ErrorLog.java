package org.jnvmet.target;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.ErrorLogEntry;

/**
 * The latest failures of one controller (Base, Error Information log page). Queues of several loops
 * write it, so it has a monitor of its own; failures are rare or, when a host provokes them, at that
 * host's cost alone.
 */
public final class ErrorLog {
    /** Entries that are kept: ELPE + 1. */
    public static final int ENTRIES = 128;

    private static final int NO_LOCATION = 0xffff;

    private final ErrorLogEntry entry = new ErrorLogEntry();

    /** A ring; made at the first failure. */
    private MemorySegment ring = MemorySegment.NULL;

    private long count;

    /** Failures so far. */
    public synchronized long count() {
        return count;
    }

    synchronized void add(Request request, int queueId, Status status, int errorByte) {
        if (status == Status.ABORT_REQUESTED || status == Status.ABORTED_SQ_DELETION) {
            return; // the host knows, it asked for it
        }
        if (count == 0) {
            ring = MemorySegment.ofArray(new byte[ENTRIES * ErrorLogEntry.BYTES]);
        }
        Sqe sqe = request.sqe();
        boolean io = queueId > 0;
        entry.wrap(ring, count % ENTRIES * ErrorLogEntry.BYTES)
                .clear()
                .set(ErrorLogEntry.ERROR_COUNT, ++count)
                .set(ErrorLogEntry.SQID, Math.max(queueId, 0))
                .set(ErrorLogEntry.CID, sqe.commandId())
                .set(ErrorLogEntry.STATUS, status.field() << 1)
                .set(ErrorLogEntry.LOCATION, errorByte < 0 ? NO_LOCATION : errorByte)
                .set(ErrorLogEntry.LBA, io ? sqe.u64(Sqe.CDW10) : 0)
                .set(ErrorLogEntry.NSID, Integer.toUnsignedLong(sqe.namespaceId()));
    }

    /** Copies the log, newest entry first, to zeroed memory of {@link #ENTRIES} entries. */
    public synchronized void copyTo(MemorySegment page) {
        long kept = Math.min(count, ENTRIES);
        for (long i = 0; i < kept; i++) {
            long from = (count - 1 - i) % ENTRIES * ErrorLogEntry.BYTES;
            MemorySegment.copy(ring, from, page, i * ErrorLogEntry.BYTES, ErrorLogEntry.BYTES);
        }
    }
}
