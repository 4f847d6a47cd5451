package org.jnvmet.wire.rdma;

import org.jnvmet.wire.Struct;

/** Private data of a host's connection request (NVMe/RDMA Transport, RDMA_CM_REQUEST). */
public final class ConnectRequestData extends Struct<ConnectRequestData> {
    public static final int BYTES = 32;

    /** The only record format there is. */
    public static final int RECORD_FORMAT = 0;

    /** Record format (RECFMT). */
    public static final Field RECFMT = number(0, 2);

    /** Queue identifier: 0 for the admin queue. */
    public static final Field QID = number(2, 2);

    /** Entries of the host's receive queue (HRQSIZE): responses that it can take. */
    public static final Field HRQSIZE = number(4, 2);

    /** Entries of the host's send queue, 0's based (HSQSIZE): commands that it may have outstanding. */
    public static final Field HSQSIZE = number(6, 2);

    /** Controller identifier, for I/O queues of newer hosts; 0: not said. */
    public static final Field CNTLID = number(8, 2);

    public ConnectRequestData() {
        super(BYTES);
    }

    @Override
    protected ConnectRequestData self() {
        return this;
    }
}
