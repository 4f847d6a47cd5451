package org.jnvmet.transport;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;

/**
 * A transport without loops and without hosts: a configuration is tried on it before it is applied. It refuses what the
 * real one would refuse: it binds to each address, for a moment. Any thread.
 */
public abstract class ListenRehearsal implements Transport {
    private final String name;
    private final Limits limits;
    private final List<ListenAddress> used = new ArrayList<>();

    /** Of the transport with that name. */
    protected ListenRehearsal(String name, Limits limits) {
        this.name = name;
        this.limits = limits;
    }

    /**
     * Binds to the address and lets go of it.
     *
     * @throws ConfigException when the real transport could not
     */
    protected abstract void bindForAMoment(Port port, ListenAddress address);

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Limits limits() {
        return limits;
    }

    @Override
    public final Listener listen(Target target, Port port) {
        ListenAddress address = ListenAddress.of(port, name);
        bindForAMoment(port, address);
        synchronized (used) {
            if (used.stream().anyMatch(address::collidesWith)) {
                throw new ConfigException(
                        Errno.EADDRINUSE,
                        "port %d: another port listens at %s port %d already"
                                .formatted(
                                        port.id(),
                                        address.address().getHostAddress(),
                                        address.port()));
            }
            used.add(address);
        }
        return () -> {
            synchronized (used) {
                used.remove(address);
            }
        };
    }

    @Override
    public final void close() {}
}
