package org.jnvmet.testkit;

import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;

/** One kind of transport, from both sides. The target that a test makes closes the target's side. */
public interface TransportFixture {
    /** The target's side; new for each test. */
    Transport transport();

    /** Address of the port with that id, before it listens. */
    Port.Address address(int portId);

    /** The host's side; new for each test, and closed by its host. */
    HostTransport hostTransport();

    /** Completes {@code options} with the way to a port that listens. */
    ConnectOptions way(Port port, ConnectOptions options);

    /** What the discovery log must say of the port: its address. */
    String discoveredAddress(Port port);
}
