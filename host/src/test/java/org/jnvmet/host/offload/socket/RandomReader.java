package org.jnvmet.host.offload.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.Requests;
import org.jnvmet.host.spi.QueueChannel;

/** Reads random numbered blocks in one slot, again and again from within its completions. */
final class RandomReader {
    private static final int BLOCK = MemoryController.BLOCK;

    private final Random random;
    private final QueueChannel channel;
    private final MemorySegment memory;
    private final int slot;
    private HostRequest request;
    private int block;
    private int left;

    /** Up to the whole {@code memory} at a time, so many times. */
    RandomReader(QueueChannel channel, int slot, MemorySegment memory, int times, long seed) {
        this.channel = channel;
        this.slot = slot;
        this.memory = memory;
        left = times;
        random = new Random(seed);
        request = Requests.of(IoCommands.read(1, 0, 1, memory.asSlice(0, BLOCK)));
    }

    HostRequest request() {
        return request;
    }

    MemorySegment memory() {
        return memory;
    }

    void start() {
        int blocks = 1 + random.nextInt((int) memory.byteSize() / BLOCK);
        block = random.nextInt(MemoryController.BLOCKS - blocks);
        MemorySegment data = memory.asSlice(0, (long) blocks * BLOCK);
        request = Requests.of(IoCommands.read(1, block, blocks, data));
        left--;
        channel.send(Requests.identify(request, slot));
    }

    /** The request is complete: looks at the data and starts the next; whether that was the last. */
    boolean completed() {
        for (long at = 0; at < request.data().bytes(); at += BLOCK) {
            long number = block + at / BLOCK;
            assertThat(memory.get(ValueLayout.JAVA_INT, at)).isEqualTo((int) number);
            assertThat(memory.get(ValueLayout.JAVA_INT, at + BLOCK - 4)).isEqualTo((int) number);
        }
        if (left > 0) {
            start();
            return false;
        }
        return true;
    }
}
