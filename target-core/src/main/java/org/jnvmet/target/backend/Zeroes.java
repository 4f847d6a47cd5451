package org.jnvmet.target.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A stretch of zeroes outside the heap, aligned for direct I/O; never written. */
final class Zeroes {
    static final int BYTES = 256 << 10;
    static final MemorySegment SEGMENT = Arena.global().allocate(BYTES, 4096).asReadOnly();

    private Zeroes() {}

    /** Zeroes a part of {@code target} without allocating. */
    static void copyTo(MemorySegment target, long offset, long bytes) {
        for (long done = 0; done < bytes; done += BYTES) {
            long part = Math.min(BYTES, bytes - done);
            MemorySegment.copy(SEGMENT, 0, target, offset + done, part);
        }
    }
}
