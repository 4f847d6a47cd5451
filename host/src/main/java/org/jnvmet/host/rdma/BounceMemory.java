package org.jnvmet.host.rdma;

import java.util.Arrays;

/**
 * Which pages of a queue's registered memory are free: one bit for each. Takes the first run that is
 * long enough; whoever finds none waits in line until enough has come back, which it does, as nothing is
 * taken for longer than a command. Owned by the queue's owner.
 */
final class BounceMemory {
    static final int PAGE_BYTES = 4096;

    private static final int NONE = -1;

    private final int pages;
    private final long[] free;
    private int freePages;

    /** @param bytes a multiple of {@link #PAGE_BYTES} */
    BounceMemory(int bytes) {
        pages = bytes / PAGE_BYTES;
        free = new long[(pages + 63) / 64];
        Arrays.fill(free, -1);
        if (pages % 64 != 0) {
            free[free.length - 1] = (1L << pages % 64) - 1;
        }
        freePages = pages;
    }

    int freeBytes() {
        return freePages * PAGE_BYTES;
    }

    /** Whether {@link #take} can ever succeed. */
    boolean couldTake(long bytes) {
        return bytes <= (long) pages * PAGE_BYTES;
    }

    /** Takes a run of pages; the offset of the first byte, or -1 when there is none now. */
    int take(int bytes) {
        int wanted = pagesOf(bytes);
        if (wanted > freePages) {
            return NONE;
        }
        int start = next(0, true);
        while (start < pages) {
            int end = next(start, false);
            if (end - start >= wanted) {
                mark(start, start + wanted, false);
                freePages -= wanted;
                return start * PAGE_BYTES;
            }
            start = next(end, true);
        }
        return NONE;
    }

    /** Gives back what {@link #take} gave for so many bytes. */
    void giveBack(int offset, int bytes) {
        int start = offset / PAGE_BYTES;
        int count = pagesOf(bytes);
        mark(start, start + count, true);
        freePages += count;
    }

    private static int pagesOf(int bytes) {
        return Math.max(1, (bytes + PAGE_BYTES - 1) / PAGE_BYTES);
    }

    /** The first page from {@code from} on that is free, or that is not; the number of pages if there is none. */
    private int next(int from, boolean wanted) {
        int word = from / 64;
        if (word >= free.length) {
            return pages;
        }
        long bits = (wanted ? free[word] : ~free[word]) & -1L << from % 64;
        while (bits == 0) {
            word++;
            if (word == free.length) {
                return pages;
            }
            bits = wanted ? free[word] : ~free[word];
        }
        return Math.min(pages, word * 64 + Long.numberOfTrailingZeros(bits));
    }

    private void mark(int from, int to, boolean asFree) {
        int at = from;
        while (at < to) {
            int count = Math.min(64 - at % 64, to - at);
            long bits = (count == 64 ? -1L : (1L << count) - 1) << at % 64;
            free[at / 64] = asFree ? free[at / 64] | bits : free[at / 64] & ~bits;
            at += count;
        }
    }
}
