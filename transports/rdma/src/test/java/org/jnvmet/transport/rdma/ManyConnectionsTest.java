package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.transport.rdma.RdmaFixture.eventually;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.verbs.software.Resources;
import org.junit.jupiter.api.Test;

/** Connections that come and go leave nothing behind, neither on the device nor with us. */
class ManyConnectionsTest {
    private static final int QUEUES = 64;
    private static final int CONNECTS = 1000;

    @Test
    void leavesNothingBehindAfterAThousandConnections() {
        try (RdmaFixture target = new RdmaFixture(RdmaFixture.SETTINGS.withLoops(2));
                RawHost admin = target.admin()) {
            admin.expectStillOpen();
            Resources before = target.fabric.resources();
            int connected = 0;
            while (connected < CONNECTS) {
                List<RawHost> hosts = new ArrayList<>();
                for (int i = 0; i < QUEUES && connected < CONNECTS; i++, connected++) {
                    hosts.add(target.dial().io(i + 1, admin.controllerId(), 16));
                }
                for (RawHost host : hosts) {
                    assertThat(host.execute(host.blocks(Commands.READ, 1, 0, 1, 0)).status())
                            .isZero();
                }
                hosts.forEach(RawHost::close);
                eventually(() -> target.connections() == 1);
            }
            // What the second loop has of the device was made with its first queue, and stays.
            Resources after =
                    new Resources(
                            before.ids(),
                            before.queuePairs(),
                            before.completionQueues() + 1,
                            before.domains(),
                            before.regions() + 2,
                            before.sharedReceiveQueues(),
                            before.channels() + 1);
            eventually(() -> target.fabric.resources().equals(after));
            admin.expectStillOpen();
        }
    }
}
