package org.jnvmet.transport.rdma;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.rdma.ConnectAcceptData;
import org.jnvmet.wire.rdma.ConnectRefusal;
import org.jnvmet.wire.rdma.ConnectRejectData;
import org.jnvmet.wire.rdma.ConnectRequestData;

/**
 * What a host asks for with a connection, and what it is answered (NVMe/RDMA Transport, Queue
 * Establishment).
 *
 * @param queueId 0: the admin queue
 * @param entries commands that the host may have outstanding: our receives
 * @param initiatorDepth RDMA READs that the host serves at a time
 */
record ConnectRequest(int queueId, int entries, int initiatorDepth) {
    /** Most entries of an admin queue. */
    static final int MAX_ADMIN_ENTRIES = 32;

    /** Bounds of a port. */
    record Bounds(int maxQueueId, int maxEntries, int initiatorDepth) {}

    /** A request that is to be rejected. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        private final ConnectRefusal refusal;

        RefusedException(ConnectRefusal refusal, String why) {
            super(refusal.meaning() + ": " + why);
            this.refusal = refusal;
        }

        ConnectRefusal refusal() {
            return refusal;
        }
    }

    /**
     * Reads a host's private data.
     *
     * @param privateData perhaps with padding
     * @param offeredDepth RDMA READs that the host serves at a time
     * @throws RefusedException when it asks for what it may not have
     */
    static ConnectRequest of(byte[] privateData, int offeredDepth, Bounds bounds)
            throws RefusedException {
        if (privateData.length < ConnectRequestData.BYTES) {
            throw new RefusedException(
                    ConnectRefusal.INVALID_LENGTH, privateData.length + " bytes of private data");
        }
        ConnectRequestData data =
                new ConnectRequestData().wrap(MemorySegment.ofArray(privateData), 0);
        int format = data.getInt(ConnectRequestData.RECFMT);
        if (format != ConnectRequestData.RECORD_FORMAT) {
            throw new RefusedException(ConnectRefusal.INVALID_RECORD_FORMAT, "RECFMT " + format);
        }
        int queueId = data.getInt(ConnectRequestData.QID);
        if (queueId > bounds.maxQueueId()) {
            throw new RefusedException(ConnectRefusal.INVALID_QUEUE_ID, "QID " + queueId);
        }
        int entries = data.getInt(ConnectRequestData.HSQSIZE) + 1; // 0's based
        int most = queueId == 0 ? MAX_ADMIN_ENTRIES : bounds.maxEntries();
        if (entries < 2 || entries > most) {
            throw new RefusedException(
                    ConnectRefusal.INVALID_HSQSIZE,
                    "%d entries of at most %d in queue %d".formatted(entries, most, queueId));
        }
        if (data.getInt(ConnectRequestData.HRQSIZE) == 0) {
            throw new RefusedException(ConnectRefusal.INVALID_HRQSIZE, "HRQSIZE 0");
        }
        int depth = Math.min(offeredDepth, bounds.initiatorDepth());
        if (depth == 0) {
            throw new RefusedException(
                    ConnectRefusal.INVALID_IRD,
                    "%d RDMA READs at a time, of which this side could do %d"
                            .formatted(offeredDepth, bounds.initiatorDepth()));
        }
        return new ConnectRequest(queueId, entries, depth);
    }

    /** Private data with which it is accepted. */
    byte[] acceptance() {
        byte[] bytes = new byte[ConnectAcceptData.BYTES];
        new ConnectAcceptData()
                .wrap(MemorySegment.ofArray(bytes), 0)
                .set(ConnectAcceptData.CRQSIZE, entries);
        return bytes;
    }

    /** Private data with which one is rejected. */
    static byte[] rejection(ConnectRefusal refusal) {
        byte[] bytes = new byte[ConnectRejectData.BYTES];
        new ConnectRejectData()
                .wrap(MemorySegment.ofArray(bytes), 0)
                .set(ConnectRejectData.STS, refusal.code());
        return bytes;
    }
}
