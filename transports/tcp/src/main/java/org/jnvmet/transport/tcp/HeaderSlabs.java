package org.jnvmet.transport.tcp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Objects;

/**
 * Native memory for what connections and requests keep besides data: entries, PDU headers, digests.
 * Slabs go from connection to connection; their number is bounded by the connections and the entries
 * of their queues. Owned by one loop.
 */
final class HeaderSlabs {
    /** Bytes of a slab. */
    static final int SLAB_BYTES = 4096;

    private static final int CHUNK_BYTES = 1 << 20;

    private final Arena arena;
    private final Digests digests;
    private final ArrayDeque<Slab> free = new ArrayDeque<>();
    private int lent;

    HeaderSlabs(Arena arena, Digests digests) {
        this.arena = arena;
        this.digests = digests;
    }

    /** A piece of a chunk. */
    record Slab(MemorySegment memory, long offset) {}

    /** A slab of zeroes. */
    Slab acquire() {
        if (free.isEmpty()) {
            MemorySegment chunk = arena.allocate(CHUNK_BYTES, SLAB_BYTES);
            digests.remember(chunk);
            for (long offset = 0; offset < CHUNK_BYTES; offset += SLAB_BYTES) {
                free.add(new Slab(chunk, offset));
            }
        }
        Slab slab = Objects.requireNonNull(free.pollLast());
        slab.memory.asSlice(slab.offset, SLAB_BYTES).fill((byte) 0);
        lent++;
        return slab;
    }

    void release(Slab slab) {
        lent--;
        free.add(slab);
    }

    /** Slabs that connections hold. */
    int lent() {
        return lent;
    }
}
