package org.jnvmet.target.memory;

import java.util.Arrays;
import java.util.Objects;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait for a buffer, first come first served; a ring that grows to the longest line ever
 * seen and is reused from then on. Not thread-safe.
 */
final class WaitingLine {
    private @Nullable Waiter[] waiters = new @Nullable Waiter[16];
    private byte[] orders = new byte[16];
    private int first;
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    void add(Waiter waiter, int order) {
        if (count == waiters.length) {
            grow();
        }
        int slot = slot(count++);
        waiters[slot] = waiter;
        orders[slot] = (byte) order;
    }

    /** What the first in line waits for. */
    int firstOrder() {
        return orders[first];
    }

    Waiter removeFirst() {
        Waiter waiter = Objects.requireNonNull(waiters[first]);
        waiters[first] = null;
        first = slot(1);
        count--;
        return waiter;
    }

    /** Position that {@code waiter} had in the line, or -1. */
    @SuppressWarnings("ReferenceEquality") // the very waiter, whatever it thinks equals it
    int remove(Waiter waiter) {
        for (int position = 0; position < count; position++) {
            if (waiters[slot(position)] == waiter) {
                for (int i = position; i < count - 1; i++) {
                    waiters[slot(i)] = waiters[slot(i + 1)];
                    orders[slot(i)] = orders[slot(i + 1)];
                }
                waiters[slot(--count)] = null;
                return position;
            }
        }
        return -1;
    }

    private int slot(int position) {
        return (first + position) & (waiters.length - 1);
    }

    private void grow() {
        int size = waiters.length;
        waiters = Arrays.copyOf(waiters, 2 * size);
        orders = Arrays.copyOf(orders, 2 * size);
        // What had wrapped around moves behind the old end.
        System.arraycopy(waiters, 0, waiters, size, first);
        System.arraycopy(orders, 0, orders, size, first);
        Arrays.fill(waiters, 0, first, null);
    }
}
