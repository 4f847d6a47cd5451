package org.jnvmet.transport.loop;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.Loop;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An event loop on a thread of its own. */
final class LoopThread implements Loop, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LoopThread.class);
    private static final long BUFFER_BYTES = 64L << 20;
    private static final int RESERVED_BUFFER_BYTES = 16 << 10;
    private static final long RESERVE_BYTES = 2L << 20;
    private static final int CLOSE_SECONDS = 5;

    private final ScheduledThreadPoolExecutor executor;
    private final MemoryPool buffers;
    private final MemoryPool reserved;

    /** Set by the thread itself when it starts. */
    private volatile @Nullable Thread thread;

    LoopThread(int maxTransferBytes) {
        executor = new ScheduledThreadPoolExecutor(1, this::newThread);
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        buffers = new MemoryPool(this, maxTransferBytes, BUFFER_BYTES);
        reserved = new MemoryPool(this, RESERVED_BUFFER_BYTES, RESERVE_BYTES);
    }

    private Thread newThread(Runnable work) {
        Thread made = new Thread(work, "jnvmet-loop");
        made.setDaemon(true);
        thread = made;
        return made;
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(() -> runSafely(task));
    }

    /** A task that fails takes nothing else with it. */
    private static void runSafely(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a task of the loop failed", e);
        }
    }

    @Override
    public boolean owns() {
        return Thread.currentThread().equals(thread);
    }

    @Override
    public int index() {
        return 0;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        Future<?> future =
                executor.schedule(() -> runSafely(task), delayNanos, TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    @Override
    public BufferSource buffers() {
        return buffers;
    }

    @Override
    public BufferSource reservedBuffers() {
        return reserved;
    }

    /** Runs what is queued, ends the thread and gives the memory back. */
    @Override
    public void close() {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("the loop did not end within {} s", CLOSE_SECONDS);
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        buffers.close();
        reserved.close();
    }
}
