package org.jnvmet.p2pmem;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Has something looked at again and again. */
@FunctionalInterface
interface Watch {
    /** Runs {@code look} once a second, never twice at a time, until what is returned is closed. */
    Ending start(Runnable look);

    /** Ends it. */
    @FunctionalInterface
    interface Ending extends AutoCloseable {
        /** It does not run any more, nor again. Idempotent. */
        @Override
        void close();
    }

    /** By the clock of the system, on a thread of its own. */
    static Ending onThread(Runnable look) {
        ScheduledExecutorService thread =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("jnvmet-p2pmem").factory());
        var _ = thread.scheduleWithFixedDelay(look, 1, 1, TimeUnit.SECONDS);
        return () -> {
            thread.shutdownNow();
            try {
                // One that hangs for longer at a device is left to its daemon thread.
                boolean _ = thread.awaitTermination(SelfCheck.LIMIT_NANOS, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }
}
