package org.jnvmet.p2pmem.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jnvmet.target.spi.DataBuffer;
import org.jspecify.annotations.Nullable;

/** Someone who waits for one buffer. */
final class Guest implements Waiter {
    @Nullable DataBuffer buffer;
    boolean turnedAway;

    Guest(PeerCache cache, int bytes) {
        cache.await(this, bytes);
    }

    @Override
    public void granted(DataBuffer granted) {
        assertThat(buffer).as("granted once").isNull();
        buffer = granted;
    }

    @Override
    public void turnedAway() {
        turnedAway = true;
    }

    void release() {
        Objects.requireNonNull(buffer, "was not granted").release();
        buffer = null;
    }
}
