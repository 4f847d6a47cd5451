package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.NvmController.AOCS;
import static org.jnvmet.wire.admin.NvmController.DMRL;
import static org.jnvmet.wire.admin.NvmController.DMRSL;
import static org.jnvmet.wire.admin.NvmController.DMSL;
import static org.jnvmet.wire.admin.NvmController.KPIOCAP;
import static org.jnvmet.wire.admin.NvmController.VER;
import static org.jnvmet.wire.admin.NvmController.VSL;
import static org.jnvmet.wire.admin.NvmController.WUSL;
import static org.jnvmet.wire.admin.NvmController.WZDSL;
import static org.jnvmet.wire.admin.NvmController.WZSL;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link NvmController}. */
class NvmControllerTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0d0e 0f10
            010: 1112 1314 1516 1718 0000 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(NvmController.BYTES, BYTES_OF_THE_STANDARD)
                .with(VSL, 0x1)
                .with(WZSL, 0x2)
                .with(WUSL, 0x3)
                .with(DMRL, 0x4)
                .with(DMRSL, 0x8070605)
                .with(DMSL, 0x100f0e0d0c0b0a09L)
                .with(KPIOCAP, 0x11)
                .with(WZDSL, 0x12)
                .with(AOCS, 0x1413)
                .with(VER, 0x18171615)
                .verify(new NvmController());
    }
}
