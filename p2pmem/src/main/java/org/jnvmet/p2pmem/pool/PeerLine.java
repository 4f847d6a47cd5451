package org.jnvmet.p2pmem.pool;

import java.util.Arrays;
import java.util.Objects;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jspecify.annotations.Nullable;

/**
 * Those of one loop who wait for peer memory, or have it but do not know yet: first come first served; a
 * ring that grows to the longest line ever seen and is reused from then on. Guarded by the centre.
 */
final class PeerLine {
    private @Nullable Waiter[] waiters = new @Nullable Waiter[16];
    private @Nullable Extent[] extents = new @Nullable Extent[16];
    private int[] starts = new int[16];
    private int[] granules = new int[16];
    private int first;
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    /** Someone who waits for so many granules. */
    void add(Waiter waiter, int wanted) {
        add(waiter, null, 0, wanted);
    }

    /** Someone who has them; without an extent: who shall get none. */
    void add(Waiter waiter, @Nullable Extent extent, int start, int wanted) {
        if (count == waiters.length) {
            grow();
        }
        int slot = slot(count++);
        waiters[slot] = waiter;
        extents[slot] = extent;
        starts[slot] = start;
        granules[slot] = wanted;
    }

    int firstGranules() {
        return granules[first];
    }

    @Nullable Extent firstExtent() {
        return extents[first];
    }

    int firstStart() {
        return starts[first];
    }

    Waiter removeFirst() {
        Waiter waiter = Objects.requireNonNull(waiters[first]);
        waiters[first] = null;
        extents[first] = null;
        first = slot(1);
        count--;
        return waiter;
    }

    /** Position of {@code waiter} in the line, or -1. */
    @SuppressWarnings("ReferenceEquality") // the very waiter, whatever it thinks equals it
    int find(Waiter waiter) {
        for (int position = 0; position < count; position++) {
            if (waiters[slot(position)] == waiter) {
                return position;
            }
        }
        return -1;
    }

    /** Makes whoever stands at a position the first; those before him stay in their order behind him. */
    void bringForward(int position) {
        int own = slot(position);
        Waiter waiter = waiters[own];
        Extent extent = extents[own];
        int start = starts[own];
        int wanted = granules[own];
        for (int i = position; i > 0; i--) {
            int to = slot(i);
            int from = slot(i - 1);
            waiters[to] = waiters[from];
            extents[to] = extents[from];
            starts[to] = starts[from];
            granules[to] = granules[from];
        }
        waiters[first] = waiter;
        extents[first] = extent;
        starts[first] = start;
        granules[first] = wanted;
    }

    private int slot(int position) {
        return (first + position) & (waiters.length - 1);
    }

    private void grow() {
        int size = waiters.length;
        waiters = Arrays.copyOf(waiters, 2 * size);
        extents = Arrays.copyOf(extents, 2 * size);
        starts = Arrays.copyOf(starts, 2 * size);
        granules = Arrays.copyOf(granules, 2 * size);
        // What had wrapped around moves behind the old end.
        System.arraycopy(waiters, 0, waiters, size, first);
        System.arraycopy(extents, 0, extents, size, first);
        System.arraycopy(starts, 0, starts, size, first);
        System.arraycopy(granules, 0, granules, size, first);
        Arrays.fill(waiters, 0, first, null);
        Arrays.fill(extents, 0, first, null);
    }
}
