package org.jnvmet.transport.tcp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Received bytes that wait until their connection can go on. Rare: its memory is allocated when it is
 * needed and freed when it is empty. Owned by the connection's loop.
 */
final class Spill {
    private Arena arena;
    private MemorySegment memory;
    private long position;

    /** Copies {@code bytes} from {@code source}. */
    Spill(MemorySegment source, long offset, long bytes) {
        arena = Arena.ofConfined();
        memory = arena.allocate(bytes);
        MemorySegment.copy(source, offset, memory, 0, bytes);
    }

    MemorySegment memory() {
        return memory;
    }

    /** First byte that waits. */
    long position() {
        return position;
    }

    long end() {
        return memory.byteSize();
    }

    /** Bytes before {@code position} have been interpreted. */
    void position(long position) {
        this.position = position;
    }

    boolean isEmpty() {
        return position == memory.byteSize();
    }

    void free() {
        arena.close();
    }
}
