package org.jnvmet.wire.fabrics;

import static org.jnvmet.wire.fabrics.ConnectData.CNTLID;
import static org.jnvmet.wire.fabrics.ConnectData.HOSTID;
import static org.jnvmet.wire.fabrics.ConnectData.HOSTNQN;
import static org.jnvmet.wire.fabrics.ConnectData.SUBNQN;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link ConnectData}. */
class ConnectDataTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0d0e 0f10
            010: 1112 0000 0000 0000 0000 0000 0000 0000
            100: 6e71 6e2e 3230 3134 2d30 382e 6f72 672e
            110: 6e76 6d65 7870 7265 7373 3a73 7562 0000
            200: 6e71 6e2e 3230 3134 2d30 382e 6f72 672e
            210: 6e76 6d65 7870 7265 7373 3a68 6f73 7400
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(ConnectData.BYTES, BYTES_OF_THE_STANDARD)
                .with(HOSTID, "0102030405060708090a0b0c0d0e0f10")
                .with(CNTLID, 0x1211)
                .with(SUBNQN, "nqn.2014-08.org.nvmexpress:sub")
                .with(HOSTNQN, "nqn.2014-08.org.nvmexpress:host")
                .verify(new ConnectData());
    }
}
