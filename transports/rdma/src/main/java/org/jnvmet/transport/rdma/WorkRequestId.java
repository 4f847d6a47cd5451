package org.jnvmet.transport.rdma;

/**
 * What a completion is about, in the 64 bits that a work request carries: an error says nothing else of
 * which one can be sure. Bits 63:56 kind, 55:40 slot, 39:16 generation and 15:0 index of the queue. The
 * generation tells late completions of a queue that is gone from those of its successor.
 */
final class WorkRequestId {
    /** A receive of the queue's own; the slot is that of the memory. */
    static final int RECEIVE = 1;

    /** A receive of a shared receive queue, which knows no queue. */
    static final int SHARED_RECEIVE = 2;

    /** An RDMA READ or WRITE that others follow; completes by itself only when it fails. */
    static final int DATA = 3;

    /** The last RDMA READ of a command; the slot is that of the request. */
    static final int READ = 4;

    /** The SEND with the response. */
    static final int RESPONSE = 5;

    static final int MAX_SLOTS = 1 << 16;
    static final int MAX_QUEUES = 1 << 16;
    private static final int GENERATION_MASK = 0xff_ffff;
    private static final long QUEUE_MASK = (1L << 40) - 1;

    private WorkRequestId() {}

    /** The 40 bits of a queue. */
    static long queue(int index, int generation) {
        return (long) (generation & GENERATION_MASK) << 16 | index;
    }

    static long of(int kind, int slot, long queue) {
        return (long) kind << 56 | (long) slot << 40 | queue;
    }

    static int kind(long id) {
        return (int) (id >>> 56);
    }

    static int slot(long id) {
        return (int) (id >>> 40) & 0xffff;
    }

    static long queue(long id) {
        return id & QUEUE_MASK;
    }

    /** Index of the queue. */
    static int index(long id) {
        return (int) id & 0xffff;
    }
}
