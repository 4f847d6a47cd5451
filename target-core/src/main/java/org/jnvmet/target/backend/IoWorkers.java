package org.jnvmet.target.backend;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that wait for media, so that event loops need not: a bounded number for the whole
 * process, started as they are needed and then kept. Each medium has a {@link Lane}; lanes with work
 * take turns, and none may occupy all threads, so that a slow medium does not stop the others.
 *
 * <p>A loop hands an operation over without a lock and without an allocation: it pushes it on the
 * lane's stack of arrivals, and the lane, if nobody attends to it yet, on the stack of announcements.
 * Only workers, which may wait, share the lock that turns both stacks into first-come-first-served
 * lists. The links are in the operations and lanes themselves.
 */
public final class IoWorkers implements AutoCloseable {
    /** Enough for the queue depth that one fast device wants from threads. */
    public static final int DEFAULT_THREADS = 32;

    /** Idle threads are bits of one long. */
    public static final int MAX_THREADS = 64;

    private static final Logger LOG = LoggerFactory.getLogger(IoWorkers.class);
    private static final VarHandle ANNOUNCEMENTS =
            handle(IoWorkers.class, "announcements", Lane.class);
    private static final VarHandle ARRIVALS = handle(Lane.class, "arrivals", BlockOperation.class);
    private static final VarHandle ANNOUNCED = handle(Lane.class, "announced", boolean.class);

    /** What a lane does with an operation, on a worker; it may wait. */
    @FunctionalInterface
    interface Action {
        Status perform(BlockOperation operation);
    }

    private final int maxThreads;
    private final int maxThreadsPerLane;
    private final AtomicInteger started = new AtomicInteger();
    private final AtomicReferenceArray<@Nullable Worker> workers;
    private final AtomicLong idle = new AtomicLong();
    private volatile boolean closed;
    private volatile @Nullable Lane announcements;

    private final Object turns = new Object(); // workers only; never held around an operation
    private @Nullable Lane firstReady; // guarded by turns, as the next
    private @Nullable Lane lastReady;

    /** {@code maxThreads} is 1 .. {@link #MAX_THREADS}. */
    public IoWorkers(int maxThreads) {
        if (maxThreads < 1 || maxThreads > MAX_THREADS) {
            throw new IllegalArgumentException("I/O threads: " + maxThreads + ", not 1 to 64");
        }
        this.maxThreads = maxThreads;
        maxThreadsPerLane = Math.max(1, maxThreads * 3 / 4);
        workers = new AtomicReferenceArray<>(maxThreads);
    }

    /** A lane for one medium; it needs no closing. */
    Lane lane(Action action) {
        return new Lane(action);
    }

    /** Lets the threads end when they have nothing to do. Waits for nothing. */
    @Override
    public void close() {
        closed = true;
        for (int i = 0; i < maxThreads; i++) {
            Worker worker = workers.get(i);
            if (worker != null) {
                LockSupport.unpark(worker.thread);
            }
        }
    }

    private void announce(Lane lane) {
        Lane head;
        do {
            head = announcements;
            lane.next = head;
        } while (!ANNOUNCEMENTS.compareAndSet(this, head, lane));
        wakeOne();
    }

    /** Wakes an idle worker, or starts one; when all are busy, they look again before they sleep. */
    private void wakeOne() {
        for (long mask = idle.get(); mask != 0; mask = idle.get()) {
            long bit = Long.lowestOneBit(mask);
            if (idle.compareAndSet(mask, mask & ~bit)) {
                Worker worker = workers.get(Long.numberOfTrailingZeros(bit));
                LockSupport.unpark(worker == null ? null : worker.thread);
                return;
            }
        }
        int index = started.get();
        if (index < maxThreads && started.compareAndSet(index, index + 1)) {
            Worker worker = new Worker(index);
            workers.set(index, worker);
            worker.thread.start();
        }
    }

    /** Ends the worker's turn and finds its next operation; false: there is none. */
    private boolean takeTurn(Worker worker) {
        boolean more;
        synchronized (turns) {
            worker.endTurn();
            Lane announced = (Lane) ANNOUNCEMENTS.getAndSet(this, null);
            while (announced != null) {
                Lane following = announced.next;
                makeReady(announced);
                announced = following;
            }
            boolean taken = false;
            for (Lane lane = firstReady; lane != null && !taken; lane = firstReady) {
                firstReady = lane.next;
                taken = worker.take(lane);
            }
            if (!taken) {
                return false;
            }
            more = firstReady != null;
        }
        if (more) {
            wakeOne();
        }
        return true;
    }

