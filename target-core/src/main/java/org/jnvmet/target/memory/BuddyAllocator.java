package org.jnvmet.target.memory;

import java.util.Arrays;

/**
 * Buddy allocation over granules that are numbered from 0: a block of order {@code n} is {@code 1 << n}
 * granules and begins at a multiple of that. Knows numbers only, not the memory behind them. The block
 * that was freed last goes out first, as it is the one in the cache. Not thread-safe.
 */
final class BuddyAllocator {
    static final int NONE = -1;

    private final int topOrder;
    private final int granules;
    private final int[] heads; // by order: first free block
    private final int[] next; // by first granule of a free block
    private final int[] previous;
    private final byte[]
            freeOrder; // by granule: order of the free block that begins there, or NONE
    private int untouched; // granules from here on have never been in use

    /** {@code granules} is a multiple of {@code 1 << topOrder}. */
    BuddyAllocator(int granules, int topOrder) {
        if (granules <= 0 || (granules & ((1 << topOrder) - 1)) != 0) {
            throw new IllegalArgumentException(granules + " granules, order " + topOrder);
        }
        this.topOrder = topOrder;
        this.granules = granules;
        heads = new int[topOrder + 1];
        next = new int[granules];
        previous = new int[granules];
        freeOrder = new byte[granules];
        Arrays.fill(heads, NONE);
        Arrays.fill(freeOrder, (byte) NONE);
    }

    /** First granule of a block, or {@link #NONE}. */
    int allocate(int order) {
        int found = order;
        while (found <= topOrder && heads[found] == NONE) {
            found++;
        }
        int granule;
        if (found <= topOrder) {
            granule = heads[found];
            unlink(granule, found);
        } else if (untouched < granules) {
            found = topOrder;
            granule = untouched;
            untouched += 1 << topOrder;
        } else {
            return NONE;
        }
        while (found > order) {
            found--;
            link(granule + (1 << found), found);
        }
        return granule;
    }

    /** Takes a block back and joins it with its free neighbours. */
    void free(int granule, int order) {
        int start = granule;
        int size = order;
        while (size < topOrder && freeOrder[start ^ (1 << size)] == size) {
            unlink(start ^ (1 << size), size);
            start &= -(1 << (size + 1));
            size++;
        }
        link(start, size);
    }

    private void link(int granule, int order) {
        int second = heads[order];
        freeOrder[granule] = (byte) order;
        next[granule] = second;
        previous[granule] = NONE;
        if (second != NONE) {
            previous[second] = granule;
        }
        heads[order] = granule;
    }

    private void unlink(int granule, int order) {
        int before = previous[granule];
        int after = next[granule];
        freeOrder[granule] = NONE;
        if (before == NONE) {
            heads[order] = after;
        } else {
            next[before] = after;
        }
        if (after != NONE) {
            previous[after] = before;
        }
    }
}
