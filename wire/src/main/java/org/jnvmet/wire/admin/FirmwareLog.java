package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Firmware Slot Information log page (Base, same title). */
public final class FirmwareLog extends Struct<FirmwareLog> {
    /** Bytes of the structure. */
    public static final int BYTES = 512;

    /** Active slot in bits 2:0, the slot of the next reset in 6:4. */
    public static final Field AFI = number(0, 1);

    public static final Text FRS1 = ascii(8, 8);

    public FirmwareLog() {
        super(BYTES);
    }

    @Override
    protected FirmwareLog self() {
        return this;
    }
}
