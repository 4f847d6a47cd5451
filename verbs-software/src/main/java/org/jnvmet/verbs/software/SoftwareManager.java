package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.software.Identifier.State;
import org.jnvmet.verbs.software.Ledger.Kind;
import org.jspecify.annotations.Nullable;

/** The connection manager of a fabric. */
final class SoftwareManager extends ConnectionManager {
    /** Private data of a request, what the connection manager itself needs taken off. */
    private static final int REQUEST_BYTES = 56;

    private static final int REJECT_BYTES = 148;

    /** How long a destruction waits for acknowledgements before it says that they are missing. */
    private static final long ACKNOWLEDGE_SECONDS = 10;

    private final Network network;

    SoftwareManager(Network network) {
        this.network = network;
    }

    @Override
    public RdmaEventChannel createEventChannel() throws IOException {
        return network.locked(() -> {
            network.step(Faults.Step.CREATE_CHANNEL, "rdma_create_event_channel");
            EventDescriptor descriptor = new EventDescriptor();
            EventChannel made =
                    network.provider().make(() -> new EventChannel(network, descriptor));
            network.ledger().made(Kind.CHANNEL, made);
            return made;
        });
    }

    @Override
    public int destroyEventChannel(RdmaEventChannel channel) throws IOException {
        return network.locked(() -> {
            EventChannel own = channel(channel);
            for (Object each : network.ledger().of(Kind.ID)) {
                if (((Identifier) each).channel() == own) {
                    throw Errno.of(
                            Errno.EBUSY,
                            "rdma_destroy_event_channel",
                            "it has the identifier " + each);
                }
            }
            network.ledger().gone(Kind.CHANNEL, own);
            own.shut();
            return 0;
        });
    }

    @Override
    public RdmaCmId createId(RdmaEventChannel channel, short portSpace) throws IOException {
        return network.locked(() -> {
            network.step(Faults.Step.CREATE_ID, "rdma_create_id");
            if (portSpace != RDMA_PS_TCP) {
                throw Errno.of(Errno.EOPNOTSUPP, "rdma_create_id", "port space " + portSpace);
            }
            return newIdentifier(channel(channel), null);
        });
    }

    private Identifier newIdentifier(EventChannel channel, @Nullable SoftwareDevice device)
            throws IOException {
        network.ledger().present(Kind.CHANNEL, channel);
        Identifier made = network.provider().make(() -> new Identifier(channel, device));
        network.ledger().made(Kind.ID, made);
        return made;
    }

    @Override
    public int destroyCmId(RdmaCmId id) throws IOException {
        return network.locked(() -> {
            Identifier own = identifier(id);
            if (own.queuePair() != null) {
                throw Errno.of(Errno.EBUSY, "rdma_destroy_id", "the identifier has a queue pair");
            }
            destroy(own);
            return 0;
        });
    }

    private void destroy(Identifier id) throws IOException {
        network.ports().release(id);
        for (Identifier each : id.channel().forget(id)) {
            destroy(each);
        }
        id.destroyed();
        network.ledger().gone(Kind.ID, id);
        long most = TimeUnit.SECONDS.toNanos(ACKNOWLEDGE_SECONDS);
        if (!network.await(() -> id.unacknowledged() == 0, most)) {
            throw new IllegalStateException(
                    "rdma_destroy_id: %d events are not acknowledged"
                            .formatted(id.unacknowledged()));
        }
    }

    @Override
    public void reuseAddress(RdmaCmId id) throws IOException {
        network.locked(() -> {
            identifier(id).check("rdma_set_option", State.IDLE);
            identifier(id).reuseAddress();
            return 0;
        });
    }

    @Override
    public void onlyItsFamily(RdmaCmId id) throws IOException {
        network.locked(() -> {
            identifier(id).check("rdma_set_option", State.IDLE);
            identifier(id).keepToItsFamily();
            return 0;
        });
    }

    @Override
    public void bindAddr(RdmaCmId id, SocketAddress address) throws IOException {
        network.locked(() -> {
            network.step(Faults.Step.BIND, "rdma_bind_addr");
            Identifier own = identifier(id);
            own.check("rdma_bind_addr", State.IDLE);
            InetSocketAddress wanted = resolved(address);
            if (!wanted.getAddress().isAnyLocalAddress()) {
                own.device(owner(wanted.getAddress(), "rdma_bind_addr"));
            }
            network.ports().bind(own, wanted);
            own.bound();
            return 0;
        });
    }

    private SoftwareDevice owner(InetAddress address, String call) throws VerbsException {
        SoftwareDevice device = network.device(address);
        if (device == null) {
            throw Errno.of(Errno.EADDRNOTAVAIL, call, "no device has " + address);
        }
        return device;
    }

