package org.jnvmet.target.backend;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Makes access to each 4 KiB region of a shared medium atomic between loops: sequence locks, one for
 * every region modulo their number, each on its own cache line. Readers only look at the sequence
 * before and after their copy; they repeat the copy when a writer came between, and after {@link
 * #OPTIMISTIC_TRIES} they lock as a writer does, so that they end. A lock is held for one copy of at
 * most 4 KiB, and only two loops at the same region at the same moment ever meet. Any thread.
 */
final class BlockLocks {
    static final int REGION_SHIFT = 12;

    /** Copies that a reader tries before it locks. */
    static final int OPTIMISTIC_TRIES = 8;

    private static final int MAX_LOCKS = 1024;
    private static final int LONGS_PER_LINE = 8;
    private static final int SPINS_BEFORE_YIELD = 1000;
    private static final VarHandle SEQUENCE = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] sequences; // odd while locked
    private final int mask;

    BlockLocks(long mediumBytes) {
        long regions = (mediumBytes + (1 << REGION_SHIFT) - 1) >>> REGION_SHIFT;
        int locks = (int) Math.min(MAX_LOCKS, Long.highestOneBit(Math.max(1, 2 * regions - 1)));
        sequences = new long[locks * LONGS_PER_LINE];
        mask = locks - 1;
    }

    /** How many neighbouring regions can be locked together. */
    int locks() {
        return mask + 1;
    }

    /** Sequence of the region at {@code offset} for {@link #unchanged}; odd when it is locked. */
    long observe(long offset) {
        return (long) SEQUENCE.getAcquire(sequences, slot(offset));
    }

    /** Whether what was copied since {@code observed} is of one piece. */
    boolean unchanged(long offset, long observed) {
        VarHandle.loadLoadFence();
        return (observed & 1) == 0
                && (long) SEQUENCE.getOpaque(sequences, slot(offset)) == observed;
    }

    /** Locks the region at {@code offset}. */
    @SuppressWarnings("ThreadPriorityCheck") // yields only to let a preempted holder run
    void lock(long offset) {
        int slot = slot(offset);
        for (int spins = 0; ; spins++) {
            long sequence = (long) SEQUENCE.getOpaque(sequences, slot);
            if ((sequence & 1) == 0
                    && SEQUENCE.compareAndSet(sequences, slot, sequence, sequence + 1)) {
                VarHandle.storeStoreFence();
                return;
            }
            if (spins < SPINS_BEFORE_YIELD) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /** Unlocks the region at {@code offset}. */
    void unlock(long offset) {
        int slot = slot(offset);
        SEQUENCE.setRelease(sequences, slot, (long) SEQUENCE.getOpaque(sequences, slot) + 1);
    }

    private int slot(long offset) {
        return ((int) (offset >>> REGION_SHIFT) & mask) * LONGS_PER_LINE;
    }
}
