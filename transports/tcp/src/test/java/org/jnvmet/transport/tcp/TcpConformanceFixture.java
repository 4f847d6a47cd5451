package org.jnvmet.transport.tcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jnvmet.host.HostTransport;
import org.jnvmet.host.tcp.TcpHostTransport;
import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.testkit.TransportFixture;

/** The TCP transport at the wildcard address, and a host that reaches it by loopback. */
final class TcpConformanceFixture implements TransportFixture {
    private final TcpTransport transport;
    private final TcpOptions options;

    TcpConformanceFixture(TcpSettings settings, TcpOptions options) {
        transport = new TcpTransport(settings);
        this.options = options;
    }

    @Override
    public Transport transport() {
        return transport;
    }

    @Override
    public Port.Address address(int portId) {
        return new Port.Address("tcp", "ipv4", "0.0.0.0", "0", "not specified", "none");
    }

    @Override
    public HostTransport host(Port port) {
        int bound = Objects.requireNonNull(transport.boundAddress(port)).getPort();
        return new TcpHostTransport(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), bound), options);
    }

    @Override
    public String discoveredAddress(Port port) {
        return "127.0.0.1";
    }
}
