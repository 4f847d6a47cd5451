package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.transport.EventLoop;
import org.jnvmet.transport.ListenAddress;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;

/**
 * The transport without loops and without hosts: a configuration is tried on it before it is applied. It refuses what
 * {@link RdmaTransport} would refuse: it binds to each address, for a moment. Any thread.
 */
public final class RdmaRehearsal implements Transport {
    private final Limits limits;
    private final VerbsSource source;
    private final @Nullable RdmaTransport live;
    private final List<ListenAddress> used = new ArrayList<>();

    /**
     * {@code live} is the transport that the configuration is for: what that one listens at is no obstacle. Without
     * one, nobody knows whose an address in use is, and that is no obstacle either.
     *
     * @throws IllegalStateException where there is no epoll
     */
    public RdmaRehearsal(RdmaSettings settings, VerbsSource source, @Nullable RdmaTransport live) {
        EventLoop.requireEpoll(RdmaTransport.NAME);
        this.limits = RdmaTransport.limits(settings);
        this.source = source;
        this.live = live;
    }

    @Override
    public String name() {
        return RdmaTransport.NAME;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    @Override
    public Listener listen(Target target, Port port) {
        ListenAddress address = ListenAddress.of(port, RdmaTransport.NAME);
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

    private void bindForAMoment(Port port, ListenAddress address) {
        try (VerbsProvider provider = source.open()) {
            ConnectionManager manager = provider.openCm();
            RdmaEventChannel channel = manager.createEventChannel();
            try {
                int _ =
                        manager.destroyCmId(
                                RdmaListener.bind(manager, channel, address.socketAddress()));
            } finally {
                int _ = manager.destroyEventChannel(channel);
            }
        } catch (IOException e) {
            if (!isInUseAndNoObstacle(e, address)) {
                throw RdmaListener.refused(port, address, e);
            }
        }
    }

    /** Linux says EADDRNOTAVAIL, too, where one of two addresses is a wildcard. */
    private boolean isInUseAndNoObstacle(IOException failure, ListenAddress address) {
        int errno = failure instanceof VerbsException known ? known.errno() : 0;
        if (live != null && live.occupies(address)) {
            return errno == Errno.EADDRINUSE.number() || errno == Errno.EADDRNOTAVAIL.number();
        }
        return live == null && errno == Errno.EADDRINUSE.number();
    }

    @Override
    public void close() {}
}
