package org.jnvmet.wire.fabrics;

import org.jnvmet.wire.Sqe;

/** Fields of Property Get and Property Set (NVMe over Fabrics, those commands). */
public final class PropertyCommand {
    /** Offset of the attributes, 1 byte: size in bits 2:0. */
    public static final int ATTRIB = 40;

    /** Offset of the property's offset, 4 bytes. */
    public static final int OFST = 44;

    /** Offset of Set's value, 8 bytes. */
    public static final int VALUE = 48;

    private PropertyCommand() {}

    /** Bytes of the property: 4 or 8, or 0 when the attributes name no size. */
    public static int bytes(Sqe sqe) {
        return switch (sqe.u8(ATTRIB) & 7) {
            case 0 -> 4;
            case 1 -> 8;
            default -> 0;
        };
    }

    /** Which property; see {@link Properties}. */
    public static int offset(Sqe sqe) {
        return sqe.u32(OFST);
    }

    public static long value(Sqe sqe) {
        return sqe.u64(VALUE);
    }

    /** Writes size and offset. */
    public static Sqe set(Sqe sqe, int offset, int bytes) {
        return sqe.u8(ATTRIB, bytes == 8 ? 1 : 0).u32(OFST, offset);
    }
}
