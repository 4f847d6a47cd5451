package org.jnvmet.target;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controllers of one subsystem. A controller is <em>live</em> from {@link #admit} until it is
 * evicted or forgotten, and found by look-ups only then. It holds its identifier until it is forgotten,
 * which happens when its last queue is gone, so that an identifier never names two associations.
 *
 * <p>Guarded by the subsystem's lock, which loops take in Connect: it is never held while waiting, and
 * controllers are told things only after it is released.
 */
final class ControllerRoster {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerRoster.class);

    private final CntlidPool identifiers;
    private final ReentrantLock lock;
    private final Condition forgotten;

    /** Written under the lock, read by any thread. */
    private final Map<Integer, Controller> live = new ConcurrentHashMap<>();

    /** Owners of identifiers: live controllers, and evicted ones whose queues are still ending. */
    private final Map<Integer, Controller> holders = new HashMap<>();

    ControllerRoster(CntlidPool identifiers, ReentrantLock lock) {
        this.identifiers = identifiers;
        this.lock = lock;
        this.forgotten = lock.newCondition();
    }

    /** Makes a controller with the lowest free identifier; null when none is free. Under the lock. */
    @Nullable Controller admit(int minId, int maxId, IntFunction<Controller> make) {
        assert lock.isHeldByCurrentThread();
        int id = identifiers.take(minId, maxId);
        if (id < 0) {
            return null;
        }
        boolean made = false;
        try {
            Controller controller = make.apply(id);
            holders.put(id, controller);
            live.put(id, controller);
            made = true;
            return controller;
        } finally {
            if (!made) {
                identifiers.release(id);
            }
        }
    }

    void forget(Controller controller) {
        lock.lock();
        try {
            int id = controller.id();
            live.remove(id, controller);
            if (holders.remove(id, controller)) {
                identifiers.release(id);
                forgotten.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes controllers out of all look-ups. Under the lock, in the same critical section as the change
     * that dooms them: a Connect that runs before it is caught here, one that runs after it sees the
     * change and is refused. {@link #delete} follows outside of the lock.
     */
    List<Controller> evict(Predicate<Controller> doomed) {
        assert lock.isHeldByCurrentThread();
        List<Controller> evicted = new ArrayList<>();
        for (Controller controller : live.values()) {
            if (doomed.test(controller)) {
                evicted.add(controller);
            }
        }
        evicted.forEach(controller -> live.remove(controller.id(), controller));
        return evicted;
    }

    static void delete(Collection<Controller> evicted, String reason) {
        tell(evicted, controller -> controller.delete(reason));
    }

    /** Calls every controller; one that fails (its loop has ended, or a bug) does not hide the news from the others. */
    static void tell(Collection<Controller> controllers, Consumer<Controller> news) {
        for (Controller controller : controllers) {
            try {
                news.accept(controller);
            } catch (RuntimeException e) {
                LOG.error("controller {} did not take an event", controller.id(), e);
            }
        }
    }

    Collection<Controller> live() {
        return List.copyOf(live.values());
    }

    @Nullable Controller live(int id) {
        return live.get(id);
    }

    /** Waits until every evicted controller is forgotten; false when {@code nanos} did not suffice. */
    boolean awaitForgotten(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (!holders.isEmpty()) {
                if (left <= 0) {
                    return false;
                }
                left = forgotten.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }
}
