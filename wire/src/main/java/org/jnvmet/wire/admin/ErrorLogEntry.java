package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Entry of the Error Information log page (Base, same title); the newest comes first. */
public final class ErrorLogEntry extends Struct<ErrorLogEntry> {
    /** Bytes of the structure. */
    public static final int BYTES = 64;

    public static final Field ERROR_COUNT = number(0, 8);
    public static final Field SQID = number(8, 2);
    public static final Field CID = number(10, 2);

    /** Status field shifted left by one; bit 0 is the phase tag. */
    public static final Field STATUS = number(12, 2);

    /** Parameter error location: byte of the entry in bits 7:0, bit in 10:8; FFFFh for none. */
    public static final Field LOCATION = number(14, 2);

    public static final Field LBA = number(16, 8);
    public static final Field NSID = number(24, 4);
    public static final Field VENDOR_INFO = number(28, 1);
    public static final Field TRTYPE = number(29, 1);
    public static final Field CSI = number(30, 1);
    public static final Field OPCODE = number(31, 1);
    public static final Field COMMAND_SPECIFIC = number(32, 8);
    public static final Field TRANSPORT_SPECIFIC = number(40, 2);
    public static final Field VERSION = number(63, 1);

    public ErrorLogEntry() {
        super(BYTES);
    }

    @Override
    protected ErrorLogEntry self() {
        return this;
    }
}
