package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import java.io.IOException;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.VerbsException;
import org.jspecify.annotations.Nullable;

/**
 * A reliable connection's end. Its posts are for one thread at a time and take no lock; all else is under
 * the lock of the network, and what is posted is carried out by the {@link Carrier}.
 */
final class QueuePair extends IbvQP {
    /** From its making to its end. */
    enum Phase {
        /** Receives may be posted. */
        UNCONNECTED,
        CONNECTED,
        /** All that is posted is flushed. */
        ERROR,
        DESTROYED
    }

    /** RNR retries that mean: for ever. */
    static final int RETRY_FOR_EVER = 7;

    private final SoftwareDevice device;
    private final ProtectionDomain domain;
    private final CompletionQueue sends;
    private final CompletionQueue receives;
    private final @Nullable SoftwareReceiveQueue shared;
    private final SendRing sendRing;
    private final ReceiveRing receiveRing;
    private final boolean signalsAll;
    private final Worker.Turn turn;
    private volatile Phase phase = Phase.UNCONNECTED;
    private @Nullable QueuePair peer;
    private int initiatorDepth;
    private int retries = RETRY_FOR_EVER;
    private int retried;
    private long retryAt;
    private boolean lastReported;
    private @Nullable Runnable firstMessage;

    QueuePair(
            ProtectionDomain domain,
            IbvQPInitAttr attributes,
            @Nullable SoftwareReceiveQueue shared,
            int number)
            throws IOException {
        super(number);
        device = domain.device();
        this.domain = domain;
        this.shared = shared;
        sends = (CompletionQueue) attributes.getSend_cq();
        receives = (CompletionQueue) attributes.getRecv_cq();
        Network network = device.network();
        sendRing =
                new SendRing(
                        attributes.cap().getMax_send_wr(),
                        attributes.cap().getMax_send_sge(),
                        attributes.cap().getMax_inline_data());
        receiveRing =
                shared != null
                        ? shared.ring()
                        : new ReceiveRing(
                                network.worker(),
                                attributes.cap().getMax_recv_wr(),
                                attributes.cap().getMax_recv_sge());
        signalsAll = attributes.getSq_sig_all() != 0;
        turn = new Worker.Turn(() -> network.carrier().run(this));
        context = device;
        pd = domain;
        send_cq = sends;
        recv_cq = receives;
        handle = number;
        qp_type = IBV_QPT_RC;
        state = IBV_QPS_INIT;
        join();
    }

    private void join() {
        domain.join();
        sends.queuePairs().add(this);
        receives.queuePairs().add(this);
        device.queuePairs().add(this);
        if (shared != null) {
            shared.join();
        }
    }

    int number() {
        return handle;
    }

    SoftwareDevice device() {
        return device;
    }

    ProtectionDomain domain() {
        return domain;
    }

    CompletionQueue sends() {
        return sends;
    }

    CompletionQueue receives() {
        return receives;
    }

    SendRing sendRing() {
        return sendRing;
    }

    ReceiveRing receiveRing() {
        return receiveRing;
    }

    boolean isShared() {
        return shared != null;
    }

    boolean signals(int entry) {
        return signalsAll || sendRing.isSignaled(entry);
    }

    Worker.Turn turn() {
        return turn;
    }

    Phase phase() {
        return phase;
    }

    @Nullable QueuePair peer() {
        return peer;
    }

    int initiatorDepth() {
        return initiatorDepth;
    }

    /** Whether it waits for a receiver that is not ready, without end. */
    boolean waitsForEver() {
        return retries == RETRY_FOR_EVER;
    }

    /** Whether the receiver was not ready once too often. */
    boolean givesUp() {
        return retried >= retries;
    }

    /** Whether it is too early for the next attempt. */
    boolean pauses(long nanoTime) {
        return retried > 0 && nanoTime - retryAt < 0;
    }

    void retryAt(long nanoTime) {
        retried++;
        retryAt = nanoTime;
    }

    void delivered() {
        retried = 0;
    }

    /** Who the other end is, before it is {@link #connect connected}. */
    void pair(QueuePair other) {
        peer = other;
    }

    /** It may send and receive. What the other side may READ at a time is what it was told, so nobody exceeds it. */
    void connect(int initiatorDepth, int retries) {
        if (phase != Phase.UNCONNECTED) {
            return; // in error before it was connected
        }
        this.initiatorDepth = initiatorDepth;
        this.retries = retries;
        phase = Phase.CONNECTED;
        state = IBV_QPS_RTS;
        wakeBoth();
    }

    boolean isEstablishedLate() {
        return device.network().faults().isEstablishedLate();
    }

    /** What happens once it has received something. */
    void afterFirstMessage(Runnable action) {
        firstMessage = action;
    }

    /** Has received something. */
    void received() {
        Runnable action = firstMessage;
        if (action != null) {
            firstMessage = null;
            action.run();
        }
    }

    /** Goes to error: what is posted and will be posted is flushed. */
    void fail() {
        if (phase == Phase.UNCONNECTED || phase == Phase.CONNECTED) {
            phase = Phase.ERROR;
            state = IBV_QPS_ERR;
            wakeBoth();
        }
    }

    /** Goes to error for a reason that the device reports. */
    void fail(AsyncEvent.Type why) {
        if (phase == Phase.UNCONNECTED || phase == Phase.CONNECTED) {
            device.report(why, number());
        }
        fail();
    }

    /** Its completion queue is broken. */
    void fatal() {
        fail(AsyncEvent.Type.QP_FATAL);
    }

    /** Nothing of a shared queue is taken for it any more; said once. */
    void reportLast() {
        if (!lastReported) {
            lastReported = true;
            device.report(AsyncEvent.Type.QP_LAST_WQE_REACHED, number());
        }
    }

    private void wakeBoth() {
        Worker worker = device.network().worker();
        worker.ready(turn);
        QueuePair other = peer;
        if (other != null) {
            worker.ready(other.turn);
        }
    }

    void destroy() {
        fail();
        phase = Phase.DESTROYED;
        isOpen = false;
        domain.leave();
        sends.queuePairs().remove(this);
        receives.queuePairs().remove(this);
        device.queuePairs().remove(this);
        if (shared != null) {
            shared.leave();
        }
    }

    /** Posts to the send queue. Its poster's thread. */
    long postSend(long first) throws VerbsException {
        device.network().step(Faults.Step.POST_SEND, "ibv_post_send");
        checkExists();
        if (phase == Phase.UNCONNECTED) {
            throw Errno.of(Errno.EINVAL, "ibv_post_send", "the queue pair is not connected");
        }
        try {
            return sendRing.post(first);
        } finally {
            device.network().worker().ready(turn);
        }
    }

    /** Posts to its own receive queue. Its poster's thread. */
    long postReceive(long first) throws VerbsException {
        device.network().step(Faults.Step.POST_RECEIVE, "ibv_post_recv");
        checkExists();
        if (shared != null) {
            throw Errno.of(Errno.EINVAL, "ibv_post_recv", "it has a shared receive queue");
        }
        try {
            return receiveRing.post(first);
        } finally {
            if (phase == Phase.ERROR) {
                device.network().worker().ready(turn);
            }
        }
    }

    private void checkExists() {
        if (phase == Phase.DESTROYED) {
            throw new IllegalStateException("queue pair " + handle + " is destroyed");
        }
    }
}
