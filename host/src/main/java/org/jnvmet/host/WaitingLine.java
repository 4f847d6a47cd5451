package org.jnvmet.host;

import org.jspecify.annotations.Nullable;

/** Requests that wait their turn, first come first served, linked through themselves. Any thread. */
final class WaitingLine {
    private @Nullable HostRequest head;
    private @Nullable HostRequest tail;
    private volatile int length;

    boolean isEmpty() {
        return length == 0;
    }

    int length() {
        return length;
    }

    synchronized void add(HostRequest request) {
        request.next = null;
        HostRequest last = tail;
        if (last == null) {
            head = request;
        } else {
            last.next = request;
        }
        tail = request;
        length++;
    }

    synchronized @Nullable HostRequest poll() {
        HostRequest first = head;
        if (first != null) {
            head = first.next;
            if (head == null) {
                tail = null;
            }
            first.next = null;
            length--;
        }
        return first;
    }
}
