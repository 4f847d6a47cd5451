package org.jnvmet.transport.tcp;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Polls for a while after the last traffic before the loop sleeps: waking up costs more than most
 * commands. Owned by its loop.
 */
final class BusyPoll implements SelectStrategy {
    private final long spinNanos;
    private final LongSupplier clock;
    private long lastActive;

    BusyPoll(int spinMicros, LongSupplier clock) {
        spinNanos = spinMicros * 1000L;
        this.clock = clock;
        lastActive = clock.getAsLong() - spinNanos;
    }

    /** There was traffic. */
    void active(long now) {
        lastActive = now;
    }

    @Override
    public int calculateStrategy(IntSupplier poll, boolean hasTasks) throws Exception {
        if (hasTasks) {
            return poll.get();
        }
        if (spinNanos > 0 && clock.getAsLong() - lastActive < spinNanos) {
            Thread.onSpinWait();
            return BUSY_WAIT;
        }
        return SELECT;
    }
}
