package org.jnvmet.target;

import java.util.BitSet;

/**
 * Controller identifiers in use, unique in the whole target: a host may hold controllers of several
 * subsystems and tools tell them apart by number. A leaf lock; nothing is called while it is held.
 */
final class CntlidPool {
    /** Largest identifier; FFF0h and above are reserved (NVMe over Fabrics, Connect). */
    static final int MAX = 0xffef;

    private final BitSet used = new BitSet();

    /** Takes the lowest free identifier in {@code min .. max}, or -1. */
    synchronized int take(int min, int max) {
        int id = used.nextClearBit(min);
        if (id > Math.min(max, MAX)) {
            return -1;
        }
        used.set(id);
        return id;
    }

    synchronized void release(int id) {
        used.clear(id);
    }

    synchronized int inUse() {
        return used.cardinality();
    }
}
