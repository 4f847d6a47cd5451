package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.wire.rdma.ConnectRefusal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the control thread has of a connection: the identifier, the queue pair and the memory. The connection
 * asks it to disconnect, to destroy the queue pair and to free the memory, in this order; between them
 * messages go to and fro. Owned by the control thread, except those three, which any thread may call, and
 * what is constant.
 */
final class RdmaEndpoint {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaEndpoint.class);

    private final CmLoop cm;
    private final RdmaCmId id;
    private final RdmaListener listener;
    private final ConnectRequest request;
    private final PollGroup group;
    private final int inlineBytes;
    private final Addresses addresses;
    private final int sendEntries;
    private final RegisteredMemory memory;
    private final IbvQP queuePair;
    private final int queuePairNumber;

    /** Set on the loop before anything can arrive; read there and by the control thread. */
    private volatile @Nullable RdmaConnection connection;

    private boolean accepted;
    private boolean destroyed;

    /** Both ends as text. */
    record Addresses(String hostAddress, String localAddress, String localService) {
        static Addresses of(ConnectionManager cm, RdmaCmId id) throws IOException {
            SocketAddress local = cm.getSrcAddr(id);
            SocketAddress host = cm.getDstAddr(id);
            return new Addresses(address(host), address(local), port(local));
        }

        private static String address(@Nullable SocketAddress address) {
            return address instanceof InetSocketAddress known && known.getAddress() != null
                    ? known.getAddress().getHostAddress()
                    : "unknown";
        }

        private static String port(@Nullable SocketAddress address) {
            return address instanceof InetSocketAddress known
                    ? Integer.toString(known.getPort())
                    : "0";
        }

        @Override
        public String toString() {
            return "%s at %s port %s".formatted(hostAddress, localAddress, localService);
        }
    }

    /** A request that is to be accepted; {@code group} has promised {@link #completions}. */
    record Plan(
            RdmaCmId id,
            RdmaListener listener,
            ConnectRequest request,
            PollGroup group,
            int inlineBytes) {}

    /** Makes the queue pair and its memory; nothing remains when that fails. */
    RdmaEndpoint(CmLoop cm, Plan plan) throws IOException {
        this.cm = cm;
        id = plan.id();
        listener = plan.listener();
        request = plan.request();
        group = plan.group();
        inlineBytes = plan.inlineBytes();
        addresses = Addresses.of(cm.manager(), id);
        RdmaDevice device = group.device();
        sendEntries = sendEntries(device.limits(), request.entries());
        boolean own = group.shared() == null;
        memory =
                RegisteredMemory.allocate(
                        device.verbs(),
                        device.domain(),
                        (own ? ReceiveSlots.bytes(entries(), inlineBytes) : 0)
                                + (long) entries() * RdmaRequest.BYTES,
                        device.access());
        IbvQP made = null;
        try {
            made = cm.manager().createQP(id, device.domain(), attributes());
            queuePairNumber = made.getQp_num();
        } catch (IOException | RuntimeException e) {
            if (made != null) {
                device.attempt("queue pair", () -> cm.manager().destroyQP(id));
            }
            memory.free();
            throw e;
        }
        queuePair = made;
    }

    /** Room for all responses with their data, and for reads besides. */
    private static int sendEntries(Device.Limits limits, int entries) {
        return Math.min(limits.queuePairEntries(), 2 * entries + DataDescriptors.MAX + 1);
    }

    /** Entries of the completion queue that a queue may use at a time. */
    static int completions(Device.Limits limits, int entries, boolean sharesReceives) {
        return sendEntries(limits, entries) + (sharesReceives ? 0 : entries);
    }

    private int completions() {
        return completions(group.device().limits(), entries(), group.shared() != null);
    }

    private IbvQPInitAttr attributes() {
        IbvQPInitAttr attributes = new IbvQPInitAttr();
        attributes.setQp_type(IbvQP.IBV_QPT_RC);
        attributes.setSq_sig_all((byte) 0);
        attributes.setSend_cq(group.completions());
        attributes.setRecv_cq(group.completions());
        attributes.cap().setMax_send_wr(sendEntries);
        attributes.cap().setMax_send_sge(1);
        PollGroup.SharedReceives shared = group.shared();
        if (shared != null) {
            attributes.setSrq(shared.queue().handle());
        } else {
            attributes.cap().setMax_recv_wr(entries());
            attributes.cap().setMax_recv_sge(inlineBytes > 0 ? ReceiveSlots.SEGMENTS : 1);
        }
        return attributes;
    }

    // ---- Constant.

    RdmaListener listener() {
        return listener;
    }

    PollGroup group() {
        return group;
    }

    Addresses addresses() {
        return addresses;
    }

    RdmaCmId id() {
        return id;
    }

    IbvQP queuePair() {
        return queuePair;
    }

    int queuePairNumber() {
        return queuePairNumber;
    }

    /** Entries of the send queue. */
    int sendEntries() {
        return sendEntries;
    }

    /** Commands that the host may have outstanding. */
    int entries() {
        return request.entries();
    }

    /** RDMA READs that may be under way. */
    int depth() {
        return request.initiatorDepth();
    }

    /** Data that the queue takes in a capsule. */
    int inlineBytes() {
        return inlineBytes;
    }

    /** Has the requests from {@link #requestBase} on. */
    RegisteredMemory memory() {
        return memory;
    }

    long requestBase() {
        return group.shared() == null ? ReceiveSlots.bytes(entries(), inlineBytes) : 0;
    }

    /** Receives of its own, all of them to be posted; once. */
    ReceiveSlots ownSlots() {
        return new ReceiveSlots(memory, entries(), inlineBytes);
    }

    // ---- Messages from the loop.

    /** The connection is there, and wants to hear of what happens. */
    void connection(RdmaConnection made) {
        connection = made;
    }

    /** The connection has posted its receives. */
    void ready() {
        send(this::accept);
    }

    /** Ends the connection: all work requests are flushed. */
    void disconnect() {
        send(() -> {
            if (accepted && !destroyed) {
                cm.attempt("disconnect", () -> cm.manager().disconnect(id));
            } else {
                refuse();
                tell(RdmaConnection::destroy); // nothing will be flushed
            }
        });
    }

    /** Destroys queue pair and identifier; {@link RdmaConnection#onDestroyed} follows. */
    void destroy() {
        send(() -> {
            destroyNow();
            tell(RdmaConnection::onDestroyed);
        });
    }

    /** Frees the memory. */
    void free() {
        send(this::freeNow);
    }

    private void send(Runnable task) {
        try {
            cm.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: after the end of the control thread", addresses, e);
        }
    }

    // ---- The control thread.

    private void accept() {
        RdmaConnection owner = connection;
        if (destroyed || owner == null) {
            return;
        }
        try {
            cm.manager()
                    .accept(
                            id,
                            new ConnectParameters()
                                    .privateData(request.acceptance())
                                    .initiatorDepth(depth())
                                    .responderResources(0)
                                    .flowControl(true)
                                    .receiverNotReadyRetries(ConnectParameters.MAX_RETRIES));
            accepted = true;
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: cannot be accepted: {}", addresses, e.getMessage());
            owner.disconnect("it cannot be accepted: " + e.getMessage());
        }
    }

    /** Lets a host know that nobody will answer. */
    private void refuse() {
        if (!accepted && !destroyed) {
            cm.attempt(
                    "reject",
                    () ->
                            cm.manager()
                                    .reject(
                                            id,
                                            ConnectRequest.rejection(ConnectRefusal.NO_RESOURCES)));
        }
    }

    /** Something happened to the connection. */
    void end(String reason) {
        RdmaConnection owner = connection;
        if (owner != null) {
            owner.disconnect(reason);
        }
    }

    /** The host knows that it is accepted. */
    void onEstablished() {
        tell(RdmaConnection::onEstablished);
    }

    /** Has the connection, if there is one, told on its loop. */
    private void tell(Consumer<RdmaConnection> what) {
        RdmaConnection owner = connection;
        if (owner != null) {
            try {
                group.loop().execute(() -> what.accept(owner));
            } catch (RejectedExecutionException e) {
                LOG.debug("{}: after the end of its loop", addresses, e);
            }
        }
    }

    /** There is no connection: its loop has ended, or could not make it. Any thread. */
    void discard() {
        send(() -> {
            refuse();
            destroyNow();
            freeNow();
        });
    }

    private void destroyNow() {
        if (!destroyed) {
            destroyed = true;
            cm.forget(this);
            cm.attempt("queue pair", () -> cm.manager().destroyQP(id));
            cm.attempt("identifier", () -> cm.manager().destroyCmId(id));
        }
    }

    private void freeNow() {
        memory.free();
        group.takeBack(completions());
        group.device().onQueueGone(this);
    }

    @Override
    public String toString() {
        return addresses.toString();
    }
}
