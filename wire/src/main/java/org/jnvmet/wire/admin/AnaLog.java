package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Header of the Asymmetric Namespace Access log page (Base, same title); groups follow. */
public final class AnaLog extends Struct<AnaLog> {
    /** Bytes of the header. */
    public static final int BYTES = 16;

    /** In the log specific parameter: groups without their namespace identifiers. */
    public static final int RETURN_GROUPS_ONLY = 1;

    public static final Field CHANGE_COUNT = number(0, 8);
    public static final Field GROUPS = number(8, 2);

    public AnaLog() {
        super(BYTES);
    }

    @Override
    protected AnaLog self() {
        return this;
    }
}