    /** Puts a lane at the end of the list. Under the lock. */
    private void makeReady(Lane lane) {
        lane.next = null;
        if (firstReady == null || lastReady == null) {
            firstReady = lane;
        } else {
            lastReady.next = lane;
        }
        lastReady = lane;
    }

    private static VarHandle handle(Class<?> owner, String field, Class<?> type) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
                    .findVarHandle(owner, field, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The operations of one medium. */
    final class Lane {
        private final Action action;
        private volatile @Nullable BlockOperation arrivals; // newest first
        private volatile boolean announced; // somebody will look at the arrivals
        private @Nullable Lane next; // of the announcements, then of the ready lanes

        // Guarded by turns:
        private @Nullable BlockOperation first;
        private int running;
        private boolean held; // has work, but as many threads as it may have

        private Lane(Action action) {
            this.action = action;
        }

        /** Performs {@code operation} on a worker and reports its result from there. Any thread. */
        void submit(BlockOperation operation) {
            BlockOperation head;
            do {
                head = arrivals;
                operation.next(head);
            } while (!ARRIVALS.compareAndSet(this, head, operation));
            if (!announced && ANNOUNCED.compareAndSet(this, false, true)) {
                announce(this);
            }
        }

        /**
         * The oldest operation. Under the lock. Null when as many threads are at the lane as it may
         * have, or when it was announced for an operation that went with the one before it.
         */
        private @Nullable BlockOperation removeFirst() {
            BlockOperation operation = null;
            if (running < maxThreadsPerLane && hasWork()) {
                operation = Objects.requireNonNull(first);
                first = operation.next();
                operation.next(null);
                running++;
            }
            settle();
            return operation;
        }

        private boolean hasWork() {
            if (first == null) {
                BlockOperation newest = (BlockOperation) ARRIVALS.getAndSet(this, null);
                while (newest != null) {
                    BlockOperation older = newest.next();
                    newest.next(first);
                    first = newest;
                    newest = older;
                }
            }
            return first != null;
        }

        /** Decides how the lane goes on after its turn. Under the lock. */
        private void settle() {
            if (!hasWork()) {
                announced = false;
                boolean late = arrivals != null && ANNOUNCED.compareAndSet(this, false, true);
                if (!late) {
                    return; // the next arrival announces it again
                }
            }
            if (running < maxThreadsPerLane) {
                makeReady(this);
            } else {
                held = true;
            }
        }

        /** Notes that an operation has ended. Under the lock. */
        private void ended() {
            running--;
            if (held) {
                held = false;
                makeReady(this);
            }
        }
    }

    /** One thread. */
    private final class Worker implements Runnable {
        private final long bit;
        private final Thread thread;
        private @Nullable Lane lane;
        private @Nullable BlockOperation operation;

        private Worker(int index) {
            bit = 1L << index;
            thread = Thread.ofPlatform().daemon().name("jnvmet-io-" + index).unstarted(this);
        }

        /** Takes an operation if there is one. Under the lock. */
        private boolean take(Lane ready) {
            operation = ready.removeFirst();
            lane = operation == null ? null : ready;
            return operation != null;
        }

        /** Counts the operation that was performed as ended. Under the lock. */
        private void endTurn() {
            if (lane != null) {
                lane.ended();
                lane = null;
            }
        }

        @Override
        public void run() {
            while (true) {
                if (takeTurn(this)) {
                    perform();
                    continue;
                }
                idle.getAndAccumulate(bit, (mask, mine) -> mask | mine);
                if (takeTurn(this)) { // what came before the bit was set woke nobody
                    boolean wasWoken = (idle.getAndAccumulate(bit, (m, b) -> m & ~b) & bit) == 0;
                    if (wasWoken) {
                        wakeOne(); // for other work than this, which nobody else knows of
                    }
                    perform();
                } else if (closed) {
                    return;
                } else {
                    while ((idle.get() & bit) != 0 && !closed) {
                        LockSupport.park(IoWorkers.this);
                    }
                }
            }
        }

        private void perform() {
            BlockOperation current = Objects.requireNonNull(operation);
            Status status;
            try {
                status = Objects.requireNonNull(lane).action.perform(current);
            } catch (RuntimeException | Error e) {
                LOG.error(
                        "{} of {} bytes failed by our fault", current.kind(), current.length(), e);
                status = Status.INTERNAL_ERROR;
            }
            operation = null;
            try {
                current.done(status);
            } catch (RuntimeException | Error e) {
                LOG.error("the result of an operation was refused", e);
            }
        }
    }
}
