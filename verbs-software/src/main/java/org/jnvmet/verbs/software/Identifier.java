package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.VerbsException;
import org.jspecify.annotations.Nullable;

/**
 * An identifier of the connection manager: one that listens, or an end of a connection. Under the lock of
 * the network. Events and states are those that librdmacm and the kernel show.
 */
final class Identifier extends RdmaCmId {
    /** From its making to its destruction. */
    enum State {
        IDLE,
        BOUND,
        LISTENING,
        ADDRESS_RESOLVED,
        ROUTE_RESOLVED,
        /** Has asked for a connection. */
        CONNECTING,
        /** Was asked for a connection. */
        REQUESTED,
        /** Has accepted; the other side does not know yet. */
        ACCEPTED,
        ESTABLISHED,
        /** Has disconnected; the other side did not answer yet. */
        DISCONNECTING,
        /** The other side has disconnected; this one did not answer yet. */
        LEFT,
        /** Over, or refused. */
        CLOSED,
        DESTROYED
    }

    /** Of {@code enum ib_cm_rej_reason}. */
    static final int INVALID_SERVICE = 8;

    /** Of {@code enum ib_cm_rej_reason}. */
    static final int CONSUMER_DEFINED = 28;

    private static final int REPLY_BYTES = 196;
    private static final int REJECT_BYTES = 148;

    private final EventChannel channel;
    private State state = State.IDLE;
    private InetSocketAddress local = new InetSocketAddress(0);
    private @Nullable InetSocketAddress remote;
    private boolean reusesAddress;
    private boolean onlyItsFamily;
    private @Nullable Identifier peer;
    private @Nullable Identifier listener;
    private ConnectParameters request = new ConnectParameters();
    private int backlog;
    private int unacknowledged;

    Identifier(EventChannel channel, @Nullable SoftwareDevice device) throws IOException {
        super(channel, orNull(device));
        this.channel = channel;
    }

    @SuppressWarnings("NullAway") // it has none before it is bound
    private static SoftwareDevice orNull(@Nullable SoftwareDevice device) {
        return device;
    }

    State state() {
        return state;
    }

    EventChannel channel() {
        return channel;
    }

    @Nullable SoftwareDevice device() {
        return (SoftwareDevice) verbs;
    }

    void device(SoftwareDevice device) {
        setVerbs(device);
    }

    InetSocketAddress local() {
        return local;
    }

    void local(InetSocketAddress address) {
        local = address;
    }

    @Nullable InetSocketAddress remote() {
        return remote;
    }

    boolean reusesAddress() {
        return reusesAddress;
    }

    void reuseAddress() {
        reusesAddress = true;
    }

    boolean onlyItsFamily() {
        return onlyItsFamily;
    }

    void keepToItsFamily() {
        onlyItsFamily = true;
    }

    boolean isListening() {
        return state == State.LISTENING;
    }

    @Nullable QueuePair queuePair() {
        return (QueuePair) qpObj;
    }

    @SuppressWarnings("NullAway") // none any more
    void queuePair(@Nullable QueuePair queuePair) {
        setQp(queuePair);
    }

    /** Fails unless it is in one of the states. */
    void check(String call, State... allowed) throws VerbsException {
        if (!Arrays.asList(allowed).contains(state)) {
            throw Errno.of(Errno.EINVAL, call, "the identifier is " + state);
        }
    }

    void bound() {
        state = State.BOUND;
    }

    void listening(int backlog) {
        state = State.LISTENING;
        this.backlog = backlog;
    }

    void resolved(InetSocketAddress remote) {
        this.remote = remote;
        state = State.ADDRESS_RESOLVED;
        channel.tell(this, EventType.RDMA_CM_EVENT_ADDR_RESOLVED, 0);
    }

    void routed() {
        state = State.ROUTE_RESOLVED;
        channel.tell(this, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED, 0);
    }

    /** Nobody listens where it wants to go, or who does has no room. */
    void refused(int reason) {
        state = State.CLOSED;
        rejected(reason, new byte[0]);
    }

    void connecting() {
        state = State.CONNECTING;
    }

    /** Is what a listener is asked for by the identifier of the other side. */
    void requestedBy(Identifier other, Identifier listener, ConnectParameters parameters) {
        state = State.REQUESTED;
        this.listener = listener;
        local = new InetSocketAddress(addressOf(other.remote), listener.local.getPort());
        remote = other.local;
        request = parameters;
        peer = other;
        other.peer = this;
        listener.backlog--;
        listener.channel.request(listener, this, parameters);
    }

    private static InetAddress addressOf(@Nullable InetSocketAddress address) {
        if (address == null) {
            throw new IllegalStateException("it connects to nowhere");
        }
        return address.getAddress();
    }

