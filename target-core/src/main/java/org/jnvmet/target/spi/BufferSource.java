package org.jnvmet.target.spi;

import org.jspecify.annotations.Nullable;

/**
 * Memory for the data of commands, bounded. Owned by one loop: every method on that loop only. When
 * it is exhausted the caller waits in line; nothing is ever allocated beyond the bound.
 */
public interface BufferSource {
    /**
     * A buffer of at least {@code bytes} (1 .. {@link #maxBufferBytes()}), or null when none is free
     * or others wait in line already. The buffer's contents are whatever its last user left.
     */
    @Nullable DataBuffer tryAcquire(int bytes);

    /** Puts {@code waiter} at the end of the line for a buffer of at least {@code bytes}. */
    void await(Waiter waiter, int bytes);

    /** Takes {@code waiter} out of the line if it stands there. */
    void cancel(Waiter waiter);

    /** Largest buffer that this source can give. */
    int maxBufferBytes();

    /** Someone in line for a buffer. */
    interface Waiter {
        /** The buffer is the waiter's now. Called on the owner loop, never from within {@link #await}. */
        void granted(DataBuffer buffer);

        /**
         * The waiter stands in no line any more: this source lends no more buffers, another may. Called as
         * {@link #granted} is; memory of the loop itself never does.
         */
        void turnedAway();
    }
}
