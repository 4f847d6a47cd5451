package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.IdentifyNamespace.ANAGRPID;
import static org.jnvmet.wire.admin.IdentifyNamespace.DLFEAT;
import static org.jnvmet.wire.admin.IdentifyNamespace.DPC;
import static org.jnvmet.wire.admin.IdentifyNamespace.DPS;
import static org.jnvmet.wire.admin.IdentifyNamespace.ENDGID;
import static org.jnvmet.wire.admin.IdentifyNamespace.EUI64;
import static org.jnvmet.wire.admin.IdentifyNamespace.FLBAS;
import static org.jnvmet.wire.admin.IdentifyNamespace.FPI;
import static org.jnvmet.wire.admin.IdentifyNamespace.KPIODAAG;
import static org.jnvmet.wire.admin.IdentifyNamespace.KPIOS;
import static org.jnvmet.wire.admin.IdentifyNamespace.LBAF0_LBADS;
import static org.jnvmet.wire.admin.IdentifyNamespace.LBAF0_MS;
import static org.jnvmet.wire.admin.IdentifyNamespace.LBAF0_RP;
import static org.jnvmet.wire.admin.IdentifyNamespace.MC;
import static org.jnvmet.wire.admin.IdentifyNamespace.MCL;
import static org.jnvmet.wire.admin.IdentifyNamespace.MSRC;
import static org.jnvmet.wire.admin.IdentifyNamespace.MSSRL;
import static org.jnvmet.wire.admin.IdentifyNamespace.NABO;
import static org.jnvmet.wire.admin.IdentifyNamespace.NABSN;
import static org.jnvmet.wire.admin.IdentifyNamespace.NABSPF;
import static org.jnvmet.wire.admin.IdentifyNamespace.NACWU;
import static org.jnvmet.wire.admin.IdentifyNamespace.NAWUN;
import static org.jnvmet.wire.admin.IdentifyNamespace.NAWUPF;
import static org.jnvmet.wire.admin.IdentifyNamespace.NCAP;
import static org.jnvmet.wire.admin.IdentifyNamespace.NGUID;
import static org.jnvmet.wire.admin.IdentifyNamespace.NLBAF;
import static org.jnvmet.wire.admin.IdentifyNamespace.NMIC;
import static org.jnvmet.wire.admin.IdentifyNamespace.NOIOB;
import static org.jnvmet.wire.admin.IdentifyNamespace.NOWS;
import static org.jnvmet.wire.admin.IdentifyNamespace.NPDA;
import static org.jnvmet.wire.admin.IdentifyNamespace.NPDG;
import static org.jnvmet.wire.admin.IdentifyNamespace.NPWA;
import static org.jnvmet.wire.admin.IdentifyNamespace.NPWG;
import static org.jnvmet.wire.admin.IdentifyNamespace.NSATTR;
import static org.jnvmet.wire.admin.IdentifyNamespace.NSFEAT;
import static org.jnvmet.wire.admin.IdentifyNamespace.NSZE;
import static org.jnvmet.wire.admin.IdentifyNamespace.NULBAF;
import static org.jnvmet.wire.admin.IdentifyNamespace.NUSE;
import static org.jnvmet.wire.admin.IdentifyNamespace.NVMCAP;
import static org.jnvmet.wire.admin.IdentifyNamespace.NVMSETID;
import static org.jnvmet.wire.admin.IdentifyNamespace.RESCAP;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link IdentifyNamespace}. */
class IdentifyNamespaceTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0d0e 0f10
            010: 1112 1314 1516 1718 191a 1b1c 1d1e 1f20
            020: 2122 2324 2526 2728 292a 2b2c 2d2e 2f30
            030: 3132 3334 3536 3738 0000 0000 0000 0000
            040: 393a 3b3c 3d3e 3f40 4142 4344 4546 4748
            050: 4970 4a00 7172 7374 0000 0000 4b4c 4d4e
            060: 0000 004f 5051 5253 5455 5657 5859 5a5b
            070: 5c5d 5e5f 6061 6263 6465 6667 6869 6a6b
            080: 6c6d 6e6f 0000 0000 0000 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(IdentifyNamespace.BYTES, BYTES_OF_THE_STANDARD)
                .with(NSZE, 0x807060504030201L)
                .with(NCAP, 0x100f0e0d0c0b0a09L)
                .with(NUSE, 0x1817161514131211L)
                .with(NSFEAT, 0x19)
                .with(NLBAF, 0x1a)
                .with(FLBAS, 0x1b)
                .with(MC, 0x1c)
                .with(DPC, 0x1d)
                .with(DPS, 0x1e)
                .with(NMIC, 0x1f)
                .with(RESCAP, 0x20)
                .with(FPI, 0x21)
                .with(DLFEAT, 0x22)
                .with(NAWUN, 0x2423)
                .with(NAWUPF, 0x2625)
                .with(NACWU, 0x2827)
                .with(NABSN, 0x2a29)
                .with(NABO, 0x2c2b)
                .with(NABSPF, 0x2e2d)
                .with(NOIOB, 0x302f)
                .with(NVMCAP, 0x3837363534333231L)
                .with(NPWG, 0x3a39)
                .with(NPWA, 0x3c3b)
                .with(NPDG, 0x3e3d)
                .with(NPDA, 0x403f)
                .with(NOWS, 0x4241)
                .with(MSSRL, 0x4443)
                .with(MCL, 0x48474645)
                .with(MSRC, 0x49)
                .with(KPIOS, 0x70)
                .with(NULBAF, 0x4a)
                .with(KPIODAAG, 0x74737271)
                .with(ANAGRPID, 0x4e4d4c4b)
                .with(NSATTR, 0x4f)
                .with(NVMSETID, 0x5150)
                .with(ENDGID, 0x5352)
                .with(NGUID, "5455565758595a5b5c5d5e5f60616263")
                .with(EUI64, "6465666768696a6b")
                .with(LBAF0_MS, 0x6d6c)
                .with(LBAF0_LBADS, 0x6e)
                .with(LBAF0_RP, 0x6f)
                .verify(new IdentifyNamespace());
    }
}
