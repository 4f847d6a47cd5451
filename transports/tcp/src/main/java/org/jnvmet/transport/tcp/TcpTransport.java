package org.jnvmet.transport.tcp;

import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.transport.EventLoop;
import org.jnvmet.transport.ListenAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** NVMe/TCP: loops, listeners and the bound of connections. Any thread. */
public final class TcpTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);

    static final String NAME = "tcp";

    /** TRTYPE of the discovery LOG. */
    private static final int TRTYPE_TCP = 3;

    private static final int MAX_QUEUE_ENTRIES = 1024;
    private static final int DEFAULT_QUEUE_ENTRIES = 128;
    private static final int ONE_DESCRIPTOR = 1;

    /** SGLS of Identify Controller: SGLs supported without alignment (bit 0), in-capsule offsets (bit 20). */
    private static final int SGLS = 0x100001;

    private final TcpSettings settings;
    private final Limits limits;
    private final TcpLoop[] loops;
    private final Set<TcpListener> listeners = ConcurrentHashMap.newKeySet();
    private final AtomicInteger nextLoop = new AtomicInteger();
    private final AtomicLong lastFullWarning = new AtomicLong(System.nanoTime() - WARNING_NANOS);

    private static final long WARNING_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** @throws IllegalStateException where there is no epoll: on anything but Linux */
    public TcpTransport(TcpSettings settings) {
        EventLoop.requireEpoll(NAME);
        this.settings = settings;
        limits = limits(settings);
        loops =
                IntStream.range(0, settings.loops())
                        .mapToObj(index -> new TcpLoop(index, settings))
                        .toArray(TcpLoop[]::new);
    }

    static Limits limits(TcpSettings settings) {
        TcpSettings.Protocol protocol = settings.protocol();
        return new Limits(
                TRTYPE_TCP,
                protocol.maxTransferBytes(),
                protocol.inlineBytes(),
                protocol.maxTransferBytes(),
                DEFAULT_QUEUE_ENTRIES,
                MAX_QUEUE_ENTRIES,
                SGLS,
                ONE_DESCRIPTOR);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    TcpSettings settings() {
        return settings;
    }

    @Override
    public Listener listen(Target target, Port port) {
        TcpLoop loop = loops[Math.floorMod(nextLoop.getAndIncrement(), loops.length)];
        TcpListener listener = new TcpListener(this, target, port, loop);
        listeners.add(listener);
        listener.start();
        return listener;
    }

    /** Where a port listens, with the port number that the system chose for 0; null when it does not. */
    public @Nullable InetSocketAddress boundAddress(Port port) {
        for (TcpListener listener : listeners) {
            if (listener.port().equals(port)) {
                return listener.bound();
            }
        }
        return null;
    }

    /** Whether a listener of ours stands where {@code address} would be. */
    boolean occupies(ListenAddress address) {
        return listeners.stream()
                .map(TcpListener::bound)
                .anyMatch(bound ->
                        address.collidesWith(
                                new ListenAddress(bound.getAddress(), bound.getPort())));
    }

    void onClosed(TcpListener listener) {
        listeners.remove(listener);
    }

    /** Room for another connection on the loop with the fewest; null at the bound of all. */
    @Nullable TcpLoop reserveConnection() {
        TcpLoop least = loops[0];
        long total = 0;
        for (TcpLoop loop : loops) {
            total += loop.load();
            if (loop.load() < least.load()) {
                least = loop;
            }
        }
        if (total >= settings.sockets().maxConnections()) {
            return null;
        }
        least.reserve();
        return least;
    }

    /** Says that connections are refused, not too often. */
    void warnFull() {
        long now = System.nanoTime();
        long last = lastFullWarning.get();
        if (now - last >= WARNING_NANOS && lastFullWarning.compareAndSet(last, now)) {
            LOG.warn(
                    "refusing connections: there are {} already",
                    settings.sockets().maxConnections());
        }
    }

    /** The listeners, for tests. */
    Set<TcpListener> listeners() {
        return Set.copyOf(listeners);
    }

    /** The loops, for tests. */
    TcpLoop[] loops() {
        return loops.clone();
    }

    @Override
    public void close() {
        for (TcpListener listener : listeners) {
            listener.close();
        }
        for (TcpLoop loop : loops) {
            loop.beginClose();
        }
        for (TcpLoop loop : loops) {
            loop.finishClose();
        }
    }
}
