package org.jnvmet.target;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jnvmet.target.spi.Backend;
import org.jspecify.annotations.Nullable;

/**
 * The door of a namespace: commands pass it on their way to the backend, and {@link #close} waits
 * until none is inside. Passing costs one atomic add on a cache line of the caller's own loop.
 *
 * <p>Why no command can slip past a closed gate: {@link #enter} adds to its counter and <em>then</em>
 * reads {@code open}; {@link #close} clears {@code open} and <em>then</em> reads the counters. The
 * atomic add and the volatile accesses are sequentially consistent, so the store of each side comes
 * before its load in one order that all threads agree on. Hence either the command sees the cleared
 * {@code open} and turns back, or the closer sees the command's count and waits for it. After the
 * gate is closed a counter can rise only for the moment in which a late command turns back, so a
 * counter that was once seen at zero guards nothing any more and one pass over the stripes is enough.
 */
final class NamespaceGate {
    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

    /** Longs from one counter to the next: two cache lines, as processors fetch lines in pairs. */
    private static final int STRIDE = 16;

    private static final int STRIPES =
            Math.min(64, Integer.highestOneBit(2 * Runtime.getRuntime().availableProcessors() - 1));

    private static final long RECHECK_NANOS = 100_000_000;

    /** One counter per stripe, with padding before the first and after the last. */
    private final long[] counts = new long[(STRIPES + 1) * STRIDE];

    private volatile @Nullable Backend open;
    private volatile @Nullable Thread closer;

    /** The backend, to be left with the same stripe; null when the gate is closed. Any thread. */
    @Nullable Backend enter(int stripe) {
        COUNTS.getAndAdd(counts, slot(stripe), 1L);
        Backend backend = open;
        if (backend == null) {
            leave(stripe);
        }
        return backend;
    }

    /** Any thread. */
    void leave(int stripe) {
        long before = (long) COUNTS.getAndAdd(counts, slot(stripe), -1L);
        assert before > 0 : "left more often than entered";
        // The same argument: count down, then read closer; the closer announces itself, then
        // counts.
        Thread waiting = closer;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    /** The backend behind the open gate. */
    @Nullable Backend backend() {
        return open;
    }

    void open(Backend backend) {
        open = backend;
    }

    /** Turns newcomers back. One thread at a time, as {@link #drained}. */
    void close() {
        open = null;
    }

    /** Waits at most {@code nanos} until nobody is inside the closed gate; false if somebody still is. */
    boolean drained(long nanos) {
        long deadline = System.nanoTime() + nanos;
        boolean interrupted = false;
        closer = Thread.currentThread();
        try {
            while (!empty()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                LockSupport.parkNanos(this, Math.min(left, RECHECK_NANOS));
                interrupted |= Thread.interrupted();
            }
            return true;
        } finally {
            closer = null;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean empty() {
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            if ((long) COUNTS.getVolatile(counts, slot(stripe)) != 0) {
                return false;
            }
        }
        return true;
    }

    private static int slot(int stripe) {
        return ((stripe & (STRIPES - 1)) + 1) * STRIDE;
    }
}
