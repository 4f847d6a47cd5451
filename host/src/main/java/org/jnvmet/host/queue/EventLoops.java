package org.jnvmet.host.queue;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jnvmet.host.HostException;
import org.jspecify.annotations.Nullable;

/** A few of Netty's event loops, which all queues of a transport share and which begin with the first. Any thread. */
public final class EventLoops implements AutoCloseable {
    /** More threads than this are of no use to the queues of one host. */
    private static final int MAX_THREADS = 4;

    private final String transport;
    private final int threads;
    private final Map<IoEventLoop, LoopShare> shares = new HashMap<>();
    private @Nullable MultiThreadIoEventLoopGroup loops;
    private boolean closed;

    /** @param transport as messages and threads name it */
    public EventLoops(String transport, int threads) {
        this.transport = transport;
        this.threads = threads;
    }

    /** How many threads a machine of this size has for them. */
    public static int defaultThreads() {
        return Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
    }

    /**
     * The event loop of the next queue.
     *
     * @throws HostException when they are closed, or this machine has no epoll
     */
    public synchronized LoopShare next() {
        if (closed) {
            throw new HostException(transport + ": the transport is closed");
        }
        MultiThreadIoEventLoopGroup running = loops;
        if (running == null) {
            if (!Epoll.isAvailable()) {
                throw new HostException(
                        transport + ": Netty's epoll is not available here",
                        Epoll.unavailabilityCause());
            }
            running =
                    new MultiThreadIoEventLoopGroup(
                            threads,
                            new DefaultThreadFactory("jnvmet-host-" + transport, true),
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
