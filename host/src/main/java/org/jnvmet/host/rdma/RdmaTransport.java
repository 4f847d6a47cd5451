package org.jnvmet.host.rdma;

import java.io.IOException;
import org.jnvmet.host.ConnectOption;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.host.queue.EventLoops;
import org.jnvmet.host.queue.LoopShare;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.Route;
import org.jnvmet.host.tcp.TcpAddress;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;

/**
 * The transport {@code rdma}: one queue pair for each queue, served by a few event loops. RDMA is looked
 * for when the first controller is connected; machines without it notice nothing until then.
 */
public final class RdmaTransport implements HostTransport {
    /** Finds RDMA on this machine. */
    @FunctionalInterface
    public interface Opening {
        /**
         * The provider, which the transport closes.
         *
         * @throws org.jnvmet.verbs.VerbsUnavailableException when there is no RDMA here, with a
         *     sentence that says what is missing
         */
        VerbsProvider open() throws IOException;
    }

    private static final String NAME = "rdma";

    private final Opening opening;
    private final RdmaSettings settings;
    private final EventLoops loops = new EventLoops(NAME, EventLoops.defaultThreads());
    private @Nullable VerbsProvider provider;
    private boolean closed;

    public RdmaTransport(Opening opening) {
        this(opening, RdmaSettings.DEFAULTS);
    }

    public RdmaTransport(Opening opening, RdmaSettings settings) {
        this.opening = opening;
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Route route(ConnectOptions connect) {
        for (ConnectOption given : connect.given()) {
            if (!given.everywhere()
                    && given != ConnectOption.TRSVCID
                    && given != ConnectOption.HOST_TRADDR) {
                throw new HostException("rdma does not take the option " + given);
            }
        }
        TcpAddress address = TcpAddress.of(connect);
        if (!address.from().isEmpty()) {
            address.local();
        }
        return new RdmaRoute(this, address);
    }

    RdmaSettings settings() {
        return settings;
    }

    LoopShare nextLoop() {
        return loops.next();
    }

    /** @throws HostException when there is no RDMA here; asked again the next time */
    synchronized VerbsProvider provider() {
        if (closed) {
            throw new HostException("rdma: the transport is closed");
        }
        VerbsProvider found = provider;
        if (found == null) {
            try {
                found = opening.open();
            } catch (IOException e) {
                throw new HostException("rdma: " + e.getMessage(), e);
            }
            provider = found;
        }
        return found;
    }

    @Override
    public void close() {
        loops.close();
        VerbsProvider opened;
        synchronized (this) {
            closed = true;
            opened = provider;
            provider = null;
        }
        if (opened != null) {
            opened.close();
        }
    }
}
