package org.jnvmet.target.backend;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;

/**
 * One flush at a time, for all who wait: whoever arrives while one runs is served by the next, which
 * begins after it came. Serving them one after the other is also what makes a failure known to all:
 * Linux reports a failed write-back to one caller of fdatasync only, forgets it, and may have dropped
 * the data (the kernel's error sequence per open file). So a flush that failed is remembered, and every
 * later one fails until the medium is opened anew. Worker threads.
 */
final class GroupFlush {
    private final IntSupplier sync;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();

    private long started; // all guarded by lock
    private long completed;
    private int failure;

    /** {@code sync} answers 0 or an errno negated. */
    GroupFlush(IntSupplier sync) {
        this.sync = sync;
    }

    /** Brings all that was written before to the medium: 0, or the errno of the first failure negated. */
    int flush() {
        lock.lock();
        try {
            long needed = started + 1;
            while (started != completed && completed < needed) {
                ended.awaitUninterruptibly();
            }
            if (completed >= needed) {
                return failure;
            }
            started++;
        } finally {
            lock.unlock();
        }
        int result = sync.getAsInt();
        lock.lock();
        try {
            completed = started;
            if (failure == 0) {
                failure = result;
            }
            ended.signalAll();
            return failure;
        } finally {
            lock.unlock();
        }
    }

    /** How many wait for a flush that others run. */
    int waiting() {
        lock.lock();
        try {
            return lock.getWaitQueueLength(ended);
        } finally {
            lock.unlock();
        }
    }
}
