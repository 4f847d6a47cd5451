package org.jnvmet.wire.fabrics;

import org.jnvmet.wire.Struct;

/** Header of the Discovery log page (NVMe over Fabrics, same title); entries follow. */
public final class DiscoveryHeader extends Struct<DiscoveryHeader> {
    /** Bytes of the header. */
    public static final int BYTES = 1024;

    public static final Field GENCTR = number(0, 8);
    public static final Field NUMREC = number(8, 8);
    public static final Field RECFMT = number(16, 2);

    public DiscoveryHeader() {
        super(BYTES);
    }

    @Override
    protected DiscoveryHeader self() {
        return this;
    }
}
