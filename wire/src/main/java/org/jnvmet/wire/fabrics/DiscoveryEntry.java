package org.jnvmet.wire.fabrics;

import org.jnvmet.wire.Struct;

/** Entry of the Discovery log page (NVMe over Fabrics, Discovery Log Page Entry). */
public final class DiscoveryEntry extends Struct<DiscoveryEntry> {
    /** Bytes of an entry. */
    public static final int BYTES = 1024;

    public static final int TRTYPE_RDMA = 1;
    public static final int TRTYPE_FC = 2;
    public static final int TRTYPE_TCP = 3;
    public static final int TRTYPE_LOOP = 254;

    public static final int ADRFAM_IPV4 = 1;
    public static final int ADRFAM_IPV6 = 2;
    public static final int ADRFAM_IB = 3;
    public static final int ADRFAM_FC = 4;
    public static final int ADRFAM_LOOP = 254;

    public static final int SUBTYPE_REFERRAL = 1;
    public static final int SUBTYPE_NVM = 2;
    public static final int SUBTYPE_CURRENT_DISCOVERY = 3;

    /** In {@link #TREQ}: secure channel not specified, required, not required (bits 1:0). */
    public static final int TREQ_NOT_SPECIFIED = 0;

    public static final int TREQ_REQUIRED = 1;
    public static final int TREQ_NOT_REQUIRED = 2;

    /** In {@link #TREQ}: SQ flow control may be disabled. */
    public static final int TREQ_DISABLE_SQ_FLOW_CONTROL = 1 << 2;

    /** In {@link #EFLAGS}: another entry returns the same information. */
    public static final int EFLAG_DUPLICATE = 1;

    /** In {@link #EFLAGS}: explicit persistent connections to the discovery controller. */
    public static final int EFLAG_PERSISTENT = 1 << 1;

    public static final int SECTYPE_NONE = 0;
    public static final int SECTYPE_TLS13 = 2;

    public static final Field TRTYPE = number(0, 1);
    public static final Field ADRFAM = number(1, 1);
    public static final Field SUBTYPE = number(2, 1);
    public static final Field TREQ = number(3, 1);
    public static final Field PORTID = number(4, 2);
    public static final Field CNTLID = number(6, 2);
    public static final Field ASQSZ = number(8, 2);
    public static final Field EFLAGS = number(10, 2);
    public static final Text TRSVCID = ascii(32, 32);
    public static final Text SUBNQN = terminated(256, 256);
    public static final Text TRADDR = ascii(512, 256);

    // Transport specific address subtype: 256 bytes whose meaning depends on TRTYPE.
    public static final Field TSAS_TCP_SECTYPE = number(768, 1);
    public static final Field TSAS_RDMA_QPTYPE = number(768, 1);
    public static final Field TSAS_RDMA_PRTYPE = number(769, 1);
    public static final Field TSAS_RDMA_CMS = number(770, 1);
    public static final Field TSAS_RDMA_PKEY = number(776, 2);

    public DiscoveryEntry() {
        super(BYTES);
    }

    @Override
    protected DiscoveryEntry self() {
        return this;
    }
}
