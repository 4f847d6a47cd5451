package org.jnvmet.host.offload.poll;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.offload.socket.Connection;
import org.jnvmet.host.offload.socket.DeviceThread;
import org.jnvmet.host.tcp.TcpQueue;
import org.jspecify.annotations.Nullable;

/**
 * A queue of the device. It is owned by whoever has entered it: as a rule the device's thread, now and
 * then a thread that polls, and in the end whoever drains it, for good. Nobody waits to enter but who
 * drains.
 */
final class PollQueue {
    // Values of ownership.
    private static final int FREE = 0;
    private static final int OWNED = 1;
    private static final int DRAINED = 2;

    /** A queue that was quiet for so many rounds is looked at in one round of {@link #SELDOM} only. */
    private static final int QUIET_ROUNDS = 4096;

    private static final int SELDOM = 64;
    private static final long PAUSE_NANOS = 10_000;

    private final Connection connection;
    private final TcpQueue protocol;
    private final DeviceThread<PollDriver> thread;
    private final AtomicInteger ownership = new AtomicInteger(FREE);

    /** Who has entered. Others may read what they like: nobody reads himself by mistake. */
    private @Nullable Thread owner;

    private int quietRounds;

    PollQueue(Connection connection, DeviceThread<PollDriver> thread) {
        this.connection = connection;
        this.thread = thread;
        protocol = connection.protocol();
    }

    DeviceThread<PollDriver> thread() {
        return thread;
    }

    int socket() {
        return connection.socket();
    }

    /** Any thread. */
    @SuppressWarnings("ReferenceEquality") // the very thread
    void send(HostRequest request) {
        if (owner == Thread.currentThread()) {
            protocol.send(request); // goes out before this turn ends
        } else if (protocol.offer(request)) {
            thread.wake();
        }
    }

    private boolean enter() {
        if (ownership.get() == FREE && ownership.compareAndSet(FREE, OWNED)) {
            owner = Thread.currentThread();
            return true;
        }
        return false;
    }

    private void leave() {
        owner = null;
        ownership.set(FREE);
    }

    /** Any thread: receives and sends in its stead, if it is not just doing that. */
    int poll() {
        if (!enter()) {
            return 0;
        }
        long before = protocol.completed();
        try {
            boolean _ = turn(true);
            return (int) (protocol.completed() - before);
        } finally {
            boolean unsent = protocol.hasOutput();
            leave();
            if (unsent) {
                thread.wake(); // for it to wait until there is room
            }
        }
    }

    /** The device's thread; whether there was anything to do. */
    boolean work(int round) {
        if (!enter()) {
            return ownership.get() == OWNED;
        }
        try {
            if (turn(quietRounds < QUIET_ROUNDS || round % SELDOM == 0)) {
                quietRounds = 0;
                return true;
            }
            quietRounds++;
            return false;
        } finally {
            leave();
        }
    }

    private boolean turn(boolean receive) {
        boolean traffic = receive && connection.receive();
        protocol.takeOffered();
        return connection.send() || traffic;
    }

    /** The device's thread: what to wait for before the next turn; -1 when it must not sleep. */
    int interest() {
        if (!enter()) {
            return ownership.get() == DRAINED ? 0 : -1;
        }
        try {
            quietRounds = 0;
            return connection.interest();
        } finally {
            leave();
        }
    }

    /** The device's thread: it cannot be served any more. */
    void fail(HostException reason) {
        if (enter()) {
            try {
                protocol.fail(reason);
            } finally {
                leave();
            }
        }
    }

    /** Enters for good; then nothing happens to the queue any more. */
    @SuppressWarnings("ReferenceEquality") // the very thread
    void drain() {
        if (owner == Thread.currentThread()) {
            throw new IllegalStateException(protocol + " is drained from its own completion");
        }
        while (!ownership.compareAndSet(FREE, DRAINED)) {
            LockSupport.parkNanos(PAUSE_NANOS); // the owner is about to leave
        }
        protocol.stop();
    }

    /** Frees what it has; the device's thread knows it no more. */
    void close() {
        connection.close();
    }
}
