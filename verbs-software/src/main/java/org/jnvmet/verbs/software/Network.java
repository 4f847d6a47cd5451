package org.jnvmet.verbs.software;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jnvmet.verbs.VerbsException;
import org.jspecify.annotations.Nullable;

/** What all parts of a fabric share: its lock, its thread, its devices and who has which address. */
final class Network {
    /** A call under the lock. */
    @FunctionalInterface
    interface Action<T extends @Nullable Object> {
        T run() throws IOException;
    }

    /** Guards all control state. Fair, since the worker takes it all the time. */
    private final ReentrantLock lock = new ReentrantLock(true);

    private final Condition changed = lock.newCondition();
    private final Faults faults = new Faults();
    private final Ledger ledger = new Ledger();
    private final Ports ports = new Ports();
    private final Random random;
    private final Worker worker = new Worker(lock);
    private final Carrier carrier = new Carrier(worker, faults);
    private final SoftwareProvider provider = new SoftwareProvider(this);
    private final Map<String, SoftwareDevice> devices = new LinkedHashMap<>();
    private final Map<InetAddress, SoftwareDevice> addresses = new HashMap<>();
    private final Map<Long, SoftwareReceiveQueue> receiveQueues = new HashMap<>();
    private int lastNumber;

    Network(long seed) {
        random = new Random(seed);
        lastNumber = random.nextInt(1 << 20);
    }

    <T extends @Nullable Object> T locked(Action<T> action) throws IOException {
        lock.lock();
        try {
            return action.run();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits, under the lock, until it holds, which each {@link #change} may bring about.
     *
     * @param nanos how long at most; negative: for ever
     * @return whether it holds
     */
    boolean await(BooleanSupplier holds, long nanos) throws InterruptedIOException {
        long rest = nanos;
        try {
            while (!holds.getAsBoolean()) {
                if (nanos < 0) {
                    changed.await();
                } else if (rest > 0) {
                    rest = changed.awaitNanos(rest);
                } else {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /** Wakes who waits for events or acknowledgements. Under the lock. */
    void change() {
        changed.signalAll();
    }

    Faults faults() {
        return faults;
    }

    /** The step happens; fails when that is wanted. */
    void step(Faults.Step step, String call) throws VerbsException {
        int errno = faults.call(step);
        if (errno != 0) {
            throw Errno.of(errno, call, "injected");
        }
    }

    Ledger ledger() {
        return ledger;
    }

    Ports ports() {
        return ports;
    }

    Worker worker() {
        return worker;
    }

    Carrier carrier() {
        return carrier;
    }

    SoftwareProvider provider() {
        return provider;
    }

    int random(int bound) {
        return random.nextInt(bound);
    }

    /** A number that nothing else has: queue pairs have 24 bits. */
    int nextNumber() {
        lastNumber = lastNumber % 0xffffff + 1;
        return lastNumber;
    }

    Map<String, SoftwareDevice> devices() {
        return devices;
    }

    /** The device that has the address. */
    @Nullable SoftwareDevice device(InetAddress address) {
        return addresses.get(address);
    }

    void assign(InetAddress address, SoftwareDevice device) {
        addresses.put(address, device);
    }

    void unassign(SoftwareDevice device) {
        Collection<SoftwareDevice> all = addresses.values();
        all.removeIf(each -> each == device);
    }

    Map<Long, SoftwareReceiveQueue> receiveQueues() {
        return receiveQueues;
    }
}
