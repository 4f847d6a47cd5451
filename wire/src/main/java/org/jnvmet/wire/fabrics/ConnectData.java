package org.jnvmet.wire.fabrics;

import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.Struct;
import org.jspecify.annotations.Nullable;

/** Data of the Connect command (NVMe over Fabrics, Connect Command – Data). */
public final class ConnectData extends Struct<ConnectData> {
    /** Bytes of the data. */
    public static final int BYTES = 1024;

    /** Controller identifier that asks for any controller. */
    public static final int DYNAMIC_CONTROLLER = 0xffff;

    public static final Raw HOSTID = raw(0, 16);
    public static final Field CNTLID = number(16, 2);
    public static final Text SUBNQN = terminated(256, 256);
    public static final Text HOSTNQN = terminated(512, 256);

    public ConnectData() {
        super(BYTES);
    }

    @Override
    protected ConnectData self() {
        return this;
    }

    /** The subsystem's name; null when the field carries no valid name. */
    public @Nullable String subsystemNqn() {
        return Nqn.read(memory(), base() + SUBNQN.offset());
    }

    /** The host's name; null when the field carries no valid name. */
    public @Nullable String hostNqn() {
        return Nqn.read(memory(), base() + HOSTNQN.offset());
    }

    /** Writes both names; a name that is too long throws. */
    public ConnectData names(String subsystemNqn, String hostNqn) {
        Nqn.write(memory(), base() + SUBNQN.offset(), subsystemNqn);
        Nqn.write(memory(), base() + HOSTNQN.offset(), hostNqn);
        return this;
    }
}
