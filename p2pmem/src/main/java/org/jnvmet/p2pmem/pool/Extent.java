package org.jnvmet.p2pmem.pool;

import java.lang.foreign.MemorySegment;

/** A mapping and the map of what of it is in the centre. Guarded by the centre. */
final class Extent {
    final MemorySegment memory;
    final FirstFit map = new FirstFit();
    private final Mapping mapping;

    Extent(Mapping mapping) {
        this.mapping = mapping;
        memory = mapping.segment();
        map.reset(Math.toIntExact(mapping.bytes() >>> Centre.GRANULE_SHIFT));
    }

    void unmap() {
        mapping.close();
    }
}
