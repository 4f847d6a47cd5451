package org.jnvmet.target.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A kernel that refuses direct I/O because of the memory. The real one does so with EINVAL when memory is at
 * an odd address, which the processor does not mind: here that stands for memory of a device.
 */
@Timeout(60)
class DetourTest {
    private static final int BLOCK = 4096;

    /** More than one piece of the detour. */
    private static final int BYTES = 1 << 20;

    private final IoWorkers workers = new IoWorkers(2);
    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES + BLOCK, BLOCK);
    private final byte[] contents = new byte[BYTES];
    private @TempDir Path directory;
    private Backend medium;

    /** Notes refusals. */
    private static final class Refusals implements Placement {
        private final boolean strict;
        private final List<String> refused = new ArrayList<>();

        private Refusals(boolean strict) {
            this.strict = strict;
        }

        @Override
        public BufferSource on(Loop loop) {
            return loop.buffers();
        }

        @Override
        public boolean strict() {
            return strict;
        }

        @Override
        public @Nullable Status unavailable() {
            return null;
        }

        @Override
        public void attached(Loop loop, int bytes, boolean peerMemory) {}

        @Override
        public void refused(int errno, long bytes) {
            refused.add(Errno.of(errno) + " " + bytes);
        }
    }

    private final class Operation implements BlockOperation {
        private final Kind kind;
        private final int offset;
        private final int length;
        private final int dataOffset;
        private final @Nullable Placement placement;
        private final CompletableFuture<Status> ended = new CompletableFuture<>();
        private @Nullable BlockOperation next;

        private Operation(
                Kind kind, int offset, int length, int dataOffset, @Nullable Placement placement) {
            this.kind = kind;
            this.offset = offset;
            this.length = length;
            this.dataOffset = dataOffset;
            this.placement = placement;
        }

        private Status run() {
            medium.submit(this);
            return ended.join();
        }

        @Override
        public Kind kind() {
            return kind;
        }

        @Override
        public long offset() {
            return offset;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public MemorySegment data() {
            return memory;
        }

        @Override
        public long dataOffset() {
            return dataOffset;
        }

        @Override
        public boolean forceUnitAccess() {
            return true;
        }

        @Override
        public boolean mayDeallocate() {
            return false;
        }

        @Override
        public Loop loop() {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable Placement placement() {
            return placement;
        }

        @Override
        public @Nullable BlockOperation next() {
            return next;
        }

        @Override
        public void next(@Nullable BlockOperation operation) {
            next = operation;
        }

        @Override
        public void done(Status status) {
            ended.complete(status);
        }
    }

    @BeforeEach
    void open() throws IOException {
        new Random(4).nextBytes(contents);
        Path file = Files.write(directory.resolve("disk"), contents);
        medium = new Backends(workers).open(file.toString(), false);
        assumeThat(new Operation(BlockOperation.Kind.READ, 0, BLOCK, 1, null).run())
                .as("of a kernel that minds the address")
                .isNotEqualTo(Status.SUCCESS);
    }

    @AfterEach
    void close() throws IOException {
        medium.close();
        workers.close();
    }

    private byte[] data(int offset, int length) {
        return memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void readsThroughSystemMemoryAndTells() {
        Refusals refusals = new Refusals(false);
        assertThat(new Operation(BlockOperation.Kind.READ, 0, BYTES, 1, refusals).run())
                .isEqualTo(Status.SUCCESS);
        assertThat(data(1, BYTES)).isEqualTo(contents);
        assertThat(refusals.refused).containsExactly("EINVAL " + BYTES);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).as("before the data").isZero();
        assertThat(memory.get(ValueLayout.JAVA_BYTE, BYTES + 1)).as("behind it").isZero();
    }

    @Test
    void writesThroughSystemMemoryAndTells() throws IOException {
        Refusals refusals = new Refusals(false);
        byte[] fresh = new byte[BYTES - BLOCK];
        new Random(5).nextBytes(fresh);
        MemorySegment.copy(fresh, 0, memory, ValueLayout.JAVA_BYTE, 3, fresh.length);
        assertThat(new Operation(BlockOperation.Kind.WRITE, BLOCK, fresh.length, 3, refusals).run())
                .isEqualTo(Status.SUCCESS);
        byte[] now = Files.readAllBytes(directory.resolve("disk"));
        assertThat(Arrays.copyOfRange(now, BLOCK, BYTES)).isEqualTo(fresh);
        assertThat(Arrays.copyOf(now, BLOCK)).isEqualTo(Arrays.copyOf(contents, BLOCK));
        assertThat(refusals.refused).containsExactly("EINVAL " + fresh.length);
    }

    @Test
    void takesNoDetourWhenStrict() {
        Refusals refusals = new Refusals(true);
        assertThat(new Operation(BlockOperation.Kind.READ, 0, BYTES, 1, refusals).run())
                .isEqualTo(Status.NAMESPACE_NOT_READY);
        assertThat(refusals.refused).containsExactly("EINVAL " + BYTES);
        assertThat(data(0, BYTES)).containsOnly(0);
    }

    @Test
    void doesNotBlameTheMemoryForTheMedium() throws IOException {
        Files.write(directory.resolve("disk"), new byte[BLOCK]); // it has become smaller
        Refusals refusals = new Refusals(false);
        assertThat(new Operation(BlockOperation.Kind.READ, BLOCK, BLOCK, 1, refusals).run())
                .isEqualTo(Status.UNRECOVERED_READ_ERROR);
        assertThat(refusals.refused).isEmpty();
    }

    @Test
    void namesTheDeviceThatTheFileLiesOn() throws IOException {
        long number = (Long) Files.getAttribute(directory, "unix:dev");
        Backend.Device device = medium.device();
        assertThat(device)
                .isEqualTo(
                        new Backend.Device(
                                (int) ((number >>> 8) & 0xfff),
                                (int) ((number & 0xff) | ((number >>> 12) & 0xfff00)),
                                true));
        Backend buffered = new Backends(workers).open(directory.resolve("disk").toString(), true);
        assertThat(buffered.device()).as("past the page cache there is none").isNull();
        buffered.close();
    }
}
