package org.jnvmet.verbs.software;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that moves the data of a network. Whoever posts something says so with {@link #ready}, which
 * neither locks nor allocates. It works under the network's lock, one turn at a time; the lock is fair, so
 * control calls come in between.
 */
final class Worker {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    /** How often it looks again before it sleeps: what is answered at once finds it awake. */
    private static final int LOOKS = 50;

    private static final int JOIN_MS = 10_000;

    private final ReentrantLock lock;
    private final Thread thread;
    private final AtomicReference<@Nullable Turn> head = new AtomicReference<>();
    private final List<Timed> timed = new ArrayList<>(); // its own
    private volatile boolean idle;
    private volatile boolean closed;

    /** Something to do, once however often it is asked for. */
    static final class Turn {
        private final Runnable work;
        private final AtomicBoolean ready = new AtomicBoolean();
        private @Nullable Turn next;

        /** @param work what the worker does, under the lock */
        Turn(Runnable work) {
            this.work = work;
        }
    }

    private record Timed(long atNanos, Turn turn) {}

    Worker(ReentrantLock lock) {
        this.lock = lock;
        thread = Thread.ofPlatform().daemon().name("verbs-software").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Has it be that one's turn soon. Any thread. */
    void ready(Turn turn) {
        if (turn.ready.get() || !turn.ready.compareAndSet(false, true)) {
            return;
        }
        Turn before;
        do {
            before = head.get();
            turn.next = before;
        } while (!head.compareAndSet(before, turn));
        if (idle) {
            LockSupport.unpark(thread);
        }
    }

    /** Has it be that one's turn after a while. The worker's own. */
    void readyAt(long nanoTime, Turn turn) {
        timed.add(new Timed(nanoTime, turn));
    }

    /** Ends the thread. */
    void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        try {
            if (!thread.join(java.time.Duration.ofMillis(JOIN_MS))) {
                throw new IllegalStateException("the worker does not end");
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // who is waited for may need the core
    private void run() {
        int looks = 0;
        while (!closed) {
            Turn batch = head.getAndSet(null);
            if (batch != null) {
                looks = 0;
                work(inOrder(batch));
            } else if (!timed.isEmpty() && expire()) {
                looks = 0;
            } else if (looks++ < LOOKS) {
                Thread.yield();
            } else {
                looks = 0;
                sleep();
            }
        }
    }

    /** The stack as it was asked for, first come first served. */
    private static @Nullable Turn inOrder(Turn last) {
        Turn first = null;
        Turn each = last;
        while (each != null) {
            Turn earlier = each.next;
            each.next = first;
            first = each;
            each = earlier;
        }
        return first;
    }

    private void work(@Nullable Turn first) {
        Turn each = first;
        while (each != null) {
            Turn next = each.next;
            each.next = null;
            each.ready.set(false);
            lock.lock();
            try {
                each.work.run();
            } catch (RuntimeException | InternalError e) {
                LOG.error(
                        "the software fabric has a bug, or memory vanished that is registered", e);
            } finally {
                lock.unlock();
            }
            each = next;
        }
    }

    private boolean expire() {
        long now = System.nanoTime();
        boolean any = false;
        for (int i = timed.size() - 1; i >= 0; i--) {
            if (timed.get(i).atNanos - now <= 0) {
                ready(timed.remove(i).turn);
                any = true;
            }
        }
        return any;
    }

    private void sleep() {
        idle = true;
        if (head.get() == null && !closed) {
            if (timed.isEmpty()) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, 200_000);
            }
        }
        idle = false;
    }
}
