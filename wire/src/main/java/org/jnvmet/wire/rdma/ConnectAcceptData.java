package org.jnvmet.wire.rdma;

import org.jnvmet.wire.Struct;

/** Private data with which a controller accepts (NVMe/RDMA Transport, RDMA_CM_ACCEPT). */
public final class ConnectAcceptData extends Struct<ConnectAcceptData> {
    public static final int BYTES = 32;

    /** Record format (RECFMT): 0. */
    public static final Field RECFMT = number(0, 2);

    /** Entries of the controller's receive queue (CRQSIZE). */
    public static final Field CRQSIZE = number(2, 2);

    public ConnectAcceptData() {
        super(BYTES);
    }

    @Override
    protected ConnectAcceptData self() {
        return this;
    }
}
