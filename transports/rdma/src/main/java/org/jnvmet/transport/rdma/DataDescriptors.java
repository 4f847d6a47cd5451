package org.jnvmet.transport.rdma;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * Where the data of a command is at the host: in the capsule, or in up to {@link #MAX} keyed blocks of the
 * host's memory (NVMe/RDMA Transport, Capsules and SGLs). Copies what the capsule says, whose slot may be
 * received into again. Reused; owned by the queue's loop.
 */
final class DataDescriptors {
    /** Most keyed descriptors of a command. */
    static final int MAX = 16;

    private static final int TYPE_SHIFT = 4;
    private static final int DATA_BLOCK = 0x0;
    private static final int LAST_SEGMENT = 0x3;
    private static final int KEYED = 0x4;

    private final long[] addresses = new long[MAX];
    private final int[] lengths = new int[MAX];
    private final int[] keys = new int[MAX];
    private int count;
    private long bytes;
    private boolean inCapsule;
    private int capsuleOffset;
    private boolean invalidates;
    private int invalidatedKey;
    private int errorByte;

    /**
     * Reads the descriptor of an entry, and those in the capsule that it points to.
     *
     * @param memory has the data of the capsule from {@code base} on
     * @param received bytes of data that came in the capsule
     * @param limit bytes of data that the queue takes in a capsule
     * @return what is wrong, at {@link #errorByte}; null: nothing
     */
    @Nullable Status read(Sqe sqe, MemorySegment memory, long base, int received, int limit) {
        reset();
        int type = sqe.sglType();
        return switch (type >>> TYPE_SHIFT) {
            case KEYED -> readKeyed(sqe.memory(), sqe.base() + Sqe.SGL_ADDRESS);
            case DATA_BLOCK -> readInCapsule(sqe, received, limit);
            case LAST_SEGMENT -> readSegment(sqe, memory, base, Math.min(received, limit));
            default ->
                    sqe.sglLength() == 0
                            ? null
                            : wrong(Status.SGL_DESCRIPTOR_TYPE_INVALID, Sqe.SGL_TYPE);
        };
    }

    private void reset() {
        count = 0;
        bytes = 0;
        inCapsule = false;
        capsuleOffset = 0;
        invalidates = false;
        errorByte = -1;
    }

    private Status wrong(Status status, int at) {
        errorByte = at;
        return status;
    }

    private @Nullable Status readKeyed(MemorySegment memory, long at) {
        int type = Byte.toUnsignedInt(memory.get(Le.U8, at + Sgl.TYPE));
        if (type != Sgl.KEYED && type != Sgl.KEYED_INVALIDATE) {
            return wrong(
                    type >>> TYPE_SHIFT == KEYED
                            ? Status.INVALID_FIELD
                            : Status.SGL_DESCRIPTOR_TYPE_INVALID,
                    Sqe.SGL_TYPE);
        }
        int key = Sgl.key(memory, at);
        int length = Sgl.keyedLength(memory, at);
        if (type == Sgl.KEYED_INVALIDATE && !invalidates) {
            invalidates = true;
            invalidatedKey = key;
        }
        if (length > 0) {
            addresses[count] = memory.get(Le.U64, at + Sgl.ADDRESS);
            lengths[count] = length;
            keys[count] = key;
            count++;
            bytes += length;
        }
        return null;
    }

    private @Nullable Status readInCapsule(Sqe sqe, int received, int limit) {
        long length = sqe.sglLength();
        if (length == 0) {
            return null;
        }
        if (sqe.sglType() != Sgl.DATA_BLOCK_OFFSET) {
            return wrong(Status.INVALID_FIELD, Sqe.SGL_TYPE);
        }
        long offset = sqe.sglAddress();
        if (offset < 0 || offset > limit || length > limit - offset) {
            return wrong(Status.SGL_OFFSET_INVALID, Sqe.SGL_ADDRESS);
        }
        if (length > received - offset) {
            return wrong(Status.SGL_DATA_LENGTH_INVALID, Sqe.SGL_LENGTH); // it is not there
        }
        inCapsule = true;
        capsuleOffset = (int) offset;
        bytes = length;
        return null;
    }

    /** The descriptors stand in the capsule. */
    private @Nullable Status readSegment(Sqe sqe, MemorySegment memory, long base, int room) {
        if (sqe.sglType() != Sgl.LAST_SEGMENT_OFFSET) {
            return wrong(Status.INVALID_FIELD, Sqe.SGL_TYPE);
        }
        long length = sqe.sglLength();
        long offset = sqe.sglAddress();
        if (length == 0 || length % Sgl.BYTES != 0) {
            return wrong(Status.INVALID_SGL_SEGMENT_DESCRIPTOR, Sqe.SGL_LENGTH);
        }
        if (length / Sgl.BYTES > MAX) {
            return wrong(Status.INVALID_SGL_DESCRIPTOR_COUNT, Sqe.SGL_LENGTH);
        }
        if (offset < 0 || offset > room || length > room - offset) {
            return wrong(Status.SGL_OFFSET_INVALID, Sqe.SGL_ADDRESS);
        }
        for (long at = 0; at < length; at += Sgl.BYTES) {
            Status status = readKeyed(memory, base + offset + at);
            if (status != null) {
                return status;
            }
        }
        return null;
    }

    /** Byte of the entry that is to blame, of the last {@link #read} that failed. */
    int errorByte() {
        return errorByte;
    }

    /** Bytes that all describe together. */
    long bytes() {
        return bytes;
    }

    boolean isInCapsule() {
        return inCapsule;
    }

    /** Where the data begins in that of the capsule. */
    int capsuleOffset() {
        return capsuleOffset;
    }

    /** Keyed blocks that are not empty. */
    int count() {
        return count;
    }

    /** Address of a block in the host's memory. */
    long address(int block) {
        return addresses[block];
    }

    int length(int block) {
        return lengths[block];
    }

    int key(int block) {
        return keys[block];
    }

    /** Whether the response shall invalidate {@link #invalidatedKey}. */
    boolean invalidates() {
        return invalidates;
    }

    int invalidatedKey() {
        return invalidatedKey;
    }
}
