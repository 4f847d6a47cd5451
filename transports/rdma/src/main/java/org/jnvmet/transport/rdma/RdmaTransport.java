package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.DeviceMemory;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.transport.EventLoop;
import org.jnvmet.transport.ListenAddress;
import org.jnvmet.verbs.VerbsException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NVMe/RDMA: loops, listeners and the bound of queues. Where there is no RDMA it can be made all the same;
 * its ports say then what is missing. Any thread.
 */
public final class RdmaTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaTransport.class);

    static final String NAME = "rdma";

    /** TRTYPE of the discovery log. */
    private static final int TRTYPE_RDMA = 1;

    private static final int MAX_QUEUE_ENTRIES = 256;
    private static final int DEFAULT_QUEUE_ENTRIES = 128;

    /** SGLS of Identify Controller: SGLs (bit 0), keyed ones (bit 2), in-capsule offsets (bit 20). */
    private static final int SGLS = 0x100005;

    private static final long WARNING_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final RdmaSettings settings;
    private final Limits limits;
    private final CmLoop cm;
    private final RdmaLoop[] loops;
    private final Set<RdmaListener> listeners = ConcurrentHashMap.newKeySet();
    private final AtomicLong lastFullWarning = new AtomicLong(System.nanoTime() - WARNING_NANOS);

    /**
     * Makes the loops.
     *
     * @param source asked when the first port wants to listen
     * @throws IllegalStateException where there is no epoll: on anything but Linux
     */
    @SuppressWarnings("this-escape") // the control thread only keeps it
    public RdmaTransport(RdmaSettings settings, VerbsSource source) {
        EventLoop.requireEpoll(NAME);
        this.settings = settings;
        limits = limits(settings);
        cm = new CmLoop(source, this, settings.loops());
        loops =
                IntStream.range(0, settings.loops())
                        .mapToObj(index -> new RdmaLoop(index, settings, cm))
                        .toArray(RdmaLoop[]::new);
    }

    static Limits limits(RdmaSettings settings) {
        RdmaSettings.Protocol protocol = settings.protocol();
        return new Limits(
                TRTYPE_RDMA,
                protocol.maxTransferBytes(),
                protocol.inlineBytes(),
                RdmaSettings.Protocol.MAX_INLINE_BYTES,
                DEFAULT_QUEUE_ENTRIES,
                MAX_QUEUE_ENTRIES,
                SGLS,
                DataDescriptors.MAX);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    RdmaSettings settings() {
        return settings;
    }

    @Override
    public Listener listen(Target target, Port port) {
        RdmaListener listener = new RdmaListener(this, cm, target, port);
        listener.start();
        listeners.add(listener);
        return listener;
    }

    /** Where a port listens, with the port number that the system chose for 0; null when it does not. */
    public @Nullable InetSocketAddress boundAddress(Port port) {
        for (RdmaListener listener : listeners) {
            if (listener.port().equals(port)) {
                return listener.bound();
            }
        }
        return null;
    }

    /** Whether a listener of ours stands where {@code address} would be. */
    boolean occupies(ListenAddress address) {
        for (RdmaListener listener : listeners) {
            InetSocketAddress bound = listener.bound();
            if (bound != null
                    && address.collidesWith(
                            new ListenAddress(bound.getAddress(), bound.getPort()))) {
                return true;
            }
        }
        return false;
    }

    void onClosed(RdmaListener listener) {
        listeners.remove(listener);
    }

    /** Room for another queue on the loop with the fewest; null at the bound of all. */
    @Nullable RdmaLoop reserveQueue() {
        RdmaLoop least = loops[0];
        long total = 0;
        for (RdmaLoop loop : loops) {
            total += loop.load();
            if (loop.load() < least.load()) {
                least = loop;
            }
        }
        if (total >= settings.queues().maxQueues()) {
            return null;
        }
        least.reserve();
        return least;
    }

    /** Says that queues are refused, not too often. */
    void warnFull() {
        long now = System.nanoTime();
        long last = lastFullWarning.get();
        if (now - last >= WARNING_NANOS && lastFullWarning.compareAndSet(last, now)) {
            LOG.warn("refusing queues: there are {} already", settings.queues().maxQueues());
        }
    }

    @Override
    public void reach(String localAddress, DeviceMemory memory) {
        try {
            cm.call(() -> {
                cm.open();
                reachNow(localAddress, memory);
                return true;
            });
        } catch (IOException e) {
            int errno = e instanceof VerbsException known ? known.errno() : 0;
            throw notRegistrable(
                    errno == 0 ? Errno.EOPNOTSUPP : Errno.of(errno),
                    "%s with the RDMA device of %s: %s"
                            .formatted(memory.name(), localAddress, e.getMessage()));
        }
    }

    /** On the control thread. */
    private void reachNow(String localAddress, DeviceMemory memory) throws IOException {
        if (memory.dmaBuf() < 0) {
            throw notRegistrable(
                    Errno.EOPNOTSUPP,
                    memory.name() + " is no dma-buf, and RDMA devices cannot pin it otherwise");
        }
        InetSocketAddress where = new InetSocketAddress(InetAddress.ofLiteral(localAddress), 0);
        RdmaCmId id = RdmaListener.bind(cm.manager(), cm.channel(), where);
        try {
            RdmaDevice device = cm.deviceOf(id);
            if (device.limits().software()) {
                throw notRegistrable(
                        Errno.EOPNOTSUPP,
                        "the processor moves the data of %s, which is software".formatted(device));
            }
            cm.reach(device, memory);
        } finally {
            cm.attempt("identifier", () -> cm.manager().destroyCmId(id));
        }
    }

    private static ConfigException notRegistrable(Errno errno, String why) {
        return new ConfigException(errno, "not registrable: " + why);
    }

    @Override
    public void unreach(DeviceMemory memory) {
        try {
            cm.call(() -> {
                cm.unreach(memory);
                return true;
            });
        } catch (IOException e) {
            LOG.error("{}: {}", memory.name(), e.getMessage());
        }
    }

    /** The loops, for tests. */
    RdmaLoop[] loops() {
        return loops.clone();
    }

    /** The control thread, for tests. */
    CmLoop cm() {
        return cm;
    }

    @Override
    public void close() {
        for (RdmaListener listener : listeners) {
            listener.close();
        }
        for (RdmaLoop loop : loops) {
            loop.beginClose();
        }
        for (RdmaLoop loop : loops) {
            loop.finishClose();
        }
        cm.close();
    }
}
