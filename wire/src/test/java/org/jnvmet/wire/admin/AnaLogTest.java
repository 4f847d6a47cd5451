package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.AnaLog.CHANGE_COUNT;
import static org.jnvmet.wire.admin.AnaLog.GROUPS;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link AnaLog}. */
class AnaLogTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(AnaLog.BYTES, BYTES_OF_THE_STANDARD)
                .with(CHANGE_COUNT, 0x807060504030201L)
                .with(GROUPS, 0xa09)
                .verify(new AnaLog());
    }
}
