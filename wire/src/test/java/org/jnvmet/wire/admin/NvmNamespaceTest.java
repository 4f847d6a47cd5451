package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.NvmNamespace.ELBAF0;
import static org.jnvmet.wire.admin.NvmNamespace.LBAPSS;
import static org.jnvmet.wire.admin.NvmNamespace.LBSTM;
import static org.jnvmet.wire.admin.NvmNamespace.NORS;
import static org.jnvmet.wire.admin.NvmNamespace.NPDAL;
import static org.jnvmet.wire.admin.NvmNamespace.NPDGL;
import static org.jnvmet.wire.admin.NvmNamespace.NPRA;
import static org.jnvmet.wire.admin.NvmNamespace.NPRG;
import static org.jnvmet.wire.admin.NvmNamespace.PIC;
import static org.jnvmet.wire.admin.NvmNamespace.PIFA;
import static org.jnvmet.wire.admin.NvmNamespace.TLBAAG;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link NvmNamespace}. */
class NvmNamespaceTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0000 0b0c 0d0e
            100: 0000 0000 0000 0000 0000 0000 0f10 1112
            110: 1314 1516 1718 191a 1b1c 1d1e 1f20 2122
            120: 2324 2526 2728 292a 0000 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(NvmNamespace.BYTES, BYTES_OF_THE_STANDARD)
                .with(LBSTM, 0x807060504030201L)
                .with(PIC, 0x9)
                .with(PIFA, 0xa)
                .with(ELBAF0, 0xe0d0c0b)
                .with(NPDGL, 0x1211100f)
                .with(NPRG, 0x16151413)
                .with(NPRA, 0x1a191817)
                .with(NORS, 0x1e1d1c1b)
                .with(NPDAL, 0x2221201f)
                .with(LBAPSS, 0x26252423)
                .with(TLBAAG, 0x2a292827)
                .verify(new NvmNamespace());
    }
}
