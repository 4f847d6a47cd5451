package org.jnvmet.target.spi;

import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * Memory in which the data of a controller's I/O commands on one namespace is staged instead of system
 * memory. Chosen by {@link Staging}; a command keeps the buffer that it got.
 */
public interface Placement {
    /**
     * Its buffers on {@code loop}: the same source at each call. When the placement ends, the source turns
     * away who waits. Owner loop; allocates at most once for each loop.
     */
    BufferSource on(Loop loop);

    /** Whether commands wait for this memory rather than take another; constant. */
    boolean strict();

    /** With what commands fail as there is no memory that they may use; null: they get some. Any thread. */
    @Nullable Status unavailable();

    /** A command has its buffer; once for each that asked here, and for each piece of a Copy. That loop. */
    void attached(Loop loop, int bytes, boolean peerMemory);

    /**
     * Whether the other places data in the same memory, so that what is staged here reaches its medium,
     * too: for Copy, which moves data from one medium to another. Any thread.
     */
    default boolean sharesMemoryWith(Placement other) {
        return equals(other);
    }

    /**
     * The medium refused direct I/O with this memory. Later commands shall not try. The operation is done
     * through system memory instead, unless the placement is strict. Any thread, any number of times.
     *
     * @param errno as the kernel gave it: EREMOTEIO, EFAULT, EINVAL
     * @param bytes length of the operation
     */
    void refused(int errno, long bytes);
}
