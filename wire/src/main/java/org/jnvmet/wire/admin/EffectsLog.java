package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Commands Supported and Effects log page (Base, same title). */
public final class EffectsLog extends Struct<EffectsLog> {
    /** Bytes of the page. */
    public static final int BYTES = 4096;

    /** The command is supported. */
    public static final int SUPPORTED = 1;

    /** The command may change logical block content. */
    public static final int CHANGES_BLOCKS = 1 << 1;

    /** The command may change a namespace's capabilities. */
    public static final int CHANGES_NAMESPACE = 1 << 2;

    /** The command may change the inventory of namespaces. */
    public static final int CHANGES_INVENTORY = 1 << 3;

    /** The command may change the controller's capabilities. */
    public static final int CHANGES_CONTROLLER = 1 << 4;

    /** Effects of admin opcode 0; the others follow. */
    public static final Field ADMIN0 = number(0, 4);

    /** Effects of I/O opcode 0; the others follow. */
    public static final Field IO0 = number(1024, 4);

    public EffectsLog() {
        super(BYTES);
    }

    @Override
    protected EffectsLog self() {
        return this;
    }

    /** Effects of an admin command; 0 when it is not supported. */
    public int admin(int opcode) {
        return getInt(ADMIN0.element(opcode, 4));
    }

    public EffectsLog admin(int opcode, int effects) {
        return set(ADMIN0.element(opcode, 4), Integer.toUnsignedLong(effects));
    }

    /** Effects of an I/O command; 0 when it is not supported. */
    public int io(int opcode) {
        return getInt(IO0.element(opcode, 4));
    }

    public EffectsLog io(int opcode, int effects) {
        return set(IO0.element(opcode, 4), Integer.toUnsignedLong(effects));
    }
}
