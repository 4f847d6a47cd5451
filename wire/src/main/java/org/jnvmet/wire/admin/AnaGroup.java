package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** ANA group descriptor (Base, same title) without the namespace identifiers that follow it. */
public final class AnaGroup extends Struct<AnaGroup> {
    /** Bytes of a descriptor before its namespace identifiers of 4 bytes each. */
    public static final int BYTES = 32;

    public static final int OPTIMIZED = 0x1;
    public static final int NON_OPTIMIZED = 0x2;
    public static final int INACCESSIBLE = 0x3;
    public static final int PERSISTENT_LOSS = 0x4;
    public static final int CHANGE = 0xf;

    public static final Field GROUP_ID = number(0, 4);
    public static final Field NAMESPACES = number(4, 4);
    public static final Field CHANGE_COUNT = number(8, 8);
    public static final Field STATE = number(16, 1);

    public AnaGroup() {
        super(BYTES);
    }

    @Override
    protected AnaGroup self() {
        return this;
    }
}
