package org.jnvmet.host;

import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The machine's clock. One thread wakes up what is due; the work is done on virtual threads. */
final class SystemTimer implements HostTimer {
    private static final Logger LOG = LoggerFactory.getLogger(SystemTimer.class);
    private static final long TICK_MS = 50;

    private final ScheduledThreadPoolExecutor executor;
    private volatile long now = exactMs();

    SystemTimer() {
        executor =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("jnvmet-host-timer").factory());
        executor.setRemoveOnCancelPolicy(true);
        Future<?> _ =
                executor.scheduleAtFixedRate(
                        () -> now = exactMs(), TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
    }

    private static long exactMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    @Override
    public long nowMs() {
        return now;
    }

    @Override
    public Task after(long delayMs, Runnable action) {
        try {
            Future<?> task = executor.schedule(() -> start(action), delayMs, TimeUnit.MILLISECONDS);
            return () -> task.cancel(false);
        } catch (RejectedExecutionException e) {
            return () -> {}; // closed: nothing is done any more
        }
    }

    @Override
    public Task every(long periodMs, Runnable action) {
        AtomicBoolean running = new AtomicBoolean();
        Runnable once =
                () -> {
                    if (running.compareAndSet(false, true)) {
                        start(() -> {
                            try {
                                action.run();
                            } finally {
                                running.set(false);
                            }
                        });
                    }
                };
        try {
            Future<?> task =
                    executor.scheduleWithFixedDelay(
                            once, periodMs, periodMs, TimeUnit.MILLISECONDS);
            return () -> task.cancel(false);
        } catch (RejectedExecutionException e) {
            return () -> {};
        }
    }

    private static void start(Runnable action) {
        Thread.ofVirtual()
                .name("jnvmet-host-control")
                .uncaughtExceptionHandler((_, e) -> LOG.error("the host's control failed", e))
                .start(action);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
