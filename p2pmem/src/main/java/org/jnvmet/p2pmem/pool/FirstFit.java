package org.jnvmet.p2pmem.pool;

import java.util.Arrays;

/**
 * First fit over granules that are numbered from 0, as a map of bits: what is freed joins its neighbours by
 * itself. Knows numbers only, not the memory behind them. Not thread-safe.
 */
final class FirstFit {
    static final int NONE = -1;

    private long[] free = new long[0]; // a bit for each granule
    private int granules;
    private int freeGranules;
    private int lowest; // no granule below this one is free

    /** Begins anew with so many granules, all free; reuses its memory where that suffices. */
    void reset(int count) {
        int words = words(count);
        if (free.length < words) {
            free = new long[Math.max(words, 2 * free.length)];
        }
        Arrays.fill(free, 0, words, -1L);
        if ((count & 63) != 0) {
            free[words - 1] = (1L << count) - 1;
        }
        granules = count;
        freeGranules = count;
        lowest = 0;
    }

    /** All of them, free or not. */
    int granules() {
        return granules;
    }

    int freeGranules() {
        return freeGranules;
    }

    /** Takes the first {@code count} granules in a row that are free: the first of them, or {@link #NONE}. */
    int allocate(int count) {
        if (count > freeGranules) {
            return NONE;
        }
        lowest = nextFree(lowest);
        int start = lowest;
        while (start != NONE && start <= granules - count) {
            int end = nextTaken(start, start + count);
            if (end - start == count) {
                clear(start, end);
                freeGranules -= count;
                return start;
            }
            start = nextFree(end);
        }
        return NONE;
    }

    /** Gives granules back that were allocated, together or not. */
    void free(int start, int count) {
        int end = start + count;
        if (start < 0 || count <= 0 || end > granules) {
            throw new IllegalArgumentException(
                    count + " granules from " + start + " of " + granules);
        }
        int already = nextFree(start);
        if (already != NONE && already < end) {
            throw new IllegalStateException("granule " + already + " was freed twice");
        }
        set(start, end);
        freeGranules += count;
        lowest = Math.min(lowest, start);
    }

    /** First free granule from {@code from} on, or {@link #NONE}. */
    int nextFree(int from) {
        if (from >= granules) {
            return NONE;
        }
        int words = words(granules);
        int index = from >>> 6;
        long word = free[index] & (-1L << from);
        while (word == 0) {
            if (++index == words) {
                return NONE;
            }
            word = free[index];
        }
        return (index << 6) + Long.numberOfTrailingZeros(word);
    }

    /** First granule of {@code [from, limit)} that is not free, or {@code limit}, which is no more than {@link #granules}. */
    int nextTaken(int from, int limit) {
        int index = from >>> 6;
        long word = ~free[index] & (-1L << from);
        while (word == 0) {
            if (++index << 6 >= limit) {
                return limit;
            }
            word = ~free[index];
        }
        return Math.min(limit, (index << 6) + Long.numberOfTrailingZeros(word));
    }

    private void clear(int start, int end) {
        for (int at = start; at < end; at = (at | 63) + 1) {
            free[at >>> 6] &= ~mask(at, end);
        }
    }

    private void set(int start, int end) {
        for (int at = start; at < end; at = (at | 63) + 1) {
            free[at >>> 6] |= mask(at, end);
        }
    }

    /** The bits of {@code [at, end)} within the word of {@code at}. */
    private static long mask(int at, int end) {
        long from = -1L << at;
        return end > (at | 63) ? from : from & ((1L << end) - 1);
    }

    private static int words(int count) {
        return (count + 63) >>> 6;
    }
}
