package org.jnvmet.host.tcp;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.Route;
import org.jspecify.annotations.Nullable;

/**
 * The transport {@code tcp}: one socket for each queue, served by a few of Netty's event loops, which
 * all queues share and which begin with the first one.
 */
public final class TcpTransport implements HostTransport {
    /** More threads than this are of no use to the queues of one host. */
    private static final int MAX_THREADS = 4;

    private final TcpOptions options;
    private final int threads;
    private @Nullable MultiThreadIoEventLoopGroup loops;
    private final Map<IoEventLoop, LoopShare> shares = new HashMap<>();
    private boolean closed;

    public TcpTransport() {
        this(TcpOptions.DEFAULTS);
    }

    public TcpTransport(TcpOptions options) {
        this(options, Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors()));
    }

    TcpTransport(TcpOptions options, int threads) {
        this.options = options;
        this.threads = threads;
    }

    @Override
    public String name() {
        return "tcp";
    }

    @Override
    public Route route(ConnectOptions connect) {
        return new TcpRoute(this, TcpAddress.of(connect), connect);
    }

    TcpOptions options() {
        return options;
    }

    /** The event loop of the next queue. */
    synchronized LoopShare nextLoop() {
        if (closed) {
            throw new HostException("tcp: the transport is closed");
        }
        MultiThreadIoEventLoopGroup running = loops;
        if (running == null) {
            if (!Epoll.isAvailable()) {
                throw new HostException(
                        "tcp: Netty's epoll is not available here", Epoll.unavailabilityCause());
            }
            running =
                    new MultiThreadIoEventLoopGroup(
                            threads,
                            new DefaultThreadFactory("jnvmet-host-tcp", true),
                            EpollIoHandler.newFactory());
            loops = running;
        }
        return shares.computeIfAbsent(running.next(), LoopShare::new);
    }

    @Override
    public void close() {
        MultiThreadIoEventLoopGroup running;
        synchronized (this) {
            closed = true;
            running = loops;
            loops = null;
            shares.clear();
        }
        if (running != null) {
            boolean _ =
                    running.shutdownGracefully(0, 1, TimeUnit.SECONDS)
                            .awaitUninterruptibly(5, TimeUnit.SECONDS);
        }
    }
}
