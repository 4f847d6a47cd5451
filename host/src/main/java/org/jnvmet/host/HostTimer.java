package org.jnvmet.host;

/** Time, and things to be done later. Tests have one whose time they move. */
interface HostTimer extends AutoCloseable {
    /** Something to be done later. */
    interface Task {
        /** It will not be begun any more. */
        void cancel();
    }

    /** Milliseconds from any origin; coarse, up to 50 ms old, and so for free. */
    long nowMs();

    /** Runs {@code action} once, on a thread of its own that may block. */
    Task after(long delayMs, Runnable action);

    /** Runs {@code action} again and again, on a thread of its own, never twice at the same time. */
    Task every(long periodMs, Runnable action);

    @Override
    void close();
}
