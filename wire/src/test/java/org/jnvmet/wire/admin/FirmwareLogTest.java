package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.FirmwareLog.AFI;
import static org.jnvmet.wire.admin.FirmwareLog.FRS1;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link FirmwareLog}. */
class FirmwareLogTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0100 0000 0000 0000 392e 382e 3720 2020
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(FirmwareLog.BYTES, BYTES_OF_THE_STANDARD)
                .with(AFI, 0x1)
                .with(FRS1, "9.8.7")
                .verify(new FirmwareLog());
    }
}
