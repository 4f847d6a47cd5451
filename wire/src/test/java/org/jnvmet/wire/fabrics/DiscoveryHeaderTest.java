package org.jnvmet.wire.fabrics;

import static org.jnvmet.wire.fabrics.DiscoveryHeader.GENCTR;
import static org.jnvmet.wire.fabrics.DiscoveryHeader.NUMREC;
import static org.jnvmet.wire.fabrics.DiscoveryHeader.RECFMT;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link DiscoveryHeader}. */
class DiscoveryHeaderTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0d0e 0f10
            010: 1112 0000 0000 0000 0000 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(DiscoveryHeader.BYTES, BYTES_OF_THE_STANDARD)
                .with(GENCTR, 0x807060504030201L)
                .with(NUMREC, 0x100f0e0d0c0b0a09L)
                .with(RECFMT, 0x1211)
                .verify(new DiscoveryHeader());
    }
}
