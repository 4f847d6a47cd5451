package org.jnvmet.transport.rdma;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.wire.Sqe;

/**
 * Where capsules are received, of one queue or of a shared receive queue. The entry of a capsule and its
 * data are apart, so that the data begins at a page and media take it from there. A slot is the device's,
 * or a command's, or in line to be posted again. Owned by a loop.
 */
final class ReceiveSlots {
    /** Segments of a receive: entry and data. */
    static final int SEGMENTS = 2;

    private static final int PAGE_BYTES = 4096;

    private final MemorySegment memory;
    private final int key;
    private final int inlineBytes;
    private final int stride;
    private final long entries;
    private final int[] returned;
    private final InCapsule[] buffers;
    private long idBits;
    private int returnedCount;
    private int posted;

    /**
     * Slots in the first bytes of {@code memory}.
     *
     * @param inlineBytes data of a capsule, 0 for none
     */
    ReceiveSlots(RegisteredMemory memory, int slots, int inlineBytes) {
        this.memory = memory.segment();
        this.key = memory.key();
        this.inlineBytes = inlineBytes;
        stride = stride(inlineBytes);
        entries = (long) slots * stride;
        returned = new int[slots];
        buffers = new InCapsule[inlineBytes == 0 ? 0 : slots];
        for (int slot = 0; slot < slots; slot++) {
            if (inlineBytes > 0) {
                buffers[slot] = new InCapsule(slot);
            }
            repost(slots - 1 - slot);
        }
    }

    /** Memory that slots take, a multiple of the size of an entry. */
    static long bytes(int slots, int inlineBytes) {
        return (long) slots * (stride(inlineBytes) + Sqe.BYTES);
    }

    private static int stride(int inlineBytes) {
        return (inlineBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
    }

    /** Kind and queue of the work requests. */
    void idBits(long bits) {
        idBits = bits;
    }

    int count() {
        return returned.length;
    }

    /** Bytes of data that a capsule may have. */
    int inlineBytes() {
        return inlineBytes;
    }

    MemorySegment memory() {
        return memory;
    }

    /** Where the entry of the capsule begins. */
    long entry(int slot) {
        return entries + (long) slot * Sqe.BYTES;
    }

    /** Where the data of the capsule begins. */
    long data(int slot) {
        return (long) slot * stride;
    }

    /** The data of the capsule as the buffer of its command, as long as that has the slot. */
    DataBuffer buffer(int slot) {
        return buffers[slot];
    }

    /** The slot's capsule is of no use any more. */
    void repost(int slot) {
        returned[returnedCount++] = slot;
    }

    /** Something was received into a slot, or it was flushed: it is not the device's any more. */
    void onCompletion() {
        posted--;
    }

    /** Slots that the device has. */
    int posted() {
        return posted;
    }

    /**
     * Posts the slots in line, with as few calls as possible. False: there were none.
     *
     * @throws IOException when the queue takes none; what it did not take stands in line again
     */
    boolean flush(ReceiveCall call) throws IOException {
        if (returnedCount == 0) {
            return false;
        }
        while (returnedCount > 0) {
            call.clear();
            while (returnedCount > 0 && !call.isFull()) {
                append(call, returned[--returnedCount]);
            }
            post(call);
        }
        return true;
    }

    private void post(ReceiveCall call) throws IOException {
        int size = call.size();
        try {
            if (call.execute().posted() < size) {
                throw new IOException(
                        "the receive queue took %d of %d".formatted(call.posted(), size));
            }
        } finally {
            posted += call.posted();
            for (int i = call.posted(); i < size; i++) {
                repost(WorkRequestId.slot(call.getWrMod(i).getWr_id()));
            }
        }
    }

    private void append(ReceiveCall call, int slot) {
        int at = call.add(idBits | WorkRequestId.of(0, slot, 0));
        call.segment(at, memory.address() + entry(slot), Sqe.BYTES, key);
        if (inlineBytes > 0) {
            call.segment(at, memory.address() + data(slot), inlineBytes, key);
        }
    }

    /** Data in a slot. */
    private final class InCapsule extends DataBuffer {
        private final int slot;

        private InCapsule(int slot) {
            this.slot = slot;
        }

        @Override
        public MemorySegment memory() {
            return memory;
        }

        @Override
        public long offset() {
            return data(slot);
        }

        @Override
        public int capacity() {
            return inlineBytes;
        }

        /** The slot goes back with the command. */
        @Override
        public void release() {}
    }
}
