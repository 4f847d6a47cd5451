package org.jnvmet.wire.tcp;

import org.jnvmet.wire.Struct;

/** Initialize Connection Response (NVMe/TCP Transport, ICResp), common header included. */
public final class IcResp extends Struct<IcResp> {
    /** Bytes of the PDU. */
    public static final int BYTES = 128;

    /** PDU format version: 0. */
    public static final Field PFV = number(8, 2);

    /** Controller PDU data alignment: data it receives begins at a multiple of (n + 1) * 4. */
    public static final Field CPDA = number(10, 1);

    /** Digests in use from here on: {@link Digest#HEADER}, {@link Digest#DATA}. */
    public static final Field DGST = number(11, 1);

    /** Most data bytes of one H2CData PDU; at least {@link #MIN_MAXH2CDATA}, a multiple of 4. */
    public static final Field MAXH2CDATA = number(12, 4);

    /** Least value of {@link #MAXH2CDATA}. */
    public static final int MIN_MAXH2CDATA = 4096;

    public IcResp() {
        super(BYTES);
    }

    @Override
    protected IcResp self() {
        return this;
    }
}
