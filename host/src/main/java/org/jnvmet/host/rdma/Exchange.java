package org.jnvmet.host.rdma;

import org.jnvmet.host.HostRequest;
import org.jspecify.annotations.Nullable;

/**
 * A command on its way: its capsule is sent, and a response comes. There is one for each slot of a queue,
 * used again and again. Owned by whoever owns the queue.
 */
final class Exchange {
    static final int NO_MEMORY = -1;

    final int slot;
    private @Nullable HostRequest request;

    int commandId;

    /** Bytes that come from the controller. */
    int bytesIn;

    /** Where its registered memory begins, and how long it is. */
    int memory = NO_MEMORY;

    int memoryBytes;

    /** The capsule was handed over to the device, and may still be read by it. */
    boolean sending;

    /** The controller may speak of it. */
    boolean known;

    // A response that came before the device said that the capsule was sent.
    boolean answered;
    int status;
    long result;

    /** The next in a line. */
    @Nullable Exchange next;

    Exchange(int slot) {
        this.slot = slot;
    }

    void begin(HostRequest next) {
        request = next;
        commandId = next.commandId();
        bytesIn = (int) next.command().bytesIn();
        sending = false;
        known = false;
        answered = false;
    }

    void end() {
        request = null;
        known = false;
        answered = false;
    }

    HostRequest request() {
        HostRequest current = request;
        if (current == null) {
            throw new IllegalStateException("no command in slot " + slot);
        }
        return current;
    }

    /** A line of exchanges, first in first out. */
    static final class Line {
        private @Nullable Exchange first;
        private @Nullable Exchange last;

        boolean isEmpty() {
            return first == null;
        }

        @Nullable Exchange peek() {
            return first;
        }

        void add(Exchange exchange) {
            exchange.next = null;
            Exchange before = last;
            if (before == null) {
                first = exchange;
            } else {
                before.next = exchange;
            }
            last = exchange;
        }

        @Nullable Exchange poll() {
            Exchange taken = first;
            if (taken != null) {
                first = taken.next;
                taken.next = null;
                if (first == null) {
                    last = null;
                }
            }
            return taken;
        }

        /** Takes all, each of which leads to the next. */
        @Nullable Exchange takeAll() {
            Exchange taken = first;
            first = null;
            last = null;
            return taken;
        }
    }
}
