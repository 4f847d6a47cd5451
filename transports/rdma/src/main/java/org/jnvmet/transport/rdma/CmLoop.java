package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.netty.channel.IoEventLoop;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.spi.DeviceMemory;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.ReadableDescriptor;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control thread of the transport: it alone calls the connection manager, and makes and destroys what
 * verbs make and destroy. Such calls may take milliseconds, which loops do not have. It never waits for a
 * loop.
 */
final class CmLoop implements Executor {
    private static final Logger LOG = LoggerFactory.getLogger(CmLoop.class);

    /** Events in one go before others may go on. */
    private static final int MAX_EVENTS = 64;

    private final VerbsSource source;
    private final int loops;
    private final SingleThreadIoEventLoop executor;
    private final Admission admission;
    private final IdentityHashMap<RdmaCmId, RdmaListener> listeners = new IdentityHashMap<>();
    private final IdentityHashMap<RdmaCmId, RdmaEndpoint> endpoints = new IdentityHashMap<>();
    private final IdentityHashMap<Device, RdmaDevice> devices = new IdentityHashMap<>();
    private final Set<Reached> reached = new LinkedHashSet<>();
    private @Nullable Fabric fabric;

    /** Peer memory that the device of that name reaches. */
    private record Reached(String device, DeviceMemory memory) {}

    /** What a provider gave. */
    private record Fabric(
            VerbsProvider provider,
            ConnectionManager manager,
            Verbs verbs,
            RdmaEventChannel channel,
            ReadableDescriptor watch) {}

    /** Gives back something that was made. */
    @FunctionalInterface
    interface Undo {
        void run() throws IOException;
    }

    CmLoop(VerbsSource source, RdmaTransport transport, int loops) {
        this.source = source;
        this.loops = loops;
        admission = new Admission(this, transport);
        executor =
                new SingleThreadIoEventLoop(
                        null,
                        task -> {
                            Thread thread = new FastThreadLocalThread(task, "jnvmet-rdma-cm");
                            thread.setDaemon(true);
                            return thread;
                        },
                        EpollIoHandler.newFactory());
    }

    // ---- Any thread.

    @Override
    public void execute(Runnable task) {
        executor.execute(task);
    }

    IoEventLoop executor() {
        return executor;
    }

    /** Runs {@code task} later on the control thread. */
    void schedule(Runnable task, int delayMs) {
        Future<?> _ = executor.schedule(task, delayMs, TimeUnit.MILLISECONDS);
    }

