package org.jnvmet.target;

import java.util.concurrent.TimeUnit;
import org.jnvmet.target.spi.Loop;
import org.jspecify.annotations.Nullable;

/**
 * Supervision of one host (Base, Keep Alive). Any command, on any queue, is a sign of life, not only
 * the command Keep Alive. Owned by the admin queue's loop.
 *
 * <p>A pause of this process must not be held against the host: its commands may lie unread in the
 * socket. So the timer ticks four times per time-out, and whatever a tick comes late is added to the
 * patience with the present silence.
 */
public final class KeepAlive {
    /** Granularity of the time-out in milliseconds; KAS counts in units of 100 ms. */
    public static final int GRANULARITY_MS = 1000;

    private static final int TICKS = 4;

    private final Controller controller;
    private final Loop loop;
    private long timeoutMs;
    private Loop.@Nullable Timer timer;

    /** When the supervision began or was changed. */
    private long startNanos;

    /** When the next tick is due. */
    private long dueNanos;

    /** The sign of life that {@link #graceNanos} belongs to. */
    private long seenNanos;

    /** Lateness of our own ticks since that sign of life. */
    private long graceNanos;

    KeepAlive(Controller controller, Loop loop) {
        this.controller = controller;
        this.loop = loop;
    }

    /** Time-out in milliseconds, rounded up to the granularity; 0: the host is not supervised. */
    public long timeoutMs() {
        return timeoutMs;
    }

    /** Sets the time-out and starts anew; 0 ends the supervision. */
    public void start(long requestedMs) {
        stop();
        timeoutMs = (requestedMs + GRANULARITY_MS - 1) / GRANULARITY_MS * GRANULARITY_MS;
        if (timeoutMs > 0) {
            startNanos = loop.nanoTime();
            seenNanos = startNanos;
            graceNanos = 0;
            schedule();
        }
    }

    void stop() {
        Loop.Timer pending = timer;
        if (pending != null) {
            pending.cancel();
            timer = null;
        }
    }

    private void schedule() {
        long periodNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMs) / TICKS;
        dueNanos = loop.nanoTime() + periodNanos;
        timer = loop.schedule(this::tick, periodNanos);
    }

    private void tick() {
        if (timer == null) {
            return; // stopped when this tick was already on its way
        }
        long now = loop.nanoTime();
        long heard = controller.lastTrafficNanos();
        if (heard - startNanos < 0) {
            heard = startNanos;
        }
        if (heard != seenNanos) {
            seenNanos = heard;
            graceNanos = 0;
        }
        graceNanos += Math.max(0, now - dueNanos);
        long silence = now - heard;
        if (silence > TimeUnit.MILLISECONDS.toNanos(timeoutMs) + graceNanos) {
            timer = null;
            controller.onKeepAliveExpired(TimeUnit.NANOSECONDS.toMillis(silence));
        } else {
            schedule();
        }
    }
}
