package org.jnvmet.host.queue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Who works on a queue: whoever has {@link #enter entered}. As a rule that is its event loop, now and
 * then a thread that polls, in the end whoever drains it, for good. Nobody waits to enter but the last;
 * who finds the queue owned leaves word that there is more to do.
 */
public final class Ownership {
    private static final int FREE = 0;
    private static final int OWNED = 1;
    private static final int OWNED_WITH_MORE = 2;

    private final AtomicInteger state = new AtomicInteger();

    /** Who has entered. Others may read what they like: nobody reads himself by mistake. */
    private @Nullable Thread owner;

    private volatile boolean ending;

    /** Makes the calling thread the owner; false when there is one, or will never be again. */
    public boolean enter() {
        while (true) {
            if (ending) {
                return false;
            }
            if (state.compareAndSet(FREE, OWNED)) {
                owner = Thread.currentThread();
                return true;
            }
            if (state.get() == OWNED_WITH_MORE || state.compareAndSet(OWNED, OWNED_WITH_MORE)) {
                return false;
            }
        }
    }

    /**
     * The owner leaves.
     *
     * @return whether somebody could not enter meanwhile: the queue must be looked at again
     */
    public boolean leave() {
        owner = null;
        return state.getAndSet(FREE) == OWNED_WITH_MORE;
    }

    /** Whether the calling thread is the owner. */
    @SuppressWarnings("ReferenceEquality") // the very thread
    public boolean isMine() {
        return owner == Thread.currentThread();
    }

    /** Whether somebody is about to {@link #end} it, or has: the owner ends its turn. */
    public boolean isEnding() {
        return ending;
    }

    /** Enters for good, once the owner has left. Not by the owner. */
    public void end() {
        ending = true; // the owner ends its turn, and nobody begins one
        while (!state.compareAndSet(FREE, OWNED)) {
            LockSupport.parkNanos(20_000); // the owner is about to leave
        }
    }
}
