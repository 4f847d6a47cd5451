package org.jnvmet.host.rdma;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jnvmet.host.HostException;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.tcp.TcpAddress;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;
import org.jnvmet.wire.rdma.ConnectRequestData;
import org.jspecify.annotations.Nullable;

/**
 * The connection of one queue pair, with all that is its own on the device: nothing is shared, so that a
 * controller's keys reach no other queue's memory, and {@link #close} leaves nothing behind. Used by one
 * thread at a time; {@link #takeEnd} and {@link #takeCompletionEvent} by the event loop.
 */
final class RdmaConnection {
    private final ConnectionManager manager;
    private final Verbs verbs;
    private final TcpAddress address;
    private final InetSocketAddress remote;
    private final QueueOptions options;
    private final long endNanos;
    private final Undo undo;
    private @Nullable RdmaEventChannel events;
    private @Nullable RdmaCmId id;
    private @Nullable Device device;
    private @Nullable IbvPd domain;
    private @Nullable IbvCompChannel channel;
    private @Nullable IbvCQ completions;
    private @Nullable IbvQP queuePair;

    /** @param endNanos when it must be connected, as {@link System#nanoTime} tells */
    RdmaConnection(
            VerbsProvider provider,
            TcpAddress address,
            InetSocketAddress remote,
            QueueOptions options,
            long endNanos) {
        manager = provider.openCm();
        verbs = provider.openVerbs();
        this.address = address;
        this.remote = remote;
        this.options = options;
        this.endNanos = endNanos;
        undo = new Undo(address.toString());
    }

