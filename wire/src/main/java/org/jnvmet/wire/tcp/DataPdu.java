package org.jnvmet.wire.tcp;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Le;

/**
 * View of the header of H2CData and C2HData (NVMe/TCP Transport, those PDUs); {@code base} is the
 * first byte of the PDU. Re-wrapped, never re-created.
 */
public final class DataPdu {
    // Byte offsets, in the order of the standard. They double as FEI values.
    /** Command capsule CID, 2 bytes. */
    public static final int CCCID = 8;

    /** Transfer tag, 2 bytes; reserved in C2HData. */
    public static final int TTAG = 10;

    /** Data offset within the command's data, 4 bytes. */
    public static final int DATAO = 12;

    /** Bytes of data in this PDU, 4 bytes. */
    public static final int DATAL = 16;

    private static final int RESERVED = 20;

    private MemorySegment memory = MemorySegment.NULL;
    private long base;

    /** Points this view at the PDU at {@code base}. */
    public DataPdu wrap(MemorySegment memory, long base) {
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
    public long dataOffset() {
        return Integer.toUnsignedLong(memory.get(Le.U32, base + DATAO));
    }

    /** Bytes of data; unsigned 32 bits. */
    public long dataLength() {
        return Integer.toUnsignedLong(memory.get(Le.U32, base + DATAL));
    }

    /** Writes the 16 bytes behind the common header, reserved ones included. */
    public DataPdu set(int commandId, int transferTag, long dataOffset, long dataLength) {
        memory.set(Le.U16, base + CCCID, (short) commandId);
        memory.set(Le.U16, base + TTAG, (short) transferTag);
        memory.set(Le.U32, base + DATAO, (int) dataOffset);
        memory.set(Le.U32, base + DATAL, (int) dataLength);
        memory.set(Le.U32, base + RESERVED, 0);
        return this;
    }
}
