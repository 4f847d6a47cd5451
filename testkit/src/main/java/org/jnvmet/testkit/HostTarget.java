package org.jnvmet.testkit;

import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;

/**
 * A target, any target, and the way of a host to it: one subsystem with namespace 1 of at least 16 MiB,
 * whose contents do not matter, and what a test must be able to do to it from behind.
 */
public interface HostTarget extends AutoCloseable {
    /** The host's side of the transport; new for each test, and closed by its host. */
    HostTransport hostTransport();

    /** Options that lead to the subsystem with this name; it need not exist. */
    ConnectOptions way(String subsystemNqn);

    /** Options that lead to the discovery controller. */
    ConnectOptions wayToDiscovery();

    /** Name of the subsystem. */
    String subsystemNqn();

    /** Enables namespace 2, or disables it. */
    void secondNamespace(boolean enabled);

    /** Lets any host connect, or only those that are listed; none is. */
    void allowAnyHost(boolean allowed);

    /** Ends the connections of all hosts, and takes new ones afterwards. */
    void cutConnections();

    @Override
    void close();
}
