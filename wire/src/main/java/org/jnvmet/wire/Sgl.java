package org.jnvmet.wire;

import java.lang.foreign.MemorySegment;

/**
 * SGL descriptors, above all descriptor 1 of a submission queue entry (Base, Scatter Gather List; NVMe
 * over Fabrics, Data Transfers). The constants are the whole byte at {@link Sqe#SGL_TYPE}: type in
 * bits 7:4, subtype in bits 3:0.
 */
public final class Sgl {
    /** Data block at a memory address; no fabric uses it. */
    public static final int DATA_BLOCK_ADDRESS = 0x00;

    /** Data block at an offset into the capsule: in-capsule data. */
    public static final int DATA_BLOCK_OFFSET = 0x01;

    /** Keyed data block: data moved by RDMA. */
    public static final int KEYED = 0x40;

    /** Keyed data block whose key the controller invalidates with its response. */
    public static final int KEYED_INVALIDATE = 0x4f;

    /** Transport data block: data moved by PDUs of the transport. */
    public static final int TRANSPORT = 0x5a;

    /** Bytes of a descriptor. */
    public static final int BYTES = 16;

    /** The last segment at an offset into the capsule: more than one descriptor, in the capsule. */
    public static final int LAST_SEGMENT_OFFSET = 0x31;

    /** Most bytes of a keyed data block, whose length has 24 bits. */
    public static final int MAX_KEYED_LENGTH = 0xff_ffff;

    // Offsets within a descriptor; in an entry they count from Sqe.SGL_ADDRESS.
    /** Address, or offset into the capsule. */
    public static final int ADDRESS = 0;

    /** Length: 32 bits, of a keyed data block 24. */
    public static final int LENGTH = 8;

    /** Key of a keyed data block, unaligned. */
    public static final int KEY = 11;

    /** Type and subtype. */
    public static final int TYPE = 15;

    /** {@link Sqe#FLAGS} of a command that uses an SGL: PSDT 01b, not fused. */
    public static final int PSDT_SGL = 0x40;

    private Sgl() {}

    /** In-capsule data of {@code length} bytes at the start of the capsule's data. */
    public static Sqe inCapsule(Sqe sqe, int length) {
        return dataBlock(sqe, DATA_BLOCK_OFFSET, length);
    }

    /** Data that PDUs of the transport move; also, with length 0, the descriptor of no data. */
    public static Sqe transport(Sqe sqe, int length) {
        return dataBlock(sqe, TRANSPORT, length);
    }

    /**
     * Data that the controller moves by RDMA.
     *
     * @param length at most {@link #MAX_KEYED_LENGTH}
     * @param key R_Key of the memory
     * @param invalidate whether the controller shall invalidate the key with its response
     */
    public static Sqe keyed(Sqe sqe, long address, int length, int key, boolean invalidate) {
        sqe.u8(Sqe.FLAGS, PSDT_SGL);
        keyed(sqe.memory(), sqe.base() + Sqe.SGL_ADDRESS, address, length, key, invalidate);
        return sqe;
    }

    /** Writes a keyed data block descriptor at {@code at}. */
    public static void keyed(
            MemorySegment memory, long at, long address, int length, int key, boolean invalidate) {
        if (length < 0 || length > MAX_KEYED_LENGTH) {
            throw new IllegalArgumentException("a keyed data block of " + length + " bytes");
        }
        memory.set(Le.U64, at + ADDRESS, address);
        memory.set(Le.U32, at + LENGTH, length);
        memory.set(Le.U32, at + KEY, key);
        memory.set(Le.U8, at + TYPE, (byte) (invalidate ? KEYED_INVALIDATE : KEYED));
    }

    /** Length of the keyed data block descriptor at {@code at}. */
    public static int keyedLength(MemorySegment memory, long at) {
        return memory.get(Le.U32, at + LENGTH) & MAX_KEYED_LENGTH;
    }

    /** Key of the keyed data block descriptor at {@code at}. */
    public static int key(MemorySegment memory, long at) {
        return memory.get(Le.U32, at + KEY);
    }

    private static Sqe dataBlock(Sqe sqe, int type, int length) {
        return sqe.u8(Sqe.FLAGS, PSDT_SGL)
                .u64(Sqe.SGL_ADDRESS, 0)
                .u32(Sqe.SGL_LENGTH, length)
                .u32(Sqe.SGL_LENGTH + 4, 0)
                .u8(Sqe.SGL_TYPE, type);
    }
}
