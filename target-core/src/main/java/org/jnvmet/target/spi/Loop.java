package org.jnvmet.target.spi;

import java.util.concurrent.Executor;

/**
 * An event loop: the one thread that owns a set of queues, their requests and their buffers. {@link
 * #execute} is the only door for other threads; tasks run in the order of submission.
 */
public interface Loop extends Executor {
    /** Whether the calling thread is this loop's. */
    boolean owns();

    /** Position of this loop among those of the process, from 0; used to stripe counters. */
    int index();

    /** Nanoseconds of a monotonic clock; may be cached for one round of the loop. Any thread. */
    long nanoTime();

    /** Runs {@code task} on this loop once, {@code delayNanos} from now. Any thread. */
    Timer schedule(Runnable task, long delayNanos);

    /** The loop's own system memory for data of commands. Owner only. */
    BufferSource buffers();

    /** A small reserve for admin commands and Connect, so that they never wait for I/O. Owner only. */
    BufferSource reservedBuffers();

    /** A task that was scheduled. */
    interface Timer {
        /** Prevents the task from running if it has not begun. Any thread; idempotent. */
        void cancel();
    }
}
