package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A loop that polls before it sleeps. */
class BusyPollTest {
    @Test
    void servesAHostWhilePolling() {
        TcpSettings polling =
                TcpFixture.SETTINGS.withSockets(new TcpSettings.Sockets(16, 16, 0, 0, 1000));
        try (TcpFixture target = new TcpFixture(polling);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            for (int cid = 0; cid < 100; cid++) {
                assertThat(io.read(cid, cid, 1)).hasSize(Pdus.BLOCK);
            }
        }
    }
}
