package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.transport.EventLoop;
import org.jnvmet.transport.ListenAddress;
import org.jnvmet.transport.ListenRehearsal;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;

/** What {@link RdmaTransport} would refuse of a configuration. Any thread. */
public final class RdmaRehearsal extends ListenRehearsal {
    private final VerbsSource source;
    private final @Nullable RdmaTransport live;

    /**
     * {@code live} is the transport that the configuration is for: what that one listens at is no obstacle. Without
     * one, nobody knows whose an address in use is, and that is no obstacle either.
     *
     * @throws IllegalStateException where there is no epoll
     */
    public RdmaRehearsal(RdmaSettings settings, VerbsSource source, @Nullable RdmaTransport live) {
        super(RdmaTransport.NAME, RdmaTransport.limits(settings));
        EventLoop.requireEpoll(RdmaTransport.NAME);
        this.source = source;
        this.live = live;
    }

    @Override
    protected void bindForAMoment(Port port, ListenAddress address) {
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
}
