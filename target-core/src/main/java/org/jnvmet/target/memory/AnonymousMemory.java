package org.jnvmet.target.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;

/**
 * A sparse range of private memory outside the heap: reads as zeroes, costs nothing where it was never
 * written, and lies on huge pages where the kernel has them. Any thread; whoever closes it knows that
 * nobody uses it any more (a late access by Java fails, one by address crashes).
 */
public final class AnonymousMemory implements AutoCloseable {
    /** The range begins at a multiple of this, the size of a huge page. */
    public static final int ALIGNMENT = 2 << 20;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final long mapped;
    private final long mappedBytes;

    /**
     * Maps {@code bytes} of memory.
     *
     * @throws ConfigException ENOMEM when the process may not have that many addresses
     */
    public AnonymousMemory(long bytes) {
        mappedBytes = Math.addExact(bytes, ALIGNMENT);
        mapped = Libc.mapAnonymous(mappedBytes);
        if (mapped < 0 && mapped > -Libc.pageBytes()) {
            throw new ConfigException(
                    Errno.of((int) -mapped), "no room to map " + bytes + " bytes of memory");
        }
        long start = (mapped + ALIGNMENT - 1) & -ALIGNMENT;
        segment = Libc.segment(start, bytes, arena);
        if (bytes >= ALIGNMENT) {
            // Advice: a kernel without huge pages refuses it and serves small ones.
            int _ = Libc.madvise(start, bytes, Libc.MADV_HUGEPAGE);
        }
    }

    /** The range. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Gives whole pages back to the system; they read as zeroes then.
     *
     * @param offset first byte, a multiple of the page size
     * @param bytes a multiple of the page size
     */
    public void giveBack(long offset, long bytes) {
        int result =
                Libc.madvise(segment.asSlice(offset, bytes).address(), bytes, Libc.MADV_DONTNEED);
        if (result < 0) {
            // Locked memory (mlockall) cannot be given back.
            segment.asSlice(offset, bytes).fill((byte) 0);
        }
    }

    @Override
    public void close() {
        arena.close();
        int result = Libc.munmap(mapped, mappedBytes);
        if (result < 0) {
            throw new IllegalStateException("munmap: " + Errno.of(-result));
        }
    }
}
