package org.jnvmet.transport;

import io.netty.channel.IoEventLoop;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.Loop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of Netty's event loops as the core's {@link Loop}: its thread, its buffers, its end. What its
 * connections share besides is the subclass's. Everything but {@link #execute}, {@link #schedule}, the
 * load and the methods that close is for the loop's own thread.
 */
public abstract class EventLoop implements Loop {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

    /** Largest piece of the reserve: Identify, Connect, most log pages. */
    private static final int RESERVE_PIECE_BYTES = 64 << 10;

    private final int index;
    private final Settings settings;
    private final BusyPoll busyPoll;
    private final SingleThreadIoEventLoop executor;
    private final MemoryPool buffers;
    private final MemoryPool reserve;
    private final AtomicInteger load = new AtomicInteger();
    private final CountDownLatch drained = new CountDownLatch(1);
    private boolean closing;

    /**
     * Of one loop.
     *
     * @param name of its thread
     * @param busyPollMicros how long it polls after the last traffic before it sleeps; 0 never
     * @param maxTransferBytes largest piece of its buffers
     * @param poolBytes bound of the buffers for data, at least one piece
     * @param reserveBytes bound of the buffers for admin and Fabrics commands
     * @param shutdownMs for commands that still run when it ends
     */
    public record Settings(
            String name,
            int busyPollMicros,
            int maxTransferBytes,
            long poolBytes,
            long reserveBytes,
            int shutdownMs) {}

    /** @param poller what to look for between rounds, {@link Poller#NONE} for nothing */
    @SuppressWarnings("this-escape") // the pools only keep it
    protected EventLoop(int index, Settings settings, Poller poller) {
        this.index = index;
        this.settings = settings;
        busyPoll = new BusyPoll(settings.busyPollMicros(), System::nanoTime, poller);
        executor =
                new SingleThreadIoEventLoop(
                        null,
                        threadFactory(settings.name()),
                        EpollIoHandler.newFactory(0, () -> busyPoll));
        buffers =
                new MemoryPool(
                        this,
                        settings.maxTransferBytes(),
                        Math.max(settings.poolBytes(), settings.maxTransferBytes()));
        reserve = new MemoryPool(this, RESERVE_PIECE_BYTES, settings.reserveBytes());
    }

    /**
     * Loads the native library of Netty, too.
     *
     * @param transport whose loops need it
     * @throws IllegalStateException where there is no epoll: on anything but Linux
     */
    public static void requireEpoll(String transport) {
        if (!Epoll.isAvailable()) {
            throw new IllegalStateException(
                    transport + " needs Linux on x86-64 or arm64", Epoll.unavailabilityCause());
        }
    }

    private static ThreadFactory threadFactory(String name) {
        return task -> {
            Thread thread = new FastThreadLocalThread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Period of {@link #sweep} that keeps every one of those limits to within a quarter of the shortest. */
    protected static long sweepPeriodMs(int... limitsMs) {
        long shortest = Long.MAX_VALUE;
        for (int limit : limitsMs) {
            shortest = Math.min(shortest, limit);
        }
        return Math.clamp(shortest / 4, 1, 1000);
    }

    /** Begins to call {@link #sweep}; last in the subclass's constructor, as its thread starts with it. */
    protected final void startSweeping(long periodMs) {
        Future<?> _ =
                executor.scheduleAtFixedRate(
                        () -> sweep(nanoTime()), periodMs, periodMs, TimeUnit.MILLISECONDS);
    }

    /** Checks every connection's time limits. */
    protected abstract void sweep(long now);

    /** Begins to close every connection; those that come later are closed at once. */
    protected abstract void closeConnections();

    /** Whether every connection is closed and its last command has ended. */
    protected abstract boolean isIdle();

    /** Says in the log what still runs after the time limit. */
    protected abstract void logLeftovers();

    /** Frees what connections shared: the loop is idle and its thread has ended. Not on the loop. */
    protected void free() {}

    @Override
    public final boolean owns() {
        return executor.inEventLoop();
    }

    @Override
    public final int index() {
        return index;
    }

    @Override
    public final long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public final void execute(Runnable task) {
        executor.execute(task);
    }

    @Override
    public final Timer schedule(Runnable task, long delayNanos) {
        Future<?> future = executor.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
        return () -> {
            boolean _ = future.cancel(false);
        };
    }

    /** All of its memory, and so what is to be registered with a device, is its range. */
    @Override
    public final MemoryPool buffers() {
        return buffers;
    }

    @Override
    public final MemoryPool reservedBuffers() {
        return reserve;
    }

    public final IoEventLoop executor() {
        return executor;
    }

    /** There was traffic. */
    public final void active(long now) {
        busyPoll.active(now);
    }

    /** Connections that were given to this loop and are not gone. Any thread. */
    public final int load() {
        return load.get();
    }

    /** A connection will be given to this loop. Any thread. */
    public final void reserve() {
        int _ = load.incrementAndGet();
    }

    /** A reserved connection never came to be, or is gone. Any thread. */
    public final void unreserve() {
        int _ = load.decrementAndGet();
    }

    /** Whether the loop ends: a connection that comes now is closed at once. */
    protected final boolean isClosing() {
        return closing;
    }

    /** To be called whenever a connection is gone. */
    protected final void checkDrained() {
        if (closing && isIdle()) {
            drained.countDown();
        }
    }

    /** Closes every connection and begins to wait for the commands that still run. Any thread. */
    public final void beginClose() {
        execute(() -> {
            closing = true;
            closeConnections();
            checkDrained();
        });
    }

    /** Ends the thread when the last command has ended, or has taken too long. Not on the loop. */
    public final void finishClose() {
        try {
            if (!drained.await(settings.shutdownMs(), TimeUnit.MILLISECONDS)) {
                LOG.error("loop {}: commands still run after the time limit; leaving them", index);
                executor.execute(this::logLeftovers);
            }
            Future<?> _ = executor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            if (executor.awaitTermination(5, TimeUnit.SECONDS) && drained.getCount() == 0) {
                free();
                buffers.close();
                reserve.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            LOG.error("loop {}: {}", index, e.getMessage(), e);
        }
    }
}
