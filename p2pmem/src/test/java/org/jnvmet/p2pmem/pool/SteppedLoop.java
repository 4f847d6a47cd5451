package org.jnvmet.p2pmem.pool;

import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.Loop;

/** A loop that runs its tasks when the test says so, on the thread that made it. */
final class SteppedLoop implements Loop, AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final int index;
    private final MemoryPool buffers = new MemoryPool(this, 1 << 20, 4 << 20);
    private boolean ended;

    SteppedLoop(int index) {
        this.index = index;
    }

    @Override
    public synchronized void execute(Runnable task) {
        if (ended) {
            throw new RejectedExecutionException("loop " + index + " has ended");
        }
        tasks.add(task);
    }

    /** Runs what is due, and what that made due; how many tasks that were. */
    int run() {
        int ran = 0;
        while (runOne()) {
            ran++;
        }
        return ran;
    }

    /** Runs the next task; false: there is none. */
    boolean runOne() {
        Runnable task;
        synchronized (this) {
            task = tasks.poll();
        }
        if (task != null) {
            task.run();
        }
        return task != null;
    }

    /** Takes no more tasks, and forgets those it has. */
    synchronized void end() {
        ended = true;
        tasks.clear();
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
        return 0;
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

    /** Fails when system memory was never released. */
    @Override
    public void close() {
        buffers.close();
    }
}
