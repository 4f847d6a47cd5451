package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.SendCall;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what queue pairs have to send, as a reliable connection does: in order, each wholly or not at
 * all, and nothing after the first that fails. The worker's, under the lock of the network.
 */
final class Carrier {
    // Of enum ibv_wc_status.
    static final int SUCCESS = 0;
    static final int LOCAL_LENGTH = 1;
    static final int LOCAL_PROTECTION = 4;
    static final int FLUSHED = 5;
    static final int REMOTE_INVALID_REQUEST = 9;
    static final int REMOTE_ACCESS = 10;
    static final int REMOTE_OPERATION = 11;
    static final int RETRIES_EXCEEDED = 12;
    static final int RECEIVER_NOT_READY = 13;

    // Of enum ibv_wc_flags.
    static final int WITH_IMMEDIATE = 2;
    static final int WITH_INVALIDATE = 8;

    /** Work requests of a queue pair before it is the next one's turn. */
    private static final int TURN = 16;

    private static final long MOST_BYTES = 1L << 31;
    private static final long RETRY_NANOS = 1_000_000;

    private final Worker worker;
    private final Faults faults;
    private final CompletionQueue.Message message = new CompletionQueue.Message();

    Carrier(Worker worker, Faults faults) {
        this.worker = worker;
        this.faults = faults;
    }

    /** What a completion of that work request is, of {@code enum ibv_wc_opcode}. */
    static int completionOf(int opcode) {
        return switch (opcode) {
            case IbvSendWR.IBV_WR_RDMA_READ -> IbvWC.IbvWcOpcode.IBV_WC_RDMA_READ.getOpcode();
            case IbvSendWR.IBV_WR_RDMA_WRITE -> IbvWC.IbvWcOpcode.IBV_WC_RDMA_WRITE.getOpcode();
            default -> IbvWC.IbvWcOpcode.IBV_WC_SEND.getOpcode();
        };
    }

    /** It is that queue pair's turn. */
    void run(QueuePair queuePair) {
        int left = TURN;
        while (queuePair.phase() == QueuePair.Phase.CONNECTED && !queuePair.sendRing().isEmpty()) {
            if (left-- == 0) {
                worker.ready(queuePair.turn());
                return;
            }
            if (!carry(queuePair)) {
                return; // its turn comes when that changes what it waits for
            }
        }
        if (queuePair.phase() == QueuePair.Phase.ERROR) {
            flush(queuePair);
        }
    }

    private void flush(QueuePair queuePair) {
        SendRing send = queuePair.sendRing();
        while (!send.isEmpty()) {
            int entry = send.current();
            queuePair.sends().sent(queuePair, send, entry, send.advance(), FLUSHED);
        }
        if (queuePair.isShared()) {
            queuePair.reportLast();
            return;
        }
        ReceiveRing receives = queuePair.receiveRing();
        while (!receives.isEmpty()) {
            queuePair
                    .receives()
                    .received(queuePair, receives, receives.take(), message.of(FLUSHED));
        }
    }

    /** Carries out the next one; false when it has to wait. */
    private boolean carry(QueuePair from) {
        QueuePair to = from.peer();
        if (to == null || isDead(to)) {
            finish(from, RETRIES_EXCEEDED);
            return true;
        }
        if (to.phase() == QueuePair.Phase.UNCONNECTED) {
            return false; // its acknowledgement of the connection is under way
        }
        int entry = from.sendRing().current();
        return switch (from.sendRing().opcode(entry)) {
            case IbvSendWR.IBV_WR_RDMA_READ -> read(from, to, entry);
            case IbvSendWR.IBV_WR_RDMA_WRITE -> write(from, to, entry);
            default -> send(from, to, entry);
        };
    }

    private static boolean isDead(QueuePair queuePair) {
        return queuePair.phase() == QueuePair.Phase.ERROR
                || queuePair.phase() == QueuePair.Phase.DESTROYED;
    }

    private boolean read(QueuePair from, QueuePair to, int entry) {
        if (from.initiatorDepth() == 0) {
            return false; // no device ever sends it
        }
        int fault = faults.completion(Faults.Step.RDMA_READ);
        if (fault > 0) {
            finish(from, fault);
            return true;
        }
        SendRing ring = from.sendRing();
        long bytes = ring.segments().total(entry);
        int status = SUCCESS;
        if (bytes > MOST_BYTES) {
            status = LOCAL_LENGTH;
        } else if (!ring.segments()
                .allowed(entry, from.domain(), from.device().readSinkAccess(), bytes)) {
            status = LOCAL_PROTECTION;
        } else if (!remote(from, to, entry, IbvMr.IBV_ACCESS_REMOTE_READ)) {
            status = REMOTE_ACCESS;
        } else {
            ring.segments().fromMemory(entry, ring.remoteAddress(entry));
        }
        end(from, status, fault);
        return true;
    }

    private boolean write(QueuePair from, QueuePair to, int entry) {
        int fault = faults.completion(Faults.Step.RDMA_WRITE);
        if (fault > 0) {
            finish(from, fault);
            return true;
        }
        SendRing ring = from.sendRing();
        int status = gatherable(from, entry);
        if (status == SUCCESS) {
            if (remote(from, to, entry, IbvMr.IBV_ACCESS_REMOTE_WRITE)) {
                ring.segments().toMemory(entry, ring.remoteAddress(entry));
            } else {
                status = REMOTE_ACCESS;
            }
        }
        end(from, status, fault);
        return true;
    }

