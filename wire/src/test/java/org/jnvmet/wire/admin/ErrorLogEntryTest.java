package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.ErrorLogEntry.CID;
import static org.jnvmet.wire.admin.ErrorLogEntry.COMMAND_SPECIFIC;
import static org.jnvmet.wire.admin.ErrorLogEntry.CSI;
import static org.jnvmet.wire.admin.ErrorLogEntry.ERROR_COUNT;
import static org.jnvmet.wire.admin.ErrorLogEntry.LBA;
import static org.jnvmet.wire.admin.ErrorLogEntry.LOCATION;
import static org.jnvmet.wire.admin.ErrorLogEntry.NSID;
import static org.jnvmet.wire.admin.ErrorLogEntry.OPCODE;
import static org.jnvmet.wire.admin.ErrorLogEntry.SQID;
import static org.jnvmet.wire.admin.ErrorLogEntry.STATUS;
import static org.jnvmet.wire.admin.ErrorLogEntry.TRANSPORT_SPECIFIC;
import static org.jnvmet.wire.admin.ErrorLogEntry.TRTYPE;
import static org.jnvmet.wire.admin.ErrorLogEntry.VENDOR_INFO;
import static org.jnvmet.wire.admin.ErrorLogEntry.VERSION;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link ErrorLogEntry}. */
class ErrorLogEntryTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0d0e 0f10
            010: 1112 1314 1516 1718 191a 1b1c 1d1e 1f20
            020: 2122 2324 2526 2728 292a 0000 0000 0000
            030: 0000 0000 0000 0000 0000 0000 0000 002b
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(ErrorLogEntry.BYTES, BYTES_OF_THE_STANDARD)
                .with(ERROR_COUNT, 0x807060504030201L)
                .with(SQID, 0xa09)
                .with(CID, 0xc0b)
                .with(STATUS, 0xe0d)
                .with(LOCATION, 0x100f)
                .with(LBA, 0x1817161514131211L)
                .with(NSID, 0x1c1b1a19)
                .with(VENDOR_INFO, 0x1d)
                .with(TRTYPE, 0x1e)
                .with(CSI, 0x1f)
                .with(OPCODE, 0x20)
                .with(COMMAND_SPECIFIC, 0x2827262524232221L)
                .with(TRANSPORT_SPECIFIC, 0x2a29)
                .with(VERSION, 0x2b)
                .verify(new ErrorLogEntry());
    }
}
