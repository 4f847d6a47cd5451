package org.jnvmet.wire;

import java.lang.foreign.MemorySegment;

/** View of a completion queue entry, 16 bytes (Base, Completion Queue Entry). Re-wrapped, never re-created. */
public final class Cqe {
    /** Bytes of an entry. */
    public static final int BYTES = 16;

    private static final int RESULT = 0;
    private static final int SQHD = 8;
    private static final int SQID = 10;
    private static final int CID = 12;
    private static final int STATUS = 14;

    private MemorySegment memory = MemorySegment.NULL;
    private long base;

    /** Points this view at the 16 bytes at {@code base}. */
    public Cqe wrap(MemorySegment memory, long base) {
        this.memory = memory;
        this.base = base;
        return this;
    }

    /** Dwords 0 and 1: the command specific result. */
    public long result() {
        return memory.get(Le.U64, base + RESULT);
    }

    /** Submission queue head pointer. */
    public int sqHead() {
        return Short.toUnsignedInt(memory.get(Le.U16, base + SQHD));
    }

    public int sqId() {
        return Short.toUnsignedInt(memory.get(Le.U16, base + SQID));
    }

    public int commandId() {
        return Short.toUnsignedInt(memory.get(Le.U16, base + CID));
    }

    /** The 15-bit status field without the phase tag: SC 7:0, SCT 10:8, CRD 12:11, M 13, DNR 14. */
    public int status() {
        return Short.toUnsignedInt(memory.get(Le.U16, base + STATUS)) >>> 1;
    }

    /** Writes all 16 bytes; the phase tag is 0 on fabrics. {@code status} as {@link #status()} gives it. */
    public Cqe set(long result, int sqHead, int sqId, int commandId, int status) {
        memory.set(Le.U64, base + RESULT, result);
        memory.set(Le.U16, base + SQHD, (short) sqHead);
        memory.set(Le.U16, base + SQID, (short) sqId);
        memory.set(Le.U16, base + CID, (short) commandId);
        memory.set(Le.U16, base + STATUS, (short) (status << 1));
        return this;
    }
}