    private static <T> T got(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("not opened yet");
        }
        return value;
    }

    /** For messages: {@code rdma 192.0.2.1:4420}. */
    @Override
    public String toString() {
        return address.toString();
    }

    Verbs verbs() {
        return verbs;
    }

    Device device() {
        return got(device);
    }

    IbvCQ completions() {
        return got(completions);
    }

    IbvQP queuePair() {
        return got(queuePair);
    }

    /** Readable when {@link #takeEnd} has an event. */
    int eventDescriptor() {
        return got(events).getFd();
    }

    /** Readable when {@link #takeCompletionEvent} has an event. */
    int completionDescriptor() {
        return got(channel).getFd();
    }

    // ---- connecting

    /**
     * Finds the device that leads to the controller.
     *
     * @throws HostException when that fails; to be closed nevertheless
     */
    void findDevice() {
        try {
            resolve();
            IbvPd allocated = verbs.allocPd(device());
            domain = allocated;
            undo.with("deallocPd", () -> verbs.deallocPd(allocated));
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /**
     * Makes the queue pair; memory is registered before, so that it outlives it.
     *
     * @throws HostException when that fails; to be closed nevertheless
     */
    void makeQueuePair() {
        try {
            createQueuePair();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Something is to be given back with the rest, before what was got earlier. */
    void onClose(String what, Undo.Step step) {
        undo.with(what, step);
    }

    private HostException failed(IOException e) {
        String from = address.from().isEmpty() ? "" : " (from " + address.from() + ")";
        return new HostException(this + from + ": " + Reasons.of(e), e);
    }

    @SuppressWarnings("NullAway") // DiSNI's source address may be null
    private void resolve() throws IOException {
        RdmaEventChannel made = manager.createEventChannel();
        events = made;
        undo.with("destroyEventChannel", () -> manager.destroyEventChannel(made));
        RdmaCmId created = manager.createId(made, RdmaCm.RDMA_PS_TCP);
        id = created;
        undo.with("destroyId", () -> manager.destroyCmId(created));
        InetSocketAddress local = address.from().isEmpty() ? null : address.local();
        manager.resolveAddr(created, local, remote, leftMs());
        CmEvent _ = await(EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        manager.resolveRoute(created, leftMs());
        CmEvent _ = await(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        if (!(created.getVerbs() instanceof Device found)) {
            throw new IOException("no RDMA device leads there");
        }
        device = found;
    }

    private void createQueuePair() throws IOException {
        Device found = device();
        int entries = options.entries();
        int all = 2 * entries;
        Device.Limits limits = found.limits();
        if (entries > limits.queuePairEntries() || all > limits.completionEntries()) {
            throw new IOException(
                    "%d entries are too many for %s: it takes %d"
                            .formatted(
                                    entries,
                                    found,
                                    Math.min(
                                            limits.queuePairEntries(),
                                            limits.completionEntries() / 2)));
        }
        IbvCompChannel made = verbs.createCompChannel(found);
        channel = made;
        undo.with("destroyCompChannel", () -> verbs.destroyCompChannel(made));
        int vector = options.queueId() % Math.max(1, found.getNumCompVectors());
        IbvCQ queue = verbs.createCQ(found, made, all, vector);
        completions = queue;
        undo.with("destroyCQ", () -> verbs.destroyCQ(queue));
        IbvQPInitAttr attributes = new IbvQPInitAttr();
        attributes.setQp_type(IbvQP.IBV_QPT_RC);
        attributes.setSend_cq(queue);
        attributes.setRecv_cq(queue);
        attributes.cap().setMax_send_wr(entries);
        attributes.cap().setMax_recv_wr(entries);
        attributes.cap().setMax_send_sge(1);
        attributes.cap().setMax_recv_sge(1);
        RdmaCmId own = got(id);
        queuePair = manager.createQP(own, got(domain), attributes);
        undo.with("destroyQP", () -> manager.destroyQP(own));
    }

    /**
     * Registers memory, until {@link #close}.
     *
     * @param remote whether the controller may read and write it
     */
    MemoryRegion register(MemorySegment memory, boolean remote) {
        int access =
                IbvMr.IBV_ACCESS_LOCAL_WRITE
                        | (remote
                                ? IbvMr.IBV_ACCESS_REMOTE_READ | IbvMr.IBV_ACCESS_REMOTE_WRITE
                                : 0);
        try {
            MemoryRegion region =
                    verbs.registerMemory(got(domain), memory.address(), memory.byteSize(), access);
            undo.with("deregister", () -> verbs.deregister(region));
            return region;
        } catch (IOException e) {
            throw new HostException(
                    "%s: %s cannot register %d KiB of memory: %s"
                            .formatted(this, device(), memory.byteSize() >> 10, Reasons.of(e)),
                    e);
        }
    }

    /**
     * Connects the queue pair, which has its receives.
     *
     * @throws HostException when that fails; to be closed nevertheless
     */
    void connect() {
        try {
            byte[] data = new byte[ConnectRequestData.BYTES];
            ConnectRequestData _ =
                    new ConnectRequestData()
                            .wrap(MemorySegment.ofArray(data), 0)
                            .set(ConnectRequestData.RECFMT, ConnectRequestData.RECORD_FORMAT)
                            .set(ConnectRequestData.QID, options.queueId())
                            .set(ConnectRequestData.HRQSIZE, options.entries())
                            .set(ConnectRequestData.HSQSIZE, options.entries() - 1);
            int reads = device().limits().responderDepth();
            ConnectParameters parameters =
                    new ConnectParameters()
                            .privateData(data)
                            .responderResources(Math.min(reads, ConnectParameters.MAX_DEPTH))
                            .flowControl(true)
                            .retries(ConnectParameters.MAX_RETRIES)
                            .receiverNotReadyRetries(ConnectParameters.MAX_RETRIES);
            RdmaCmId own = got(id);
            manager.connect(own, parameters);
            undo.with("disconnect", () -> disconnect(own));
            CmEvent _ = await(EventType.RDMA_CM_EVENT_ESTABLISHED);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void disconnect(RdmaCmId own) {
        try {
            int _ = manager.disconnect(own);
        } catch (IOException e) {
            // It was never established, or its device is gone.
        }
    }

    private CmEvent await(EventType expected) throws IOException {
        CmEvent event = manager.getCmEvent(got(events), leftMs());
        if (event == null) {
            throw new IOException(
                    "no connection within "
                            + options.timeoutMs()
                            + " ms: still waiting for "
                            + step(expected));
        }
        int _ = manager.ackCmEvent(event);
        if (event.type() != expected) {
            throw new IOException(Reasons.ofConnecting(event));
        }
        return event;
    }

    private static String step(EventType expected) {
        return switch (expected) {
            case RDMA_CM_EVENT_ADDR_RESOLVED -> "the address";
            case RDMA_CM_EVENT_ROUTE_RESOLVED -> "the route";
            default -> "the controller";
        };
    }

    private int leftMs() {
        long left = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        return Math.clamp(left, 1, Integer.MAX_VALUE);
    }

    // ---- connected

    /** Takes an event of the connection manager; what it means if it ends the connection. */
    Optional<String> takeEnd() throws IOException {
        CmEvent event = manager.getCmEvent(got(events), 0);
        if (event == null) {
            return Optional.empty();
        }
        int _ = manager.ackCmEvent(event);
        return Reasons.ofEnd(event.type());
    }

    /** Takes an event of the completion queue, after which it has to be armed again. */
    void takeCompletionEvent() throws IOException {
        if (verbs.getCqEvent(got(channel), completions(), 0)) {
            int _ = verbs.ackCqEvents(completions(), 1);
        }
    }

    /** Ends the connection, if there is one, and gives everything back. From then on nobody writes to its memory. */
    void close() {
        undo.all();
    }
}