    /** Runs {@code task} on the control thread and waits for it; what it throws is thrown here. */
    <T extends @Nullable Object> T call(Callable<T> task) throws IOException {
        CompletableFuture<T> result = new CompletableFuture<>();
        Runnable work =
                () -> {
                    try {
                        result.complete(task.call());
                    } catch (Exception | Error e) {
                        result.completeExceptionally(e);
                    }
                };
        if (executor.inEventLoop()) {
            work.run();
        } else {
            executor.execute(work);
        }
        try {
            return result.join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException failure) {
                throw failure;
            }
            if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    // ---- The control thread.

    ConnectionManager manager() {
        return Objects.requireNonNull(fabric).manager();
    }

    Verbs verbs() {
        return Objects.requireNonNull(fabric).verbs();
    }

    RdmaEventChannel channel() {
        return Objects.requireNonNull(fabric).channel();
    }

    /**
     * Opens the provider if it is not.
     *
     * @throws org.jnvmet.verbs.VerbsUnavailableException when there is no RDMA
     */
    void open() throws IOException {
        if (fabric != null) {
            return;
        }
        VerbsProvider provider = source.open();
        try {
            ConnectionManager manager = provider.openCm();
            RdmaEventChannel channel = manager.createEventChannel();
            ReadableDescriptor watch =
                    new ReadableDescriptor(channel.getFd(), this::onEvents).register(executor);
            fabric = new Fabric(provider, manager, provider.openVerbs(), channel, watch);
        } catch (IOException | RuntimeException e) {
            provider.close();
            throw e;
        }
    }

    /** The device, with a protection domain. */
    RdmaDevice deviceOf(RdmaCmId id) throws IOException {
        if (!(id.getVerbs() instanceof Device context)) {
            throw new IOException("no RDMA device has that address");
        }
        RdmaDevice known = devices.get(context);
        if (known == null) {
            known = new RdmaDevice(this, context, loops);
            devices.put(context, known);
            known.watchOver(manager().getSrcAddr(id));
            reachAgain(known);
        }
        return known;
    }

    /** Has a device reach memory, also when it was removed and has come back; idempotent. */
    void reach(RdmaDevice device, DeviceMemory memory) throws IOException {
        device.reach(memory);
        reached.add(new Reached(device.context().name(), memory));
    }

    private void reachAgain(RdmaDevice device) {
        for (Reached each : reached) {
            if (each.device().equals(device.context().name())) {
                try {
                    device.reach(each.memory());
                } catch (IOException e) {
                    LOG.warn("{} reaches {} no more: {}", device, each.memory(), e.getMessage());
                }
            }
        }
    }

    /** That memory goes away. */
    void unreach(DeviceMemory memory) {
        reached.removeIf(each -> each.memory().equals(memory));
        devices().forEach(device -> device.unreach(memory));
    }

    List<RdmaDevice> devices() {
        return new ArrayList<>(devices.values());
    }

    void add(RdmaCmId id, RdmaListener listener) {
        listeners.put(id, listener);
    }

    void forgetListener(RdmaCmId id) {
        listeners.remove(id);
    }

    void add(RdmaEndpoint endpoint) {
        endpoints.put(endpoint.id(), endpoint);
    }

    void forget(RdmaEndpoint endpoint) {
        endpoints.remove(endpoint.id());
    }

    /** What comes next on the device is another device. */
    void forget(RdmaDevice device) {
        devices.remove(device.context());
    }

    /** Undoes something; what fails is said, and nothing can be done about it. */
    void attempt(String what, Undo undo) {
        try {
            undo.run();
        } catch (IOException | RuntimeException e) {
            LOG.debug("{}: {}", what, e.getMessage());
        }
    }

    private void onEvents() {
        ConnectionManager manager = manager();
        for (int i = 0; i < MAX_EVENTS; i++) {
            try {
                CmEvent event = manager.getCmEvent(channel(), 0);
                if (event == null) {
                    return;
                }
                int _ = manager.ackCmEvent(event);
                onEvent(event);
            } catch (IOException e) {
                LOG.error("no events of the connection manager: {}", e.getMessage());
                return;
            } catch (RuntimeException | Error e) {
                LOG.error("internal error in an event of the connection manager", e);
            }
        }
    }

    private void onEvent(CmEvent event) {
        switch (event.type()) {
            case RDMA_CM_EVENT_CONNECT_REQUEST ->
                    admission.onRequest(event, listeners.get(event.getListenIdPriv()));
            case RDMA_CM_EVENT_ESTABLISHED -> {
                RdmaEndpoint endpoint = endpoints.get(event.id());
                if (endpoint != null) {
                    endpoint.onEstablished();
                }
            }
            case RDMA_CM_EVENT_DEVICE_REMOVAL -> onRemoval(event.id());
            case RDMA_CM_EVENT_ADDR_CHANGE -> onLost(event.id(), "its address has moved");
            case RDMA_CM_EVENT_DISCONNECTED -> onLost(event.id(), "the host disconnected");
            case RDMA_CM_EVENT_TIMEWAIT_EXIT -> onLost(event.id(), "the connection is over");
            case RDMA_CM_EVENT_REJECTED, RDMA_CM_EVENT_UNREACHABLE, RDMA_CM_EVENT_CONNECT_ERROR ->
                    onLost(
                            event.id(),
                            "the host did not take the connection: %s, status %d"
                                    .formatted(event.type(), event.getStatus()));
            default -> LOG.debug("{}", event.type());
        }
    }

    private void onLost(RdmaCmId id, String why) {
        RdmaListener listener = listeners.get(id);
        RdmaEndpoint endpoint = endpoints.get(id);
        if (listener != null) {
            listener.onLost(why);
        } else if (endpoint != null) {
            endpoint.end(why);
        }
    }

    /** Comes for each identifier of the device, those that no host has come by included. */
    private void onRemoval(RdmaCmId id) {
        for (RdmaDevice device : devices()) {
            if (device.owns(id)) {
                device.remove("the device was removed");
            }
        }
        onLost(id, "its device was removed");
    }

    /** Frees what a loop that has ended had on all devices. */
    void freeLoop(RdmaLoop loop) {
        for (RdmaDevice device : devices()) {
            device.freeLoop(loop);
        }
    }

    /** Gives everything back and ends the thread; loops and listeners have ended. Not on the control thread. */
    void close() {
        try {
            call(() -> {
                closeFabric();
                return true;
            });
        } catch (IOException e) {
            LOG.error("closing the connection manager: {}", e.getMessage());
        }
        Future<?> _ = executor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        try {
            boolean _ = executor.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeFabric() {
        Fabric open = fabric;
        if (open == null) {
            return;
        }
        for (RdmaDevice device : devices()) {
            if (device.isInUse()) {
                LOG.error("{} is still in use; leaving it", device);
                return;
            }
            device.close();
        }
        devices.clear();
        open.watch().close();
        attempt("event channel", () -> open.manager().destroyEventChannel(open.channel()));
        fabric = null;
        open.provider().close();
    }
}
