package org.jnvmet.wire;

import java.lang.foreign.MemorySegment;

/**
 * View of a submission queue entry (Base, Submission Queue Entry – Common Command Format; for
 * fabrics commands NVMe over Fabrics, Fabrics Command – Submission Queue Entry Format). The view is
 * re-wrapped, never re-created. No bounds are checked beyond the segment's own.
 */
public final class Sqe {
    /** Bytes of an entry. */
    public static final int BYTES = 64;

    // Byte offsets, in the order of the standard. They double as error locations.
    /** Opcode. */
    public static final int OPCODE = 0;

    /** FUSE (bits 1:0) and PSDT (bits 7:6). */
    public static final int FLAGS = 1;

    /** Command identifier. */
    public static final int CID = 2;

    /** Namespace identifier; the fabrics command type is in its first byte. */
    public static final int NSID = 4;

    /** Fabrics command type (FCTYPE). */
    public static final int FCTYPE = 4;

    /** SGL descriptor 1: address or offset. */
    public static final int SGL_ADDRESS = 24;

    /** SGL descriptor 1: length of a data block. */
    public static final int SGL_LENGTH = 32;

    /** SGL descriptor 1: type (bits 7:4) and subtype (bits 3:0). */
    public static final int SGL_TYPE = 39;

    /** Command dword 10; the others follow. */
    public static final int CDW10 = 40;

    /** Command dword 11. */
    public static final int CDW11 = 44;

    /** Command dword 12. */
    public static final int CDW12 = 48;

    /** Command dword 13. */
    public static final int CDW13 = 52;

    /** Command dword 14. */
    public static final int CDW14 = 56;

    /** Command dword 15. */
    public static final int CDW15 = 60;

    private MemorySegment memory = MemorySegment.NULL;
    private long base;

    /** Points this view at the 64 bytes at {@code base}. */
    public Sqe wrap(MemorySegment memory, long base) {
        this.memory = memory;
        this.base = base;
        return this;
    }

    public MemorySegment memory() {
        return memory;
    }

    public long base() {
        return base;
    }

    public int opcode() {
        return u8(OPCODE);
    }

    /** Fused operation, 0 when the command stands alone. */
    public int fuse() {
        return u8(FLAGS) & 3;
    }

    /** PRP or SGL for data transfer: 0 PRP, 1 SGL. */
    public int psdt() {
        return u8(FLAGS) >>> 6;
    }

    /** The 16 bits of the command identifier; opaque. */
    public int commandId() {
        return u16(CID);
    }

    /** Namespace identifier as unsigned 32 bits in an int. */
    public int namespaceId() {
        return u32(NSID);
    }

    public int fabricsType() {
        return u8(FCTYPE);
    }

    public long sglAddress() {
        return u64(SGL_ADDRESS);
    }

    /** Length of an SGL data block descriptor as an unsigned 32-bit number. */
    public long sglLength() {
        return Integer.toUnsignedLong(u32(SGL_LENGTH));
    }

    /** SGL descriptor type and subtype; see {@link Sgl}. */
    public int sglType() {
        return u8(SGL_TYPE);
    }

    public int cdw10() {
        return u32(CDW10);
    }

    public int cdw11() {
        return u32(CDW11);
    }

    public int cdw12() {
        return u32(CDW12);
    }

    public int cdw13() {
        return u32(CDW13);
    }

    public int cdw14() {
        return u32(CDW14);
    }

    public int cdw15() {
        return u32(CDW15);
    }

    /** Byte at {@code offset} of the entry, unsigned. */
    public int u8(int offset) {
        return Byte.toUnsignedInt(memory.get(Le.U8, base + offset));
    }

    /** Two bytes at {@code offset} of the entry, unsigned. */
    public int u16(int offset) {
        return Short.toUnsignedInt(memory.get(Le.U16, base + offset));
    }

    /** Four bytes at {@code offset} of the entry. */
    public int u32(int offset) {
        return memory.get(Le.U32, base + offset);
    }

    /** Eight bytes at {@code offset} of the entry. */
    public long u64(int offset) {
        return memory.get(Le.U64, base + offset);
    }

    /** Zeroes the entry; for hosts, which build it. */
    public Sqe clear() {
        memory.asSlice(base, BYTES).fill((byte) 0);
        return this;
    }

    public Sqe u8(int offset, int value) {
        memory.set(Le.U8, base + offset, (byte) value);
        return this;
    }

    public Sqe u16(int offset, int value) {
        memory.set(Le.U16, base + offset, (short) value);
        return this;
    }

    public Sqe u32(int offset, int value) {
        memory.set(Le.U32, base + offset, value);
        return this;
    }

    public Sqe u64(int offset, long value) {
        memory.set(Le.U64, base + offset, value);
        return this;
    }
}
