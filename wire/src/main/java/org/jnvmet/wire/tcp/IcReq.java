package org.jnvmet.wire.tcp;

import org.jnvmet.wire.Struct;

/** Initialize Connection Request (NVMe/TCP Transport, ICReq), common header included. */
public final class IcReq extends Struct<IcReq> {
    /** Bytes of the PDU. */
    public static final int BYTES = 128;

    /** PDU format version: 0. */
    public static final Field PFV = number(8, 2);

    /** Host PDU data alignment: data the host receives begins at a multiple of (n + 1) * 4. */
    public static final Field HPDA = number(10, 1);

    /** Digests the host asks for: {@link Digest#HEADER}, {@link Digest#DATA}. */
    public static final Field DGST = number(11, 1);

    /** Outstanding R2Ts per command that the host accepts, 0's based. */
    public static final Field MAXR2T = number(12, 4);

    /** Greatest HPDA and CPDA. */
    public static final int MAX_ALIGNMENT = 31;

    public IcReq() {
        super(BYTES);
    }

    @Override
    protected IcReq self() {
        return this;
    }
}
