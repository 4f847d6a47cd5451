package org.jnvmet.p2pmem.pool;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Granules in a row that a loop has leased from the centre, and which of them it has free. What the loop
 * gave back of them meanwhile counts as taken. Owned by the loop; its object is used again and again.
 */
final class Region {
    static final int UNLISTED = -1;

    final FirstFit map = new FirstFit();
    @Nullable Extent extent; // null: it is not leased
    int base; // first granule, in the extent
    int lent; // granules of the loop's buffers
    int index = UNLISTED; // among those of the cache that have free granules

    Extent extent() {
        return Objects.requireNonNull(extent);
    }

    /** Begins anew with all granules free. */
    void lease(Extent from, int start, int granules) {
        extent = from;
        base = start;
        lent = 0;
        map.reset(granules);
    }
}
