package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.IndependentNamespace.ANAGRPID;
import static org.jnvmet.wire.admin.IndependentNamespace.ENDGID;
import static org.jnvmet.wire.admin.IndependentNamespace.FPI;
import static org.jnvmet.wire.admin.IndependentNamespace.NMIC;
import static org.jnvmet.wire.admin.IndependentNamespace.NSATTR;
import static org.jnvmet.wire.admin.IndependentNamespace.NSFEAT;
import static org.jnvmet.wire.admin.IndependentNamespace.NSTAT;
import static org.jnvmet.wire.admin.IndependentNamespace.NVMSETID;
import static org.jnvmet.wire.admin.IndependentNamespace.RESCAP;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link IndependentNamespace}. */
class IndependentNamespaceTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 0900 0a0b 0c0d 0e00
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(IndependentNamespace.BYTES, BYTES_OF_THE_STANDARD)
                .with(NSFEAT, 0x1)
                .with(NMIC, 0x2)
                .with(RESCAP, 0x3)
                .with(FPI, 0x4)
                .with(ANAGRPID, 0x8070605)
                .with(NSATTR, 0x9)
                .with(NVMSETID, 0xb0a)
                .with(ENDGID, 0xd0c)
                .with(NSTAT, 0xe)
                .verify(new IndependentNamespace());
    }
}
