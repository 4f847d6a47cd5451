package org.jnvmet.host.offload.uring;

import java.util.concurrent.CountDownLatch;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.host.offload.socket.Connection;
import org.jnvmet.host.offload.socket.DeviceThread;
import org.jnvmet.host.tcp.TcpQueue;
import org.jspecify.annotations.Nullable;

/**
 * A queue of the device: one receive and one send at most are in flight. Owned by the thread of its
 * ring, which is the only one that may submit to it; others hand requests over.
 */
final class UringQueue {
    /** Submissions that one call of {@link #submit} makes at most. */
    static final int SUBMISSIONS = 2;

    // What a tag stands for: in its low bits, below the number of the queue.
    private static final int RECEIVE = 0;
    private static final int SEND = 1;
    private static final int CANCEL_RECEIVE = 2;
    private static final int CANCEL_SEND = 3;
    private static final int KIND_BITS = 2;

    private final Connection connection;
    private final TcpQueue protocol;
    private final DeviceThread<UringDriver> thread;
    private final CountDownLatch drained = new CountDownLatch(1);
    private long tag;
    private boolean receiving;
    private boolean sending;
    private boolean cancellingReceive;
    private boolean cancellingSend;
    private boolean moreToReceive;
    private boolean stopping;

    /** Why nothing can be sent, while what the controller has sent last is still looked for. */
    private @Nullable HostException sendFailure;

    UringQueue(Connection connection, DeviceThread<UringDriver> thread) {
        this.connection = connection;
        this.thread = thread;
        protocol = connection.protocol();
    }

    /** Number of the queue that a tag is of. */
    static int numberOf(long tag) {
        return (int) (tag >>> KIND_BITS);
    }

    void number(int number) {
        tag = (long) number << KIND_BITS;
    }

    DeviceThread<UringDriver> thread() {
        return thread;
    }

    /** Any thread. */
    void send(HostRequest request) {
        if (thread.isCurrent()) {
            protocol.send(request); // submitted in the next round
        } else if (protocol.offer(request)) {
            thread.wake();
        }
    }

    /** Adds what there is to do to the ring; whether it was anything but to go on receiving. */
    boolean submit(Ring ring) {
        if (stopping) {
            return cancel(ring);
        }
        protocol.takeOffered();
        if (!receiving) {
            int wanted = protocol.receiveBytes();
            if (wanted > 0) {
                receiving = true;
                boolean waitFirst = !moreToReceive && ring.canWaitFirst();
                long address = protocol.receiveAddress();
                ring.receive(connection.socket(), address, wanted, waitFirst, tag | RECEIVE);
            }
        }
        if (sending || sendFailure != null || !protocol.hasOutput() || !connection.gather()) {
            return false;
        }
        sending = true;
        ring.send(connection.socket(), connection.message(), tag | SEND);
        return true;
    }

    void onCompletion(long of, int result, int flags) {
        switch ((int) (of - tag)) {
            case RECEIVE -> onReceived(result, (flags & Ring.SOCKET_HAS_MORE) != 0);
            case SEND -> onSent(result);
            case CANCEL_RECEIVE -> cancellingReceive = false;
            default -> cancellingSend = false;
        }
        if (stopping) {
            tellWhenDrained();
        }
    }

    private void onReceived(int result, boolean more) {
        receiving = false;
        moreToReceive = more;
        HostException reason = sendFailure;
        if (stopping || result == -Errno.EAGAIN || result == -Errno.EINTR) {
            return;
        }
        if (result <= 0 && reason != null) {
            protocol.fail(reason);
        } else {
            connection.onReceived(result);
        }
    }

    private void onSent(int result) {
        sending = false;
        if (stopping || result == -Errno.EAGAIN || result == -Errno.EINTR) {
            return;
        }
        if (result >= 0) {
            protocol.onSent(result);
        } else if (receiving && (result == -Errno.EPIPE || result == -Errno.ECONNRESET)) {
            sendFailure = connection.lost(result); // the controller may have said why
        } else {
            protocol.fail(connection.lost(result));
        }
    }

    /** It cannot be served any more. */
    void fail(HostException reason) {
        protocol.fail(reason);
    }

    // ---- draining

    /** Waits until nothing of the queue is in flight; from any thread but its own. */
    void drain() {
        thread.execute(this::stop);
        thread.await(drained);
    }

    private void stop() {
        stopping = true;
        protocol.stop();
        tellWhenDrained();
    }

    /** What is in flight has addresses of requests' memory: the kernel must let go of it. */
    private boolean cancel(Ring ring) {
        boolean cancelled = false;
        if (receiving && !cancellingReceive) {
            cancellingReceive = true;
            cancelled = true;
            ring.cancel(tag | RECEIVE, tag | CANCEL_RECEIVE);
        }
        if (sending && !cancellingSend) {
            cancellingSend = true;
            cancelled = true;
            ring.cancel(tag | SEND, tag | CANCEL_SEND);
        }
        return cancelled;
    }

    private void tellWhenDrained() {
        if (!receiving && !sending && !cancellingReceive && !cancellingSend) {
            drained.countDown();
        }
    }

    /** Frees what it has; it was drained, and the ring's thread knows it no more. */
    void close() {
        connection.close();
    }
}
