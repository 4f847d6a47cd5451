package org.jnvmet.transport.rdma;

/** Received capsules that cannot be served yet, in order; a ring. Owned by the connection's loop. */
final class Backlog {
    private final int[] slots;
    private final int[] bytes;
    private int first;
    private int count;

    Backlog(int capacity) {
        slots = new int[capacity];
        bytes = new int[capacity];
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** False: it is full. */
    boolean add(int slot, int length) {
        if (count == slots.length) {
            return false;
        }
        int at = (first + count) % slots.length;
        slots[at] = slot;
        bytes[at] = length;
        count++;
        return true;
    }

    /** Where the first was received. */
    int slot() {
        return slots[first];
    }

    /** Length of the first. */
    int bytes() {
        return bytes[first];
    }

    void removeFirst() {
        first = (first + 1) % slots.length;
        count--;
    }
}