    @Override
    public void listen(RdmaCmId id, int backlog) throws IOException {
        network.locked(() -> {
            network.step(Faults.Step.LISTEN, "rdma_listen");
            Identifier own = identifier(id);
            own.check("rdma_listen", State.BOUND);
            network.ports().checkListen(own);
            own.listening(backlog <= 0 ? 1024 : backlog);
            return 0;
        });
    }

    @Override
    public void resolveAddr(
            RdmaCmId id, @Nullable SocketAddress source, SocketAddress destination, int timeoutMs)
            throws IOException {
        network.locked(() -> {
            network.step(Faults.Step.RESOLVE, "rdma_resolve_addr");
            Identifier own = identifier(id);
            own.check("rdma_resolve_addr", State.IDLE, State.BOUND);
            InetSocketAddress to = resolved(destination);
            SoftwareDevice there = network.device(to.getAddress());
            if (own.state() == State.IDLE && source != null) {
                InetSocketAddress from = resolved(source);
                own.device(owner(from.getAddress(), "rdma_resolve_addr"));
                network.ports().bind(own, from);
                own.bound();
            }
            if (there == null) {
                own.channel().tell(own, EventType.RDMA_CM_EVENT_ADDR_ERROR, -Errno.EHOSTUNREACH);
                return 0;
            }
            if (own.device() == null) {
                own.device(there); // to an address of our own there is a way within
            }
            if (own.state() == State.IDLE) {
                network.ports().bind(own, new InetSocketAddress(to.getAddress(), 0));
            }
            own.resolved(to);
            return 0;
        });
    }

    @Override
    public void resolveRoute(RdmaCmId id, int timeoutMs) throws IOException {
        network.locked(() -> {
            network.step(Faults.Step.RESOLVE, "rdma_resolve_route");
            Identifier own = identifier(id);
            own.check("rdma_resolve_route", State.ADDRESS_RESOLVED);
            own.routed();
            return 0;
        });
    }

    @Override
    public void connect(RdmaCmId id, RdmaConnParam parameters) throws IOException {
        network.locked(() -> {
            network.step(Faults.Step.CONNECT, "rdma_connect");
            connect(identifier(id), parameters("rdma_connect", parameters));
            return 0;
        });
    }

    private void connect(Identifier id, ConnectParameters parameters) throws IOException {
        id.check("rdma_connect", State.ROUTE_RESOLVED);
        SoftwareDevice device = deviceOf(id, "rdma_connect");
        ConnectParameters own = limited("rdma_connect", parameters, device);
        if (parameters.privateData().length > REQUEST_BYTES) {
            throw Errno.of(
                    Errno.EINVAL,
                    "rdma_connect",
                    parameters.privateData().length + " bytes of private data");
        }
        if (id.queuePair() == null) {
            throw Errno.of(Errno.EINVAL, "rdma_connect", "the identifier has no queue pair");
        }
        InetSocketAddress to = id.remote();
        SoftwareDevice there = to == null ? null : network.device(to.getAddress());
        Identifier listener =
                to == null || there == null ? null : network.ports().listener(to, there);
        if (listener == null) {
            id.refused(Identifier.INVALID_SERVICE);
            return;
        }
        if (!listener.hasRoom()) {
            id.refused(Identifier.CONSUMER_DEFINED);
            return;
        }
        byte[] data = network.faults().changed(parameters.privateData());
        ConnectParameters seen =
                new ConnectParameters()
                        .privateData(Arrays.copyOf(data, REQUEST_BYTES))
                        .initiatorDepth(own.responderResources())
                        .responderResources(own.initiatorDepth())
                        .flowControl(own.getFlow_control() != 0)
                        .retries(own.getRetry_count())
                        .receiverNotReadyRetries(own.getRnr_retry_count());
        id.connecting();
        newIdentifier(listener.channel(), there).requestedBy(id, listener, seen);
    }

    @Override
    public void accept(RdmaCmId id, RdmaConnParam parameters) throws IOException {
        network.locked(() -> {
            network.step(Faults.Step.ACCEPT, "rdma_accept");
            Identifier own = identifier(id);
            own.check("rdma_accept", State.REQUESTED);
            SoftwareDevice device = deviceOf(own, "rdma_accept");
            if (own.queuePair() == null) {
                throw Errno.of(Errno.EINVAL, "rdma_accept", "the identifier has no queue pair");
            }
            own.agree(limited("rdma_accept", parameters("rdma_accept", parameters), device));
            return 0;
        });
    }

    @Override
    public void reject(RdmaCmId id, byte[] privateData) throws IOException {
        network.locked(() -> {
            network.step(Faults.Step.REJECT, "rdma_reject");
            Identifier own = identifier(id);
            own.check("rdma_reject", State.REQUESTED);
            if (privateData.length > REJECT_BYTES) {
                throw Errno.of(
                        Errno.EINVAL, "rdma_reject", privateData.length + " bytes of private data");
            }
            own.reject(privateData);
            return 0;
        });
    }

