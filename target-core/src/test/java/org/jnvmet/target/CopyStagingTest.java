package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the data of a copy lies in between, when the namespaces have memory of their own for it. */
class CopyStagingTest extends CopyFixture {
    private static final int PIECE = 256 << 10;
    private static final Source ALL = new Source(1, 0, 100);

    private final MemoryPool memory = new MemoryPool(fixture.ioLoop, 1 << 20, 2 << 20);
    private final MemoryPool other = new MemoryPool(fixture.ioLoop, 1 << 20, 1 << 20);

    /** A buffer that says of itself that a device has it. */
    private static final class PeerBuffer extends DataBuffer {
        private final DataBuffer buffer;

        PeerBuffer(DataBuffer buffer) {
            this.buffer = buffer;
        }

        @Override
        public MemorySegment memory() {
            return buffer.memory();
        }

        @Override
        public long offset() {
            return buffer.offset();
        }

        @Override
        public int capacity() {
            return buffer.capacity();
        }

        @Override
        public boolean isPeerMemory() {
            return true;
        }

        @Override
        public void release() {
            buffer.release();
        }
    }

    private static final class Place implements Placement, BufferSource {
        private final MemoryPool pool;
        private final boolean strict;
        private final ArrayDeque<Waiter> line = new ArrayDeque<>();
        private @Nullable Status unavailable;
        private boolean exhausted;
        private long attachedBytes;

        Place(MemoryPool pool, boolean strict) {
            this.pool = pool;
            this.strict = strict;
        }

        @Override
        public BufferSource on(Loop loop) {
            return this;
        }

        @Override
        public boolean strict() {
            return strict;
        }

        @Override
        public @Nullable Status unavailable() {
            return unavailable;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // the very pool
        public boolean sharesMemoryWith(Placement that) {
            return that instanceof Place place && place.pool == pool;
        }

        @Override
        public void attached(Loop loop, int bytes, boolean peerMemory) {
            assertThat(peerMemory).isTrue();
            attachedBytes += bytes;
        }

        @Override
        public void refused(int errno, long bytes) {
            throw new IllegalStateException("nobody refuses it");
        }

        @Override
        public @Nullable DataBuffer tryAcquire(int bytes) {
            DataBuffer buffer = exhausted ? null : pool.tryAcquire(bytes);
            return buffer == null ? null : new PeerBuffer(buffer);
        }

        @Override
        public void await(Waiter waiter, int bytes) {
            line.add(waiter);
        }

        @Override
        public void cancel(Waiter waiter) {
            assertThat(line.remove(waiter)).isTrue();
        }

        @Override
        public int maxBufferBytes() {
            return 1 << 20;
        }
    }

    @BeforeEach
    void fill() {
        enable(1 << 2);
        write(1, 0, pattern(100, 5));
        fixture.media.placements.clear();
    }

    @AfterEach
    void giveBack() {
        fixture.settle();
        memory.close();
        other.close();
    }

    private void place(@Nullable Place first, @Nullable Place second) {
        Controller controller = CoreFixture.controller(admin);
        Namespace one = Objects.requireNonNull(fixture.subsystem.namespace(1));
        Namespace two = Objects.requireNonNull(fixture.subsystem.namespace(2));
        if (first != null && second != null) {
            controller.place(Map.of(one, first, two, second));
        } else if (first != null) {
            controller.place(Map.of(one, first));
        } else if (second != null) {
            controller.place(Map.of(two, second));
        }
    }

    private void expectCopied(Status expected) {
        TestQueue.Completion copied = copy(2, 2, 0, ALL);
        assertThat(copied.is(expected)).as(copied.toString()).isTrue();
        List<Optional<Placement>> places = List.copyOf(fixture.media.placements);
        CoreFixture.controller(admin).place(Map.of());
        if (expected == Status.SUCCESS) {
            assertThat(read(2, 0, 100)).isEqualTo(pattern(100, 5));
        } else {
            assertThat(read(2, 0, 100)).containsOnly(0);
        }
        fixture.media.placements.clear();
        fixture.media.placements.addAll(places);
    }

    @Test
    void liesInTheMemoryThatBothNamespacesReach() {
        Place first = new Place(memory, false);
        Place second = new Place(memory, false);
        place(first, second);

        expectCopied(Status.SUCCESS);

        // Each medium is told of its own placement, to which it may complain.
        assertThat(fixture.media.placements)
                .containsExactly(
                        Optional.of(first),
                        Optional.of(second),
                        Optional.of(first),
                        Optional.of(second));
        assertThat(first.attachedBytes).isZero();
        assertThat(second.attachedBytes).isEqualTo(100L * 4096);
        assertThat(100 * 4096).isGreaterThan(PIECE);
    }

    @Test
    void liesInSystemMemoryWhenTheyReachDifferentMemory() {
        place(new Place(memory, false), new Place(other, false));
        expectCopied(Status.SUCCESS);
        assertThat(fixture.media.placements).hasSize(4).containsOnly(Optional.empty());
    }

    @Test
    void liesInSystemMemoryWhenOneOfThemHasNone() {
        place(new Place(memory, false), null);
        expectCopied(Status.SUCCESS);
        place(null, new Place(memory, false));
        expectCopied(Status.SUCCESS);
        assertThat(fixture.media.placements).containsOnly(Optional.empty());
    }

    @Test
    void neverLiesInSystemMemoryWhenItMustNot() {
        place(new Place(memory, true), new Place(other, true));
        expectCopied(Status.NAMESPACE_NOT_READY);
        place(new Place(memory, true), null);
        expectCopied(Status.NAMESPACE_NOT_READY);
        place(null, new Place(memory, true));
        expectCopied(Status.NAMESPACE_NOT_READY);
        assertThat(fixture.media.placements).isEmpty();
    }

    @Test
    void failsWithMemoryThatHasGone() {
        Place gone = new Place(memory, true);
        gone.unavailable = Status.NAMESPACE_NOT_READY;
        place(gone, new Place(memory, true));
        expectCopied(Status.NAMESPACE_NOT_READY);
    }

    @Test
    void asksAnewWhenItsLineEnds() {
        Place exhausted = new Place(memory, true);
        exhausted.exhausted = true;
        place(new Place(memory, true), exhausted);
        int copying = send(2, 2, 0, ALL);
        fixture.settle();
        assertThat(io.completion(copying)).isNull();
        Place next = new Place(memory, true);
        place(new Place(memory, true), next);

        exhausted.line.remove().turnedAway();
        fixture.settle();

        assertThat(io.ended(copying).status()).isZero();
        assertThat(exhausted.attachedBytes).isZero();
        assertThat(next.attachedBytes).isEqualTo(100L * 4096);
        CoreFixture.controller(admin).place(Map.of());
        assertThat(read(2, 0, 100)).isEqualTo(pattern(100, 5));
    }

    @Test
    void leavesTheLineForMemoryWithItsHost() {
        Place exhausted = new Place(memory, true);
        exhausted.exhausted = true;
        place(exhausted, exhausted);
        int copying = send(2, 2, 0, ALL);
        fixture.settle();

        io.close("lost");
        fixture.settle();

        assertThat(io.ended(copying).is(Status.ABORTED_SQ_DELETION)).isTrue();
        assertThat(exhausted.line).isEmpty();
    }
}
