package org.jnvmet.host.offload.socket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.jnvmet.host.HostException;
import org.jnvmet.host.linux.EventFd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that serves queues by means of a driver. While there is traffic it never sleeps; once all
 * has been quiet for a while it sleeps until something arrives or somebody wakes it. It lives as long
 * as it has queues, and a little longer.
 *
 * @param <D> what serves the queues; used by this thread only
 */
public final class DeviceThread<D extends DeviceThread.Driver> {
    /** Serves the queues of a thread; all calls come from it. */
    public interface Driver extends AutoCloseable {
        /** One round over all queues, without waiting; whether there was anything to do. */
        boolean work();

        /**
         * Waits until there may be something to do, the wake-up descriptor is readable, or the time is
         * over.
         *
         * @param timeoutMs -1 to wait for ever
         */
        void sleep(long timeoutMs);

        /** No queue can be served any more: reports an error to all of them. */
        void fail(HostException reason);

        /** Frees what it has; there are no queues. */
        @Override
        void close();
    }

    /** Makes a driver, in its thread. */
    @FunctionalInterface
    public interface DriverFactory<D extends Driver> {
        /**
         * Makes one.
         *
         * @param wakeUp a descriptor that is readable when the thread shall wake up
         * @throws HostException when the machine does not have what it takes
         */
        D open(int wakeUp);
    }

    private static final int SPINS_PER_YIELD = 16;

    private static final Logger LOG = LoggerFactory.getLogger(DeviceThread.class);
    private static final VarHandle ASLEEP;

    static {
        try {
            ASLEEP =
                    MethodHandles.lookup()
                            .findVarHandle(DeviceThread.class, "asleep", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final DeviceThreads<D> owner;
    private final DeviceSettings settings;
    private final DriverFactory<D> factory;
    private final Thread thread;
    private final EventFd wakeUp = newEventFd();
    private final Queue<Runnable> messages = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<D> driver = new CompletableFuture<>();

    /** Set by the thread. Whoever clears it instead of the thread owes it one signal. */
    private volatile boolean asleep;

    private int spins;
    private boolean quiet;
    private long quietSince;
    private boolean failed;

    // Of DeviceThreads, under its lock.
    int queues;
    int ioQueues;

    DeviceThread(
            DeviceThreads<D> owner,
            String name,
            DeviceSettings settings,
            DriverFactory<D> factory) {
        this.owner = owner;
        this.settings = settings;
        this.factory = factory;
        thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    private static EventFd newEventFd() {
        try {
            return new EventFd();
        } catch (IllegalStateException e) {
            throw new HostException(String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * Starts the thread.
     *
     * @throws HostException when there is no driver to be had; then the thread has ended
     */
    void start() {
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            wakeUp.close();
            throw new HostException("no more threads for an offload device", e);
        }
        try {
            driver.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof HostException reason) {
                throw reason;
            }
            throw e;
        }
    }

    private void run() {
        try (wakeUp) {
            D opened;
            try {
                opened = factory.open(wakeUp.descriptor());
            } catch (RuntimeException | Error e) {
                driver.completeExceptionally(e);
                return;
            }
            try (opened) {
                driver.complete(opened);
                serve(opened);
            }
        }
    }

    private void serve(D opened) {
        while (true) {
            if (round(opened)) {
                quiet = false;
                continue;
            }
            long now = System.nanoTime();
            if (!quiet) {
                quiet = true;
                quietSince = now;
            }
            if (now - quietSince < settings.spinNanos() && !owner.closed()) {
                spin();
                continue;
            }
            boolean lingered = now - quietSince >= settings.lingerMs() * 1_000_000;
            if (owner.mayEnd(this, lingered)) {
                return;
            }
            sleep(opened);
        }
    }

    /** On a machine with more to do than processors, who spins keeps from running whom it waits for. */
    @SuppressWarnings("ThreadPriorityCheck") // a yield is a hint here, nothing depends on it
    private void spin() {
        spins++;
        if (spins % SPINS_PER_YIELD == 0) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    private boolean round(D opened) {
        boolean busy = false;
        for (Runnable message = messages.poll(); message != null; message = messages.poll()) {
            message.run();
            busy = true;
        }
        try {
            return opened.work() || busy;
        } catch (RuntimeException | Error e) {
            fail(opened, e);
            return busy;
        }
    }

    /** A driver that fails goes on, for draining needs it; its queues are of no use to anybody. */
    private void fail(D opened, Throwable reason) {
        if (!failed) {
            LOG.error("{}: its queues are given up", thread.getName(), reason);
        }
        failed = true;
        opened.fail(new HostException(thread.getName() + ": " + reason, reason));
    }

    private void sleep(D opened) {
        asleep = true;
        // Who had something for us before it could see that we sleep has not woken us.
        if (!round(opened)) {
            try {
                opened.sleep(owner.used(this) ? -1 : settings.lingerMs());
            } catch (RuntimeException | Error e) {
                fail(opened, e);
            }
        } else {
            quiet = false;
        }
        if (!ASLEEP.compareAndSet(this, true, false)) {
            while (wakeUp.take() == 0) {
                Thread.onSpinWait();
            }
        }
    }

    /** Has the thread look at its queues, if it sleeps. Any thread; cheap when it does not sleep. */
    public void wake() {
        if (asleep && ASLEEP.compareAndSet(this, true, false)) {
            wakeUp.signal();
        }
    }

    /** Whether this is the calling thread. */
    public boolean isCurrent() {
        return thread.equals(Thread.currentThread());
    }

    /** The driver; its methods are this thread's. */
    public D driver() {
        return driver.join();
    }

    /** Has the thread do something, soon. */
    public void execute(Runnable message) {
        messages.add(message);
        wake();
    }

    /** Has the thread do something and waits for it; not from this thread. */
    public void call(Runnable message) {
        CountDownLatch done = new CountDownLatch(1);
        execute(() -> {
            try {
                message.run();
            } finally {
                done.countDown();
            }
        });
        await(done);
    }

    /** Waits for what this thread will do, whatever happens to the caller meanwhile. */
    public void await(CountDownLatch done) {
        if (isCurrent()) {
            throw new IllegalStateException("the thread of a queue cannot wait for itself");
        }
        boolean interrupted = false;
        while (true) {
            try {
                done.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    boolean isAlive() {
        return thread.isAlive();
    }

    void join() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return thread.getName();
    }
}
