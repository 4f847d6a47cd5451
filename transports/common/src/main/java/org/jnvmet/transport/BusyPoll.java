package org.jnvmet.transport;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Polls for a while after the last traffic before the loop sleeps: waking up costs more than most
 * commands. With a {@link Poller} most rounds do without a system call. Owned by its loop.
 */
final class BusyPoll implements SelectStrategy {
    /** Rounds of a poller for one that asks the kernel for descriptors. */
    static final int ROUNDS_PER_SELECT = 16;

    private final long spinNanos;
    private final LongSupplier clock;
    private final Poller poller;
    private final boolean polls;
    private long lastActive;
    private int rounds;

    @SuppressWarnings("ReferenceEquality") // the very constant
    BusyPoll(int spinMicros, LongSupplier clock, Poller poller) {
        spinNanos = spinMicros * 1000L;
        this.clock = clock;
        this.poller = poller;
        polls = poller != Poller.NONE;
        lastActive = clock.getAsLong() - spinNanos;
    }

    /** There was traffic. */
    void active(long now) {
        lastActive = now;
    }

    @Override
    public int calculateStrategy(IntSupplier poll, boolean hasTasks) throws Exception {
        return polls ? withPoller(poll, hasTasks) : withDescriptors(poll, hasTasks);
    }

    private int withDescriptors(IntSupplier poll, boolean hasTasks) throws Exception {
        if (hasTasks) {
            return poll.get();
        }
        if (isSpinning()) {
            Thread.onSpinWait();
            return BUSY_WAIT;
        }
        return SELECT;
    }

    private int withPoller(IntSupplier poll, boolean hasTasks) throws Exception {
        boolean found = poller.poll();
        if (found) {
            lastActive = clock.getAsLong();
        }
        if (!found && !hasTasks) {
            if (!isSpinning()) {
                return poller.mayRest() ? SELECT : CONTINUE;
            }
            Thread.onSpinWait();
        }
        rounds++;
        return rounds % ROUNDS_PER_SELECT == 0 ? poll.get() : CONTINUE;
    }

    private boolean isSpinning() {
        return spinNanos > 0 && clock.getAsLong() - lastActive < spinNanos;
    }
}
