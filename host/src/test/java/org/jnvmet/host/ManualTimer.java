package org.jnvmet.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A timer whose time the test moves; everything is done in the thread that moves it. */
final class ManualTimer implements HostTimer {
    private static final long MOST_AT_ONCE = 10;

    private final List<Entry> entries = new ArrayList<>();

    private long now = 1_000_000;

    private static final class Entry {
        private final Runnable action;
        private final long period;
        private long due;
        private boolean cancelled;

        Entry(Runnable action, long due, long period) {
            this.action = action;
            this.due = due;
            this.period = period;
        }
    }

    @Override
    public synchronized long nowMs() {
        return now;
    }

    @Override
    public Task after(long delayMs, Runnable action) {
        return add(new Entry(action, nowMs() + delayMs, 0));
    }

    @Override
    public Task every(long periodMs, Runnable action) {
        return add(new Entry(action, nowMs() + periodMs, periodMs));
    }

    private synchronized Task add(Entry entry) {
        entries.add(entry);
        return () -> entry.cancelled = true;
    }

    /** Does what is due now, and what becomes due by that. */
    void run() {
        advance(0);
    }

    /** Lets time pass, and does what is due meanwhile in its order. */
    void advance(long ms) {
        long end = nowMs() + ms;
        for (Entry next = takeDue(end); next != null; next = takeDue(end)) {
            next.action.run();
        }
        synchronized (this) {
            now = Math.max(now, end);
        }
    }

    private synchronized @Nullable Entry takeDue(long end) {
        entries.removeIf(entry -> entry.cancelled);
        Entry next =
                entries.stream()
                        .filter(entry -> entry.due <= end)
                        .min(Comparator.comparingLong(entry -> entry.due))
                        .orElse(null);
        if (next == null) {
            return null;
        }
        now = Math.max(now, next.due);
        if (next.period > 0) {
            // A long time that passes at once is no reason to do it a million times.
            next.due = Math.max(next.due + next.period, end - MOST_AT_ONCE * next.period);
        } else {
            entries.remove(next);
        }
        return next;
    }

    /** Tasks that are still to be done. */
    synchronized int pending() {
        entries.removeIf(entry -> entry.cancelled);
        return entries.size();
    }

    @Override
    public synchronized void close() {
        entries.clear();
    }
}