    @Override
    public int disconnect(RdmaCmId id) throws IOException {
        return network.locked(() -> {
            Identifier own = identifier(id);
            own.check(
                    "rdma_disconnect",
                    State.CONNECTING,
                    State.REQUESTED,
                    State.ACCEPTED,
                    State.ESTABLISHED,
                    State.DISCONNECTING,
                    State.LEFT,
                    State.CLOSED);
            own.part();
            return 0;
        });
    }

    @Override
    public @Nullable CmEvent getCmEvent(RdmaEventChannel channel, int timeoutMs)
            throws IOException {
        long nanos = timeoutMs < 0 ? -1 : TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        return network.locked(() -> {
            EventChannel own = channel(channel);
            network.ledger().present(Kind.CHANNEL, own);
            return network.await(own::hasEvents, nanos) ? own.take() : null;
        });
    }

    @Override
    public int ackCmEvent(RdmaCmEvent event) {
        CmEvent own = (CmEvent) event;
        boolean request = own.type() == EventType.RDMA_CM_EVENT_CONNECT_REQUEST;
        Identifier owner = (Identifier) (request ? own.getListenIdPriv() : own.id());
        try {
            return network.locked(() -> {
                owner.acknowledged();
                network.change();
                return 0;
            });
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public IbvQP createQP(RdmaCmId id, IbvPd domain, IbvQPInitAttr attributes) throws IOException {
        return network.locked(() -> {
            network.step(Faults.Step.CREATE_QP, "rdma_create_qp");
            Identifier own = identifier(id);
            SoftwareDevice device = deviceOf(own, "rdma_create_qp");
            if (own.queuePair() != null) {
                throw Errno.of(Errno.EINVAL, "rdma_create_qp", "it has one already");
            }
            QueuePair made =
                    QueuePairs.make(network, device, (ProtectionDomain) domain, attributes);
            own.queuePair(made);
            network.ledger().made(Kind.QUEUE_PAIR, made);
            return made;
        });
    }

    @Override
    public int destroyQP(RdmaCmId id) throws IOException {
        return network.locked(() -> {
            Identifier own = identifier(id);
            QueuePair queuePair = own.queuePair();
            if (queuePair == null) {
                throw new IllegalStateException("rdma_destroy_qp: there is none");
            }
            network.ledger().gone(Kind.QUEUE_PAIR, queuePair);
            queuePair.destroy();
            own.queuePair(null);
            return 0;
        });
    }

    @Override
    public int destroyEp(RdmaCmId id) throws IOException {
        if (id.getQp() != null) {
            int _ = destroyQP(id);
        }
        return destroyCmId(id);
    }

    @Override
    public SocketAddress getSrcAddr(RdmaCmId id) throws IOException {
        return network.locked(() -> identifier(id).local());
    }

    @Override
    public @Nullable SocketAddress getDstAddr(RdmaCmId id) throws IOException {
        return network.<@Nullable SocketAddress>locked(() -> identifier(id).remote());
    }

    /** What the device can do, where as much as possible is asked for. */
    private static ConnectParameters limited(
            String call, ConnectParameters asked, SoftwareDevice device) throws VerbsException {
        int responder = device.limits().responderDepth();
        int initiator = device.limits().initiatorDepth();
        return new ConnectParameters()
                .privateData(asked.privateData())
                .responderResources(depth(call, asked.responderResources(), responder))
                .initiatorDepth(depth(call, asked.initiatorDepth(), initiator))
                .flowControl(asked.getFlow_control() != 0)
                .retries(asked.getRetry_count())
                .receiverNotReadyRetries(asked.getRnr_retry_count());
    }

    private static int depth(String call, int asked, int most) throws VerbsException {
        if (asked != ConnectParameters.MAX_DEPTH && asked > most) {
            throw Errno.of(Errno.EINVAL, call, "depth %d, of at most %d".formatted(asked, most));
        }
        return Math.min(asked, most);
    }

    private static ConnectParameters parameters(String call, RdmaConnParam parameters)
            throws VerbsException {
        if (parameters instanceof ConnectParameters own) {
            return own;
        }
        throw Errno.of(Errno.EINVAL, call, "parameters without private data");
    }

    private SoftwareDevice deviceOf(Identifier id, String call) throws VerbsException {
        SoftwareDevice device = id.device();
        if (device == null) {
            throw Errno.of(Errno.EINVAL, call, "the identifier has no device");
        }
        device.checkPresent(call);
        return device;
    }

    private Identifier identifier(RdmaCmId id) {
        network.ledger().present(Kind.ID, id);
        return (Identifier) id;
    }

    private static EventChannel channel(RdmaEventChannel channel) {
        return (EventChannel) channel;
    }

    private static InetSocketAddress resolved(SocketAddress address) throws VerbsException {
        if (address instanceof InetSocketAddress inet && !inet.isUnresolved()) {
            return inet;
        }
        throw Errno.of(Errno.EINVAL, "rdma_cm", "no address: " + address);
    }
}
