package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.PowerState.ACTP;
import static org.jnvmet.wire.admin.PowerState.APWS;
import static org.jnvmet.wire.admin.PowerState.ENLAT;
import static org.jnvmet.wire.admin.PowerState.EPFRT;
import static org.jnvmet.wire.admin.PowerState.EPFVT;
import static org.jnvmet.wire.admin.PowerState.EXLAT;
import static org.jnvmet.wire.admin.PowerState.FLAGS;
import static org.jnvmet.wire.admin.PowerState.FQVT;
import static org.jnvmet.wire.admin.PowerState.IDLP;
import static org.jnvmet.wire.admin.PowerState.IPS;
import static org.jnvmet.wire.admin.PowerState.MP;
import static org.jnvmet.wire.admin.PowerState.RRL;
import static org.jnvmet.wire.admin.PowerState.RRT;
import static org.jnvmet.wire.admin.PowerState.RWL;
import static org.jnvmet.wire.admin.PowerState.RWT;
import static org.jnvmet.wire.admin.PowerState.TIME_SCALES;
import static org.jnvmet.wire.admin.PowerState.VAULT_TIME_SCALE;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link PowerState}. */
class PowerStateTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            00: 0102 0003 0405 0607 0809 0a0b 0c0d 0e0f
            10: 1011 1200 1314 1516 1718 191a 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(PowerState.BYTES, BYTES_OF_THE_STANDARD)
                .with(MP, 0x201)
                .with(FLAGS, 0x3)
                .with(ENLAT, 0x7060504)
                .with(EXLAT, 0xb0a0908)
                .with(RRT, 0xc)
                .with(RRL, 0xd)
                .with(RWT, 0xe)
                .with(RWL, 0xf)
                .with(IDLP, 0x1110)
                .with(IPS, 0x12)
                .with(ACTP, 0x1413)
                .with(APWS, 0x15)
                .with(EPFRT, 0x16)
                .with(FQVT, 0x17)
                .with(EPFVT, 0x18)
                .with(TIME_SCALES, 0x19)
                .with(VAULT_TIME_SCALE, 0x1a)
                .verify(new PowerState());
    }
}
