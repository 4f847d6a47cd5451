package org.jnvmet.wire.fabrics;

import static org.jnvmet.wire.fabrics.DiscoveryEntry.ADRFAM;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.ASQSZ;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.CNTLID;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.EFLAGS;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.PORTID;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.SUBNQN;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.SUBTYPE;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TRADDR;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TREQ;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TRSVCID;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TRTYPE;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TSAS_RDMA_CMS;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TSAS_RDMA_PKEY;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TSAS_RDMA_PRTYPE;
import static org.jnvmet.wire.fabrics.DiscoveryEntry.TSAS_RDMA_QPTYPE;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link DiscoveryEntry}. */
class DiscoveryEntryTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0000 0000
            020: 3434 3230 2020 2020 2020 2020 2020 2020
            030: 2020 2020 2020 2020 2020 2020 2020 2020
            100: 6e71 6e2e 3230 3134 2d30 382e 6f72 672e
            110: 6e76 6d65 7870 7265 7373 3a73 7562 0000
            200: 3139 322e 302e 322e 3120 2020 2020 2020
            210: 2020 2020 2020 2020 2020 2020 2020 2020
            220: 2020 2020 2020 2020 2020 2020 2020 2020
            230: 2020 2020 2020 2020 2020 2020 2020 2020
            240: 2020 2020 2020 2020 2020 2020 2020 2020
            250: 2020 2020 2020 2020 2020 2020 2020 2020
            260: 2020 2020 2020 2020 2020 2020 2020 2020
            270: 2020 2020 2020 2020 2020 2020 2020 2020
            280: 2020 2020 2020 2020 2020 2020 2020 2020
            290: 2020 2020 2020 2020 2020 2020 2020 2020
            2a0: 2020 2020 2020 2020 2020 2020 2020 2020
            2b0: 2020 2020 2020 2020 2020 2020 2020 2020
            2c0: 2020 2020 2020 2020 2020 2020 2020 2020
            2d0: 2020 2020 2020 2020 2020 2020 2020 2020
            2e0: 2020 2020 2020 2020 2020 2020 2020 2020
            2f0: 2020 2020 2020 2020 2020 2020 2020 2020
            300: 0d0e 0f00 0000 0000 1011 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(DiscoveryEntry.BYTES, BYTES_OF_THE_STANDARD)
                .with(TRTYPE, 0x1)
                .with(ADRFAM, 0x2)
                .with(SUBTYPE, 0x3)
                .with(TREQ, 0x4)
                .with(PORTID, 0x605)
                .with(CNTLID, 0x807)
                .with(ASQSZ, 0xa09)
                .with(EFLAGS, 0xc0b)
                .with(TRSVCID, "4420")
                .with(SUBNQN, "nqn.2014-08.org.nvmexpress:sub")
                .with(TRADDR, "192.0.2.1")
                .with(TSAS_RDMA_QPTYPE, 0xd)
                .with(TSAS_RDMA_PRTYPE, 0xe)
                .with(TSAS_RDMA_CMS, 0xf)
                .with(TSAS_RDMA_PKEY, 0x1110)
                .verify(new DiscoveryEntry());
    }
}
