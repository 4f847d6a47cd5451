package org.jnvmet.transport.loop;

import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.testkit.TransportFixture;

/** Both sides of the loop transport. */
final class LoopFixture implements TransportFixture {
    private final LoopTransport transport = new LoopTransport();

    @Override
    public Transport transport() {
        return transport;
    }

    @Override
    public Port.Address address(int portId) {
        return new Port.Address("loop", "loop", "here-" + portId, "", "not specified", "");
    }

    @Override
    public HostTransport hostTransport() {
        return new LoopHostTransport(transport);
    }

    @Override
    public ConnectOptions way(Port port, ConnectOptions options) {
        return options.transport("loop").address(port.address().traddr());
    }

    @Override
    public String discoveredAddress(Port port) {
        return port.address().traddr();
    }
}