    boolean hasRoom() {
        return backlog > 0;
    }

    private void noLongerRequested() {
        Identifier of = listener;
        if (of != null) {
            of.backlog++;
        }
        listener = null;
    }

    /** What it was asked for, or asks for. */
    ConnectParameters request() {
        return request;
    }

    void request(ConnectParameters parameters) {
        request = parameters;
    }

    /** Agrees; both have their queue pairs. */
    void agree(ConnectParameters parameters) {
        Identifier other = peer;
        if (other == null) {
            throw new IllegalStateException("nobody asked");
        }
        noLongerRequested();
        state = State.ACCEPTED;
        QueuePair own = queuePair();
        QueuePair others = other.queuePair();
        if (own != null) {
            if (others != null) {
                own.pair(others);
                others.pair(own);
            }
            own.connect(parameters.initiatorDepth(), request.getRnr_retry_count());
        }
        ConnectParameters seen =
                new ConnectParameters()
                        .privateData(Arrays.copyOf(parameters.privateData(), REPLY_BYTES))
                        .initiatorDepth(parameters.responderResources())
                        .responderResources(parameters.initiatorDepth())
                        .flowControl(parameters.getFlow_control() != 0)
                        .receiverNotReadyRetries(parameters.getRnr_retry_count());
        other.channel.tell(
                other, EventType.RDMA_CM_EVENT_ESTABLISHED, 0, seen, () -> other.established(seen));
    }

    /** Its application takes the reply: only now its queue pair is connected and the other side told. */
    private void established(ConnectParameters reply) {
        QueuePair own = queuePair();
        if (own != null) {
            own.connect(reply.initiatorDepth(), reply.getRnr_retry_count());
        }
        Identifier other = peer;
        if (state == State.CONNECTING && other != null && other.state == State.ACCEPTED) {
            state = State.ESTABLISHED;
            other.state = State.ESTABLISHED;
            QueuePair others = other.queuePair();
            if (others != null && others.isEstablishedLate()) {
                others.afterFirstMessage(other::tellEstablished);
            } else {
                other.tellEstablished();
            }
        }
    }

    private void tellEstablished() {
        if (state == State.ESTABLISHED) {
            channel.tell(this, EventType.RDMA_CM_EVENT_ESTABLISHED, 0);
        }
    }

    /** Declines. */
    void reject(byte[] privateData) {
        noLongerRequested();
        state = State.CLOSED;
        Identifier other = peer;
        if (other != null) {
            other.peer = null;
            other.state = State.CLOSED;
            other.rejected(CONSUMER_DEFINED, privateData);
        }
        peer = null;
    }

    private void rejected(int reason, byte[] privateData) {
        QueuePair own = queuePair();
        if (own != null) {
            own.fail();
        }
        ConnectParameters seen =
                new ConnectParameters().privateData(Arrays.copyOf(privateData, REJECT_BYTES));
        channel.tell(this, EventType.RDMA_CM_EVENT_REJECTED, reason, seen, () -> {});
    }

    /** Ends the connection, or answers the other side's end of it. */
    void part() {
        QueuePair own = queuePair();
        if (own != null) {
            own.fail();
        }
        Identifier other = peer;
        if (other == null) {
            return;
        }
        switch (state) {
            case ACCEPTED, ESTABLISHED -> {
                state = State.DISCONNECTING;
                other.state = State.LEFT;
                other.channel.tell(other, EventType.RDMA_CM_EVENT_DISCONNECTED, 0);
            }
            case LEFT -> {
                over();
                if (other.state == State.DISCONNECTING) {
                    other.channel.tell(other, EventType.RDMA_CM_EVENT_DISCONNECTED, 0);
                    other.over();
                }
            }
            default -> {}
        }
    }

    private void over() {
        state = State.CLOSED;
        channel.tell(this, EventType.RDMA_CM_EVENT_TIMEWAIT_EXIT, 0);
    }

    /** Is gone; the other side learns it as the kernel would tell. */
    void destroyed() {
        Identifier other = peer;
        switch (state) {
            case REQUESTED -> reject(new byte[0]);
            case CONNECTING -> {
                if (other != null) {
                    other.noLongerRequested();
                    other.state = State.CLOSED;
                    other.rejected(CONSUMER_DEFINED, new byte[0]);
                }
            }
            default -> part();
        }
        if (other != null && other.peer == this) {
            other.peer = null;
        }
        peer = null;
        state = State.DESTROYED;
        isOpen = false;
    }

    void toAcknowledge() {
        unacknowledged++;
    }

    void acknowledged() {
        unacknowledged--;
    }

    int unacknowledged() {
        return unacknowledged;
    }

    @Override
    public String toString() {
        return "%s %s".formatted(state, local);
    }
}