    /** Whether the other side's memory may be touched; if not, its queue pair is in error. */
    private static boolean remote(QueuePair from, QueuePair to, int entry, int access) {
        SendRing ring = from.sendRing();
        long bytes = ring.segments().total(entry);
        boolean allowed =
                bytes == 0
                        || to.domain()
                                .allowsRemote(
                                        ring.remoteKey(entry),
                                        ring.remoteAddress(entry),
                                        bytes,
                                        access);
        if (!allowed) {
            to.fail(AsyncEvent.Type.QP_ACCESS_ERR);
        }
        return allowed;
    }

    private static int gatherable(QueuePair from, int entry) {
        SendRing ring = from.sendRing();
        long bytes = ring.segments().total(entry);
        if (bytes > MOST_BYTES) {
            return LOCAL_LENGTH;
        }
        return ring.isInline(entry) || ring.segments().allowed(entry, from.domain(), 0, bytes)
                ? SUCCESS
                : LOCAL_PROTECTION;
    }

    private boolean send(QueuePair from, QueuePair to, int entry) {
        ReceiveRing receives = to.receiveRing();
        int status = gatherable(from, entry);
        if (status == SUCCESS && receives.isEmpty()) {
            return awaitReceive(from, receives);
        }
        from.delivered();
        int fault = faults.completion(Faults.Step.SEND);
        if (status != SUCCESS || fault > 0) {
            finish(from, fault > 0 ? fault : status);
            return true;
        }
        end(from, deliver(from, to, entry), fault);
        return true;
    }

    /** No receive is posted; whether the send is over. */
    private boolean awaitReceive(QueuePair from, ReceiveRing receives) {
        if (from.waitsForEver()) {
            receives.waitFor(from);
            return false;
        }
        long now = System.nanoTime();
        if (from.pauses(now)) {
            return false;
        }
        if (from.givesUp()) {
            finish(from, RECEIVER_NOT_READY);
            return true;
        }
        from.retryAt(now + RETRY_NANOS);
        worker.readyAt(now + RETRY_NANOS, from.turn());
        return false;
    }

    /** Fills a receive; what becomes of the send. */
    private int deliver(QueuePair from, QueuePair to, int entry) {
        SendRing ring = from.sendRing();
        ReceiveRing receives = to.receiveRing();
        int into = receives.take();
        int fault = faults.completion(Faults.Step.RECEIVE);
        long bytes = ring.segments().total(entry);
        if (fault > 0) {
            return refuse(to, into, fault, null, REMOTE_OPERATION);
        }
        if (bytes > receives.segments().total(into)) {
            return refuse(
                    to, into, LOCAL_LENGTH, AsyncEvent.Type.QP_REQ_ERR, REMOTE_INVALID_REQUEST);
        }
        if (!receives.segments().allowed(into, to.domain(), IbvMr.IBV_ACCESS_LOCAL_WRITE, bytes)) {
            return refuse(to, into, LOCAL_PROTECTION, null, REMOTE_OPERATION);
        }
        int opcode = ring.opcode(entry);
        if (opcode == SendCall.SEND_WITH_INVALIDATE && !invalidate(to, ring.extra(entry))) {
            return refuse(to, into, REMOTE_ACCESS, AsyncEvent.Type.QP_ACCESS_ERR, REMOTE_ACCESS);
        }
        ring.segments().copyTo(entry, receives.segments(), into);
        message.of(SUCCESS);
        message.bytes = (int) bytes;
        message.solicited = ring.isSolicited(entry);
        if (opcode != IbvSendWR.IBV_WR_SEND) {
            message.flags =
                    opcode == SendCall.SEND_WITH_INVALIDATE ? WITH_INVALIDATE : WITH_IMMEDIATE;
            message.extra = ring.extra(entry);
        }
        if (fault != Faults.LOST) {
            to.receives().received(to, receives, into, message);
        }
        to.received();
        return SUCCESS;
    }

    private int refuse(
            QueuePair to, int into, int status, AsyncEvent.@Nullable Type why, int answer) {
        to.receives().received(to, to.receiveRing(), into, message.of(status));
        if (why != null) {
            to.fail(why);
        } else {
            to.fail();
        }
        return answer;
    }

    private static boolean invalidate(QueuePair to, int key) {
        Region region = to.domain().remote(key);
        if (region == null || !region.allows(0)) {
            return false;
        }
        region.invalidate();
        return true;
    }

    /** The current one is done as far as it went, unless its completion is to be lost. */
    private static void end(QueuePair queuePair, int status, int fault) {
        if (fault == Faults.LOST && status == SUCCESS) {
            long _ = queuePair.sendRing().advance();
        } else {
            finish(queuePair, status);
        }
    }

    private static void finish(QueuePair queuePair, int status) {
        SendRing ring = queuePair.sendRing();
        int entry = ring.current();
        boolean told = status != SUCCESS || queuePair.signals(entry);
        long upTo = ring.advance();
        if (told) {
            queuePair.sends().sent(queuePair, ring, entry, upTo, status);
        }
        if (status != SUCCESS) {
            queuePair.fail();
        }
    }
}
