package org.jnvmet.transport.tcp;

import java.util.Objects;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.testkit.TransportFixture;

/** The TCP transport at the wildcard address, and a host that reaches it by loopback. */
final class TcpConformanceFixture implements TransportFixture {
    private final TcpTransport transport;
    private final TcpOptions options;
    private final boolean digests;

    TcpConformanceFixture(TcpSettings settings, TcpOptions options, boolean digests) {
        transport = new TcpTransport(settings);
        this.options = options;
        this.digests = digests;
    }

    TcpConformanceFixture(TcpSettings settings, TcpOptions options) {
        this(settings, options, false);
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
    public HostTransport hostTransport() {
        return new org.jnvmet.host.tcp.TcpTransport(options);
    }

    @Override
    public ConnectOptions way(Port port, ConnectOptions connect) {
        int bound = Objects.requireNonNull(transport.boundAddress(port)).getPort();
        return connect.transport("tcp")
                .address("127.0.0.1")
                .service(Integer.toString(bound))
                .digests(digests, digests);
    }

    @Override
    public String discoveredAddress(Port port) {
        return "127.0.0.1";
    }
}
