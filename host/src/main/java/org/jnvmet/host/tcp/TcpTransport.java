package org.jnvmet.host.tcp;

import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.queue.EventLoops;
import org.jnvmet.host.queue.LoopShare;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.Route;

/**
 * The transport {@code tcp}: one socket for each queue, served by a few of Netty's event loops, which
 * all queues share and which begin with the first one.
 */
public final class TcpTransport implements HostTransport {
    private static final String NAME = "tcp";

    private final TcpOptions options;
    private final EventLoops loops;

    public TcpTransport() {
        this(TcpOptions.DEFAULTS);
    }

    public TcpTransport(TcpOptions options) {
        this(options, EventLoops.defaultThreads());
    }

    TcpTransport(TcpOptions options, int threads) {
        this.options = options;
        loops = new EventLoops(NAME, threads);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Route route(ConnectOptions connect) {
        return new TcpRoute(this, TcpAddress.of(connect), connect);
    }

    TcpOptions options() {
        return options;
    }

    /** The event loop of the next queue. */
    LoopShare nextLoop() {
        return loops.next();
    }

    @Override
    public void close() {
        loops.close();
    }
}
