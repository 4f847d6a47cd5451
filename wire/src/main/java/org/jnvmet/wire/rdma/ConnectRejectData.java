package org.jnvmet.wire.rdma;

import org.jnvmet.wire.Struct;

/** Private data with which a controller rejects (NVMe/RDMA Transport, RDMA_CM_REJECT). */
public final class ConnectRejectData extends Struct<ConnectRejectData> {
    public static final int BYTES = 4;

    /** Record format (RECFMT): 0. */
    public static final Field RECFMT = number(0, 2);

    /** Status: the code of a {@link ConnectRefusal}. */
    public static final Field STS = number(2, 2);

    public ConnectRejectData() {
        super(BYTES);
    }

    @Override
    protected ConnectRejectData self() {
        return this;
    }
}
