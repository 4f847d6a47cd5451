package org.jnvmet.target.spi;

import java.lang.foreign.MemorySegment;

/**
 * A contiguous piece of native memory lent by a {@link BufferSource} until {@link #release()}. The
 * piece is {@code memory()[offset(), offset() + capacity())}; sources lend the same few objects again
 * and again, so a buffer must not be touched after its release.
 */
public abstract class DataBuffer {
    /** Segment that contains the piece; larger than it, and the same for many buffers. */
    public abstract MemorySegment memory();

    /** First byte of the piece in {@link #memory()}. */
    public abstract long offset();

    /** Bytes of the piece. */
    public abstract int capacity();

    /** Native address of the first byte; aligned to 4,096. */
    public final long address() {
        return memory().address() + offset();
    }

    /** Whether this is memory of a PCI device, which a medium may refuse direct I/O with. */
    public boolean isPeerMemory() {
        return false;
    }

    /** Gives the piece back. Owner loop of the source only; once. */
    public abstract void release();
}
