package org.jnvmet.wire;

/**
 * SGL descriptor 1 of a submission queue entry (Base, Scatter Gather List; NVMe over Fabrics,
 * Data Transfers). The constants are the whole byte at {@link Sqe#SGL_TYPE}: type in bits 7:4,
 * subtype in bits 3:0.
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

    private static Sqe dataBlock(Sqe sqe, int type, int length) {
        return sqe.u8(Sqe.FLAGS, PSDT_SGL)
                .u64(Sqe.SGL_ADDRESS, 0)
                .u32(Sqe.SGL_LENGTH, length)
                .u32(Sqe.SGL_LENGTH + 4, 0)
                .u8(Sqe.SGL_TYPE, type);
    }
}
