package org.jnvmet.wire.tcp;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Le;

/**
 * View of the common header of every PDU (NVMe/TCP Transport, PDU Common Header). Re-wrapped, never
 * re-created; no bounds are checked beyond the segment's own.
 */
public final class PduHeader {
    /** Bytes of the common header. */
    public static final int BYTES = 8;

    // Byte offsets, in the order of the standard. They double as FEI values.
    /** PDU type. */
    public static final int TYPE = 0;

    /** Flags. */
    public static final int FLAGS = 1;

    /** Header length, without the header digest. */
    public static final int HLEN = 2;

    /** PDU data offset. */
    public static final int PDO = 3;

    /** PDU length, 4 bytes. */
    public static final int PLEN = 4;

    // PDU types.
    public static final int IC_REQ = 0x00;
    public static final int IC_RESP = 0x01;
    public static final int H2C_TERM_REQ = 0x02;
    public static final int C2H_TERM_REQ = 0x03;
    public static final int CAPSULE_CMD = 0x04;
    public static final int CAPSULE_RESP = 0x05;
    public static final int H2C_DATA = 0x06;
    public static final int C2H_DATA = 0x07;
    public static final int R2T = 0x09;

    // Flags.
    /** A header digest follows the header. */
    public static final int HDGSTF = 1;

    /** A data digest follows the data. */
    public static final int DDGSTF = 1 << 1;

    /** Last data PDU of a command or of an R2T. */
    public static final int LAST_PDU = 1 << 2;

    /** The command is complete with this PDU; no response capsule follows. */
    public static final int SUCCESS = 1 << 3;

    // Header lengths.
    /** HLEN of ICReq and ICResp. */
    public static final int IC_HLEN = 128;

    /** HLEN of CapsuleCmd: common header and submission queue entry. */
    public static final int COMMAND_HLEN = 72;

    /** HLEN of all other PDUs. */
    public static final int HLEN_24 = 24;

    private MemorySegment memory = MemorySegment.NULL;
    private long base;

    /** Points this view at the header at {@code base}. */
    public PduHeader wrap(MemorySegment memory, long base) {
        this.memory = memory;
        this.base = base;
        return this;
    }

    public int type() {
        return u8(TYPE);
    }

    public int flags() {
        return u8(FLAGS);
    }

    /** Whether all bits of {@code flag} are set. */
    public boolean has(int flag) {
        return (flags() & flag) == flag;
    }

    public int headerLength() {
        return u8(HLEN);
    }

    /** Where the data begins, counted from the first byte of the PDU; 0 without data. */
    public int dataOffset() {
        return u8(PDO);
    }

    /** Bytes of the whole PDU, digests included; unsigned 32 bits. */
    public long length() {
        return Integer.toUnsignedLong(memory.get(Le.U32, base + PLEN));
    }

    /** Writes all 8 bytes. */
    public PduHeader set(int type, int flags, int headerLength, int dataOffset, int length) {
        memory.set(Le.U8, base + TYPE, (byte) type);
        memory.set(Le.U8, base + FLAGS, (byte) flags);
        memory.set(Le.U8, base + HLEN, (byte) headerLength);
        memory.set(Le.U8, base + PDO, (byte) dataOffset);
        memory.set(Le.U32, base + PLEN, length);
        return this;
    }

    /** HLEN that the standard fixes for a type; 0 for a type it does not know. */
    public static int headerLengthOf(int type) {
        return switch (type) {
            case IC_REQ, IC_RESP -> IC_HLEN;
            case CAPSULE_CMD -> COMMAND_HLEN;
            case H2C_TERM_REQ, C2H_TERM_REQ, CAPSULE_RESP, H2C_DATA, C2H_DATA, R2T -> HLEN_24;
            default -> 0;
        };
    }

    /** Name of a PDU type in the standard, or the type in hexadecimal. */
    public static String name(int type) {
        return switch (type) {
            case IC_REQ -> "ICReq";
            case IC_RESP -> "ICResp";
            case H2C_TERM_REQ -> "H2CTermReq";
            case C2H_TERM_REQ -> "C2HTermReq";
            case CAPSULE_CMD -> "CapsuleCmd";
            case CAPSULE_RESP -> "CapsuleResp";
            case H2C_DATA -> "H2CData";
            case C2H_DATA -> "C2HData";
            case R2T -> "R2T";
            default -> "PDU type %02xh".formatted(type);
        };
    }

    private int u8(int offset) {
        return Byte.toUnsignedInt(memory.get(Le.U8, base + offset));
    }
}
