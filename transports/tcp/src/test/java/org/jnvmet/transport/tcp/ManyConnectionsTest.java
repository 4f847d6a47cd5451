package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** As many connections as the product promises. */
class ManyConnectionsTest {
    private static final int QUEUES_PER_CONTROLLER = 99;
    private static final int CONTROLLERS = 10;

    @Test
    void servesAThousandConnections() {
        List<RawHost> hosts = new ArrayList<>();
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS.withLoops(2))) {
            try {
                for (int c = 0; c < CONTROLLERS; c++) {
                    RawHost admin = target.admin();
                    hosts.add(admin);
                    for (int queue = 1; queue <= QUEUES_PER_CONTROLLER; queue++) {
                        hosts.add(target.io(admin, queue, 32));
                    }
                }
                assertThat(hosts).hasSize(1000);
                for (RawHost host : hosts) {
                    if (host.controllerId() == 0) {
                        host.send(host.pdus.read(7, 1, 2));
                    }
                }
                for (RawHost host : hosts) {
                    if (host.controllerId() == 0) {
                        assertThat(host.expect(Received.DATA).length()).isEqualTo(2 * Pdus.BLOCK);
                        host.expectStatus(7, 0);
                    }
                }
            } finally {
                hosts.forEach(RawHost::close);
            }
        }
    }
}
