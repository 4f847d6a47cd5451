package org.jnvmet.p2pmem.pool;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.Loop;
import org.jspecify.annotations.Nullable;

/** An event loop on a thread of its own. */
final class EventLoop implements Loop, AutoCloseable {
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Thread thread;
    private final int index;
    private final MemoryPool buffers = new MemoryPool(this, 1 << 20, 16 << 20);
    private volatile @Nullable Throwable failure;
    private boolean ended; // guarded by tasks
    private boolean stop; // of the thread

    EventLoop(int index) {
        this.index = index;
        thread = Thread.ofPlatform().daemon().name("loop-" + index).start(this::run);
    }

    private void run() {
        try {
            while (!stop) {
                tasks.take().run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) {
            failure = e;
        }
    }

    @Override
    public void execute(Runnable task) {
        synchronized (tasks) {
            if (ended) {
                throw new RejectedExecutionException("loop " + index + " has ended");
            }
            tasks.add(task);
        }
    }

    /** Runs on the loop and waits for it. */
    void call(Runnable task) {
        CompletableFuture.runAsync(task, this).join();
    }

    /** The first exception that a task threw; the loop stands still since. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** Takes no more tasks, forgets those it has, and ends after the one that runs. */
    void end() {
        synchronized (tasks) {
            ended = true;
            tasks.clear();
            tasks.add(() -> stop = true);
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean owns() {
        return thread.equals(Thread.currentThread());
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        throw new UnsupportedOperationException("the pool knows no time");
    }

    @Override
    public BufferSource buffers() {
        return buffers;
    }

    @Override
    public BufferSource reservedBuffers() {
        return buffers;
    }

    @Override
    public void close() {
        end();
        buffers.close();
    }
}
