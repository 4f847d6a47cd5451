package org.jnvmet.target;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.Loop;
import org.jspecify.annotations.Nullable;

/** A loop that runs its tasks and moves its clock when the test says so, on the thread that made it. */
public final class ManualLoop implements Loop, AutoCloseable {
    private static final int MAX_BUFFER_BYTES = 1 << 20;
    private static final int RESERVED_BUFFER_BYTES = 16 << 10;

    private final Thread thread = Thread.currentThread();
    private final int index;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Task> timers =
            new PriorityQueue<>(Comparator.comparingLong(task -> task.due));
    private @Nullable MemoryPool buffers;
    private @Nullable MemoryPool reserved;
    private long now = TimeUnit.DAYS.toNanos(1);

    public ManualLoop() {
        this(0);
    }

    public ManualLoop(int index) {
        this.index = index;
    }

    private static final class Task implements Timer {
        private final Runnable action;
        private final long due;
        private boolean cancelled;

        private Task(Runnable action, long due) {
            this.action = action;
            this.due = due;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    @Override
    public synchronized void execute(Runnable task) {
        tasks.add(task);
    }

    /** Runs what is due, and what that made due. */
    public void run() {
        for (Runnable task = poll(); task != null; task = poll()) {
            task.run();
        }
    }

    /** Lets time pass; what becomes due runs at its time. */
    public void advance(long millis) {
        long end = now + TimeUnit.MILLISECONDS.toNanos(millis);
        run();
        for (Task next = timers.peek(); next != null && next.due <= end; next = timers.peek()) {
            timers.remove();
            now = Math.max(now, next.due);
            if (!next.cancelled) {
                next.action.run();
            }
            run();
        }
        now = end;
    }

    /** Lets time pass while nothing runs: this process was stopped. */
    public void pause(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private synchronized @Nullable Runnable poll() {
        return tasks.poll();
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
        return now;
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        Task timer = new Task(task, now + delayNanos);
        timers.add(timer);
        return timer;
    }

    @Override
    public BufferSource buffers() {
        if (buffers == null) {
            buffers = new MemoryPool(this, MAX_BUFFER_BYTES, 8L * MAX_BUFFER_BYTES);
        }
        return buffers;
    }

    @Override
    public BufferSource reservedBuffers() {
        if (reserved == null) {
            reserved = new MemoryPool(this, RESERVED_BUFFER_BYTES, 32L * RESERVED_BUFFER_BYTES);
        }
        return reserved;
    }

    /** Fails when a buffer was never released. */
    @Override
    public void close() {
        if (buffers != null) {
            buffers.close();
        }
        if (reserved != null) {
            reserved.close();
        }
    }
}
