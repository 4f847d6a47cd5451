package org.jnvmet.wire.tcp;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Le;

/**
 * View of Ready to Transfer (NVMe/TCP Transport, R2T); {@code base} is the first byte of the PDU.
 * Re-wrapped, never re-created.
 */
public final class R2t {
    // Byte offsets, in the order of the standard. They double as FEI values.
    /** Command capsule CID, 2 bytes. */
    public static final int CCCID = 8;

    /** Transfer tag that the host's data carries, 2 bytes. */
    public static final int TTAG = 10;

    /** Offset of the requested data within the command's data, 4 bytes. */
    public static final int R2TO = 12;

    /** Bytes of the requested data, 4 bytes. */
    public static final int R2TL = 16;

    private static final int RESERVED = 20;

    private MemorySegment memory = MemorySegment.NULL;
    private long base;

    /** Points this view at the PDU at {@code base}. */
    public R2t wrap(MemorySegment memory, long base) {
        this.memory = memory;
        this.base = base;
        return this;
    }

    /** The 16 bits of the command identifier; opaque. */
    public int commandId() {
        return Short.toUnsignedInt(memory.get(Le.U16, base + CCCID));
    }

    /** The 16 bits of the transfer tag; opaque to the host. */
    public int transferTag() {
        return Short.toUnsignedInt(memory.get(Le.U16, base + TTAG));
    }

    /** Offset within the command's data; unsigned 32 bits. */
    public long offset() {
        return Integer.toUnsignedLong(memory.get(Le.U32, base + R2TO));
    }

    /** Bytes asked for; unsigned 32 bits. */
    public long length() {
        return Integer.toUnsignedLong(memory.get(Le.U32, base + R2TL));
    }

    /** Writes the 16 bytes behind the common header, reserved ones included. */
    public R2t set(int commandId, int transferTag, long offset, long length) {
        memory.set(Le.U16, base + CCCID, (short) commandId);
        memory.set(Le.U16, base + TTAG, (short) transferTag);
        memory.set(Le.U32, base + R2TO, (int) offset);
        memory.set(Le.U32, base + R2TL, (int) length);
        memory.set(Le.U32, base + RESERVED, 0);
        return this;
    }
}
