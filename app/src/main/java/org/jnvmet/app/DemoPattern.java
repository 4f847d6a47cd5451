package org.jnvmet.app;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.nvme.BlockTransfer;

/**
 * Bytes that tell their place and their seed, so that what comes back from elsewhere, or from before, is seen. As a
 * source it makes them, as a sink it compares; either way from the first byte on, in multiples of 8.
 */
final class DemoPattern implements BlockTransfer.Source, BlockTransfer.Sink {
    // Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators
    private static final long STEP = 0x9e37_79b9_7f4a_7c15L;
    private static final long MIX1 = 0xbf58_476d_1ce4_e5b9L;
    private static final long MIX2 = 0x94d0_49bb_1331_11ebL;

    private final long seed;
    private long position;
    private ByteBuffer expected = ByteBuffer.allocate(0);

    DemoPattern(long seed) {
        this.seed = seed;
    }

    @Override
    public void read(ByteBuffer buffer) {
        ByteBuffer view = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
        while (view.remaining() >= Long.BYTES) {
            view.putLong(at(position));
            position += Long.BYTES;
        }
        buffer.position(buffer.position() + view.position());
    }

    private long at(long place) {
        long mixed = seed + (place / Long.BYTES + 1) * STEP;
        mixed = (mixed ^ mixed >>> 30) * MIX1;
        mixed = (mixed ^ mixed >>> 27) * MIX2;
        return mixed ^ mixed >>> 31;
    }

    /**
     * Compares.
     *
     * @throws CommandFailure when a byte is another one
     */
    @Override
    public void write(ByteBuffer buffer) {
        if (expected.capacity() < buffer.remaining()) {
            expected = ByteBuffer.allocateDirect(buffer.remaining());
        }
        long first = position;
        read(expected.clear().limit(buffer.remaining()));
        int wrong = buffer.mismatch(expected.flip());
        if (wrong >= 0) {
            throw new CommandFailure(
                    "byte %d reads as %02xh, and %02xh was written"
                            .formatted(
                                    first + wrong,
                                    buffer.get(buffer.position() + wrong) & 0xff,
                                    expected.get(wrong) & 0xff));
        }
        buffer.position(buffer.limit());
    }
}
