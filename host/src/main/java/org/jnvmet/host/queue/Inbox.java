package org.jnvmet.host.queue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jnvmet.host.HostRequest;
import org.jspecify.annotations.Nullable;

/**
 * Requests on their way from any thread to the owner of the queue: one place for each slot, and a bit
 * for each place that is taken. No locks, no allocation; the order of what is taken together is that
 * of the slots.
 */
public final class Inbox {
    private final @Nullable HostRequest[] requests;
    private final AtomicLongArray taken;

    /** Whether the owner has been told, and has not looked since. */
    private final AtomicBoolean signalled = new AtomicBoolean();

    /** With places for the slots 0 to {@code slots} - 1. */
    public Inbox(int slots) {
        requests = new @Nullable HostRequest[slots];
        taken = new AtomicLongArray((slots + 63) / 64);
    }

    /**
     * Puts a request into the place of its slot. Any thread.
     *
     * @return whether the owner has to be told: it may have looked for the last time before this
     */
    public boolean put(int slot, HostRequest request) {
        requests[slot] = request;
        int word = slot / 64;
        long bits;
        do {
            bits = taken.get(word);
        } while (!taken.compareAndSet(word, bits, bits | 1L << slot));
        return !signalled.get() && signalled.compareAndSet(false, true);
    }

    /** Whether there may be something; if so, whoever puts from now on tells the owner again. */
    public boolean open() {
        if (!signalled.get()) {
            return false;
        }
        signalled.set(false);
        return true;
    }

    /** How many times 64 slots there are. */
    public int words() {
        return taken.length();
    }

    /** Takes the bits of 64 slots; {@link #request} of each is the owner's then. */
    public long take(int word) {
        return taken.get(word) == 0 ? 0 : taken.getAndSet(word, 0);
    }

    /** What was put into a slot. */
    public HostRequest request(int slot) {
        HostRequest request = requests[slot];
        if (request == null) {
            throw new IllegalStateException("nothing was put into slot " + slot);
        }
        return request;
    }
}
