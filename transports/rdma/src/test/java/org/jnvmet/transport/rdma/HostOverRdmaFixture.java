package org.jnvmet.transport.rdma;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.rdma.RdmaTransport.Opening;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.testkit.TransportFixture;
import org.jnvmet.verbs.software.SoftwareFabric;

/** The target on one device of a network in this process, the host on another. */
final class HostOverRdmaFixture implements TransportFixture {
    private static final String TARGET = "127.0.0.1";
    private static final String HOST = "127.0.0.2";

    private final SoftwareFabric fabric;
    private final RdmaTransport transport;
    private final org.jnvmet.host.rdma.RdmaSettings settings;

    HostOverRdmaFixture(
            SoftwareFabric fabric,
            RdmaSettings target,
            org.jnvmet.host.rdma.RdmaSettings settings) {
        this.fabric = fabric;
        this.settings = settings;
        fabric.addDevice("target0", InetAddress.ofLiteral(TARGET));
        fabric.addDevice("host0", InetAddress.ofLiteral(HOST));
        transport = new RdmaTransport(target, fabric::provider);
    }

    @Override
    public Transport transport() {
        return transport;
    }

    @Override
    public Port.Address address(int portId) {
        return new Port.Address(
                "rdma",
                "ipv4",
                TARGET,
                Integer.toString(4420 + portId),
                "not specified",
                "connected");
    }

    @Override
    public HostTransport hostTransport() {
        Opening opening = fabric::provider;
        return new org.jnvmet.host.rdma.RdmaTransport(opening, settings);
    }

    @Override
    public ConnectOptions way(Port port, ConnectOptions connect) {
        InetSocketAddress bound = Objects.requireNonNull(transport.boundAddress(port));
        return connect.transport("rdma")
                .address(TARGET)
                .service(Integer.toString(bound.getPort()))
                .hostAddress(HOST);
    }

    @Override
    public String discoveredAddress(Port port) {
        return TARGET;
    }
}
