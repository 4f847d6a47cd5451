package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.AnaGroup.CHANGE_COUNT;
import static org.jnvmet.wire.admin.AnaGroup.GROUP_ID;
import static org.jnvmet.wire.admin.AnaGroup.NAMESPACES;
import static org.jnvmet.wire.admin.AnaGroup.STATE;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link AnaGroup}. */
class AnaGroupTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0d0e 0f10
            010: 1100 0000 0000 0000 0000 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(AnaGroup.BYTES, BYTES_OF_THE_STANDARD)
                .with(GROUP_ID, 0x4030201)
                .with(NAMESPACES, 0x8070605)
                .with(CHANGE_COUNT, 0x100f0e0d0c0b0a09L)
                .with(STATE, 0x11)
                .verify(new AnaGroup());
    }
}
