package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Data of the feature Host Behavior Support (Base, same title). */
public final class HostBehavior extends Struct<HostBehavior> {
    /** Bytes of the structure. */
    public static final int BYTES = 512;

    /** Advanced Command Retry Enable. */
    public static final Field ACRE = number(0, 1);

    /** Extended Telemetry Data Area 4 Supported. */
    public static final Field ETDAS = number(1, 1);

    /** LBA Format Extension Enable. */
    public static final Field LBAFEE = number(2, 1);

    /** Host Dispersed Namespace Support. */
    public static final Field HDISNS = number(3, 1);

    /** Copy Descriptor Formats Enable: a bit for each format from 2h on. */
    public static final Field CDFE = number(4, 2);

    public HostBehavior() {
        super(BYTES);
    }

    @Override
    protected HostBehavior self() {
        return this;
    }
}
