package org.jnvmet.target.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jnvmet.target.ManualLoop;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jnvmet.target.spi.DataBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MemoryPoolTest {
    private static final int KIB = 1024;
    private static final int LARGEST = 64 * KIB;
    private static final int BOUND = 1024 * KIB;

    private final ManualLoop loop = new ManualLoop();

    @Test
    void roundsUpToPowersOfTwoOfAtLeastOneGranule() {
        try (MemoryPool pool = pool()) {
            int[][] askedAndGiven = {
                {1, 4096}, {4096, 4096}, {4097, 8192}, {12288, 16384}, {LARGEST, LARGEST}
            };
            for (int[] pair : askedAndGiven) {
                DataBuffer buffer = acquire(pool, pair[0]);
                assertThat(buffer.capacity()).isEqualTo(pair[1]);
                assertThat(buffer.address() % 4096).isZero();
                buffer.release();
            }
        }
    }

    @Test
    void refusesSizesBeyondItsLargest() {
        try (MemoryPool pool = pool()) {
            assertThatThrownBy(() -> pool.tryAcquire(LARGEST + 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> pool.tryAcquire(0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void givesItsWholeBoundAndNoMore() {
        try (MemoryPool pool = pool()) {
            List<DataBuffer> lent = takeEverything(pool, 4096);
            assertThat(lent).hasSize(BOUND / 4096);
            assertThat(pool.lentBytes()).isEqualTo(BOUND);
            lent.forEach(DataBuffer::release);
            List<DataBuffer> whole = takeEverything(pool, LARGEST);
            assertThat(whole).hasSize(BOUND / LARGEST);
            whole.forEach(DataBuffer::release);
        }
    }

    @Test
    void releasedTwiceIsABug() {
        try (MemoryPool pool = pool()) {
            DataBuffer buffer = acquire(pool, 4096);
            buffer.release();
            assertThatThrownBy(buffer::release)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("released twice");
        }
    }

    @Test
    void closeReportsWhatWasNeverReleased() {
        MemoryPool pool = pool();
        DataBuffer buffer = acquire(pool, 8192);
        assertThatThrownBy(pool::close).hasMessage("1 buffers of 8192 bytes were never released");
        buffer.memory().set(ValueLayout.JAVA_BYTE, buffer.offset(), (byte) 1); // still mapped
        buffer.release();
        pool.close();
    }

    @Test
    void grantsInTheOrderOfArrivalAndOnlyFromTheLoop() {
        try (MemoryPool pool = pool()) {
            List<DataBuffer> lent = takeEverything(pool, LARGEST);
            Guest first = new Guest();
            Guest second = new Guest();
            pool.await(first, LARGEST);
            pool.await(second, 4096);
            loop.run();
            assertThat(first.buffer).isNull();
            lent.removeLast().release();
            assertThat(first.buffer).as("never from within release").isNull();
            loop.run();
            assertThat(first.buffer).isNotNull();
            assertThat(second.buffer).isNull();
            lent.removeLast().release();
            loop.run();
            assertThat(second.buffer).isNotNull();
            first.release();
            second.release();
            lent.forEach(DataBuffer::release);
        }
    }

    @Test
    void grantsFromTheLoopEvenWhenBuffersAreFree() {
        try (MemoryPool pool = pool()) {
            Guest guest = new Guest();
            pool.await(guest, 4096);
            assertThat(guest.buffer).isNull();
            loop.run();
            guest.release();
        }
    }

    @Test
    void smallOnesDoNotStarveALargeOneAtTheHead() {
        try (MemoryPool pool = pool()) {
            List<DataBuffer> small = takeEverything(pool, 4096);
            Guest large = new Guest();
            pool.await(large, LARGEST);
            while (large.buffer == null) {
                small.removeFirst().release();
                loop.run();
                assertThat(large.buffer == null ? pool.tryAcquire(4096) : null)
                        .as("nobody passes the line")
                        .isNull();
            }
            large.release();
            small.forEach(DataBuffer::release);
        }
    }

    @Test
    void whoeverStandsBehindOneThatLeavesIsServed() {
        try (MemoryPool pool = pool()) {
            List<DataBuffer> lent = takeEverything(pool, 4096);
            Guest large = new Guest();
            Guest small = new Guest();
            pool.await(large, LARGEST);
            pool.await(small, 4096);
            lent.removeFirst().release();
            loop.run();
            assertThat(small.buffer).isNull();
            pool.cancel(large);
            loop.run();
            small.release();
            assertThat(large.buffer).isNull();
            lent.forEach(DataBuffer::release);
        }
    }

    @Test
    void reusesTheMemoryThatWasReleasedLast() {
        try (MemoryPool pool = pool()) {
            DataBuffer one = acquire(pool, 4096);
            DataBuffer two = acquire(pool, 4096);
            one.release();
            assertThat(acquire(pool, 4096)).isSameAs(one);
            one.release();
            two.release();
        }
    }

    @Test
    void allocatesNothingOnceWarm() {
        try (MemoryPool pool = pool()) {
            Waiter guest =
                    new Guest() {
                        @Override
                        public void granted(DataBuffer granted) {
                            granted.release();
                        }
                    };
            Runnable work =
                    () -> {
                        for (int i = 0; i < 20_000; i++) {
                            DataBuffer buffer = acquire(pool, 4096 << (i % 4));
                            pool.await(guest, LARGEST);
                            buffer.release();
                            loop.run();
                        }
                    };
            work.run();
            work.run();
            var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
            threads.getCurrentThreadAllocatedBytes();
            long before = threads.getCurrentThreadAllocatedBytes();
            work.run();
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
        }
    }

    /** A thousand random steps, checked against a map of which granule belongs to whom. */
    @Test
    void randomUseNeverOverlapsNorLosesMemory() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        MemoryPool pool = pool();
        Oracle oracle = new Oracle();
        try {
            for (int step = 0; step < 20_000; step++) {
                switch (random.nextInt(5)) {
                    case 0, 1 -> oracle.took(pool.tryAcquire(1 + random.nextInt(LARGEST)));
                    case 2 -> {
                        Guest guest = oracle.guest();
                        pool.await(guest, 1 + random.nextInt(LARGEST));
                    }
                    case 3 -> oracle.releaseOne(random);
                    default -> {
                        loop.run();
                        if (random.nextInt(10) == 0) {
                            oracle.cancelOne(pool, random);
                        }
                    }
                }
                oracle.check(pool);
            }
            while (!oracle.lent.isEmpty() || pool.waiting() > 0) {
                oracle.releaseOne(random);
                loop.run();
                oracle.check(pool);
            }
            List<DataBuffer> whole = takeEverything(pool, LARGEST);
            assertThat(whole).hasSize(BOUND / LARGEST);
            whole.forEach(DataBuffer::release);
            pool.close();
        } catch (AssertionError | RuntimeException e) {
            fail("seed " + seed, e);
        }
    }

    private MemoryPool pool() {
        return new MemoryPool(loop, LARGEST, BOUND);
    }

    private static DataBuffer acquire(MemoryPool pool, int bytes) {
        DataBuffer buffer = pool.tryAcquire(bytes);
        if (buffer == null) {
            throw new AssertionError("no buffer of " + bytes);
        }
        return buffer;
    }

    private static List<DataBuffer> takeEverything(MemoryPool pool, int bytes) {
        List<DataBuffer> all = new ArrayList<>();
        for (DataBuffer b = pool.tryAcquire(bytes); b != null; b = pool.tryAcquire(bytes)) {
            all.add(b);
        }
        return all;
    }

    /** Someone who waits for one buffer. */
    private static class Guest implements Waiter {
        @Nullable DataBuffer buffer;

        @Override
        public void granted(DataBuffer granted) {
            assertThat(buffer).as("granted once").isNull();
            buffer = granted;
        }

        @Override
        public void turnedAway() {
            throw new AssertionError("memory of a loop turns nobody away");
        }

        void release() {
            DataBuffer granted = buffer;
            assertThat(granted).isNotNull();
            if (granted != null) {
                granted.release();
            }
            buffer = null;
        }
    }

    /** What must be true: every lent piece is filled with its own mark, and the sums agree. */
    private static final class Oracle {
        final List<DataBuffer> lent = new ArrayList<>();
        private final List<Long> marks = new ArrayList<>();
        private final List<Guest> waiting = new ArrayList<>();
        private long lastMark;

        void took(@Nullable DataBuffer buffer) {
            if (buffer == null) {
                return;
            }
            assertThat(buffer.offset() % buffer.capacity()).isZero();
            lent.add(buffer);
            marks.add(++lastMark);
            for (int i = 0; i < buffer.capacity(); i += 4096) {
                buffer.memory().set(ValueLayout.JAVA_LONG, buffer.offset() + i, lastMark);
            }
        }

        Guest guest() {
            Guest guest =
                    new Guest() {
                        @Override
                        public void granted(DataBuffer granted) {
                            assertThat(waiting).first().as("first in line").isSameAs(this);
                            waiting.remove(this);
                            took(granted);
                        }
                    };
            waiting.add(guest);
            return guest;
        }

        void cancelOne(MemoryPool pool, Random random) {
            if (!waiting.isEmpty()) {
                pool.cancel(waiting.remove(random.nextInt(waiting.size())));
            }
        }

        void releaseOne(Random random) {
            if (lent.isEmpty()) {
                return;
            }
            int i = random.nextInt(lent.size());
            DataBuffer buffer = lent.remove(i);
            long mark = marks.remove(i);
            MemorySegment memory = buffer.memory();
            for (int at = 0; at < buffer.capacity(); at += 4096) {
                assertThat(memory.get(ValueLayout.JAVA_LONG, buffer.offset() + at)).isEqualTo(mark);
            }
            buffer.release();
        }

        void check(MemoryPool pool) {
            assertThat(pool.lentPieces()).isEqualTo(lent.size());
            assertThat(pool.lentBytes())
                    .isEqualTo(lent.stream().mapToLong(DataBuffer::capacity).sum())
                    .isLessThanOrEqualTo(BOUND);
            assertThat(pool.waiting()).isEqualTo(waiting.size());
        }
    }
}
