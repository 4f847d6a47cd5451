package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.Objects;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.testkit.TransportFixture;
import org.jnvmet.verbs.software.Resources;
import org.jnvmet.verbs.software.SoftwareFabric;

/** The RDMA transport at the wildcard address of a software device, and a host at another device. */
final class RdmaConformanceFixture implements TransportFixture, AutoCloseable {
    private static final String TARGET = "192.0.2.1";

    /** Little memory for each queue: to make 128 of them must not take longer than the keep alive time-out. */
    private static final org.jnvmet.host.rdma.RdmaSettings HOST =
            new org.jnvmet.host.rdma.RdmaSettings(2 << 20, 2 << 20, 2 << 20, 16 << 10);

    private final SoftwareFabric fabric =
            new SoftwareFabric(Long.getLong("seed", 7))
                    .addDevice("target0", InetAddress.ofLiteral(TARGET))
                    .addDevice("host0", InetAddress.ofLiteral("192.0.2.2"));

    private final RdmaTransport transport;

    RdmaConformanceFixture(RdmaSettings settings) {
        transport = new RdmaTransport(settings, fabric::provider);
    }

    @Override
    public Transport transport() {
        return transport;
    }

    @Override
    public Port.Address address(int portId) {
        return new Port.Address("rdma", "ipv4", "0.0.0.0", "0", "not specified", "connected");
    }

    @Override
    public HostTransport hostTransport() {
        return new org.jnvmet.host.rdma.RdmaTransport(fabric::provider, HOST);
    }

    @Override
    public ConnectOptions way(Port port, ConnectOptions connect) {
        int bound = Objects.requireNonNull(transport.boundAddress(port)).getPort();
        return connect.transport("rdma").address(TARGET).service(Integer.toString(bound));
    }

    @Override
    public String discoveredAddress(Port port) {
        return TARGET;
    }

    /** Target and host have ended. */
    @Override
    public void close() {
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        fabric.close();
    }
}
