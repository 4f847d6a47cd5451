package org.jnvmet.p2pmem.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jnvmet.target.spi.DataBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerPoolTest {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    @TempDir Path folder;

    private final SteppedLoop[] loops = {
        new SteppedLoop(0), new SteppedLoop(1), new SteppedLoop(2), new SteppedLoop(3)
    };

    @Test
    void lendsWholeGranulesOfItsMappings() {
        PeerPool pool = pool(MIB);
        PeerCache cache = pool.on(loops[0]);
        DataBuffer one = take(cache, 1);
        DataBuffer two = take(cache, 4097);
        assertThat(one.capacity()).isEqualTo(4096);
        assertThat(two.capacity()).isEqualTo(8192);
        assertThat(one.isPeerMemory()).isTrue();
        assertThat(one.address() % 4096).isZero();
        assertThat(two.memory()).isSameAs(one.memory());
        assertThat(pool.lentBytes()).isEqualTo(12 * KIB);
        assertThat(pool.on(loops[0])).isSameAs(cache);
        one.release();
        two.release();
        assertThat(pool.lentBytes()).isZero();
        assertThatThrownBy(one::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("released twice");
    }

    @Test
    void oneLoopCanHaveItAll() {
        PeerPool pool = pool(MIB);
        for (int bytes : new int[] {4 * KIB, 128 * KIB, MIB}) {
            List<DataBuffer> all = takeAll(pool.on(loops[1]), bytes);
            assertThat(all).hasSize(MIB / bytes);
            all.forEach(DataBuffer::release);
        }
    }

    /** What the others have free at the moment comes back when one finds nothing. */
    @Test
    void aSmallPoolServesLargeBuffersToManyLoops() {
        PeerPool pool = pool(MIB);
        for (SteppedLoop loop : loops) {
            take(pool.on(loop), 4 * KIB).release(); // leaves each with a region
        }
        List<DataBuffer> all = new ArrayList<>(takeAll(pool.on(loops[0]), 128 * KIB));
        assertThat(all).hasSizeGreaterThanOrEqualTo(6);
        runLoops();
        all.addAll(takeAll(pool.on(loops[3]), 128 * KIB));
        assertThat(all).as("all but a gap that is too short").hasSizeGreaterThanOrEqualTo(7);
        all.forEach(DataBuffer::release);
        runLoops();
        List<DataBuffer> again = takeAll(pool.on(loops[1]), 128 * KIB);
        runLoops();
        again.addAll(takeAll(pool.on(loops[1]), 128 * KIB));
        assertThat(again).hasSize(8);
        again.forEach(DataBuffer::release);
    }

    @Test
    void waitersOfALoopAreServedInOrderAndOnlyFromTheLoop() {
        PeerPool pool = pool(MIB);
        PeerCache cache = pool.on(loops[0]);
        List<DataBuffer> lent = takeAll(cache, 512 * KIB);
        Guest first = new Guest(cache, 512 * KIB);
        Guest second = new Guest(cache, 4 * KIB);
        runLoops();
        lent.removeLast().release();
        assertThat(first.buffer).as("never from within release").isNull();
        assertThat(cache.tryAcquire(4 * KIB)).as("nobody passes the line").isNull();
        runLoops();
        assertThat(first.buffer).isNotNull();
        assertThat(second.buffer).isNull();
        lent.removeLast().release();
        runLoops();
        assertThat(second.buffer).isNotNull();
        first.release();
        second.release();
    }

    @Test
    void isNeverGrantedFromWithinAwait() {
        PeerPool pool = pool(MIB);
        Guest guest = new Guest(pool.on(loops[0]), 4 * KIB);
        assertThat(guest.buffer).isNull();
        runLoops();
        guest.release();
    }

    @Test
    void aLargeOneAtTheHeadStopsAllLoops() {
        PeerPool pool = pool(MIB);
        List<DataBuffer> small = new ArrayList<>();
        for (int i = 0; i < MIB / (4 * KIB); i++) {
            small.add(take(pool.on(loops[i % 4]), 4 * KIB));
        }
        Guest large = new Guest(pool.on(loops[2]), MIB);
        runLoops();
        while (large.buffer == null) {
            small.removeFirst().release();
            for (SteppedLoop loop : loops) {
                assertThat(pool.on(loop).tryAcquire(4 * KIB)).as("passed the line").isNull();
            }
            assertThat(pool.tryAcquire(4 * KIB)).as("passed the line").isNull();
            runLoops();
        }
        assertThat(small).isEmpty();
        large.release();
    }

    /**
     * One loop has everything, and all have many who wait for different sizes: until the first line is empty,
     * no loop is served more than once ahead of another.
     */
    @Test
    void loopsTakeTurns() {
        PeerPool pool = pool(MIB);
        Random random = new Random(5);
        ArrayDeque<DataBuffer> lent = new ArrayDeque<>(takeAll(pool.on(loops[0]), 64 * KIB));
        int[] served = new int[4];
        int mostAhead = 0;
        for (int i = 0; i < 4 * 32; i++) {
            SteppedLoop loop = loops[i % 4];
            int bytes = (4 * KIB) << random.nextInt(8);
            pool.on(loop)
                    .await(
                            new Waiter() {
                                @Override
                                public void granted(DataBuffer buffer) {
                                    served[loop.index()]++;
                                    lent.add(buffer);
                                }

                                @Override
                                public void turnedAway() {
                                    throw new AssertionError("turned away");
                                }
                            },
                            bytes);
        }
        runLoops();
        while (!lent.isEmpty()) {
            lent.remove().release();
            runLoops();
            IntSummaryStatistics counts = Arrays.stream(served).summaryStatistics();
            if (counts.getMax() < 32) {
                mostAhead = Math.max(mostAhead, counts.getMax() - counts.getMin());
            }
        }
        assertThat(served).containsOnly(32);
        assertThat(mostAhead).isEqualTo(1);
        assertThat(pool.lentBytes()).isZero();
    }

    @Test
    void whoeverStandsBehindOneThatLeavesIsServed() {
        PeerPool pool = pool(MIB);
        PeerCache cache = pool.on(loops[0]);
        List<DataBuffer> lent = takeAll(cache, 4 * KIB);
        Guest large = new Guest(cache, MIB);
        Guest small = new Guest(cache, 4 * KIB);
        runLoops();
        lent.removeFirst().release();
        runLoops();
        assertThat(small.buffer).isNull();
        cache.cancel(large);
        runLoops();
        assertThat(small.buffer).isNotNull();
        assertThat(large.buffer).isNull();
        // Nobody waits any more: others may lend again.
        lent.removeFirst().release();
        take(pool.on(loops[1]), 4 * KIB).release();
    }

    /** Its turn came when it had just left. */
    @Test
    void aTurnThatNobodyTakesGoesToTheNext() {
        PeerPool pool = pool(MIB);
        List<DataBuffer> lent = takeAll(pool.on(loops[0]), MIB);
        Guest gone = new Guest(pool.on(loops[1]), MIB);
        loops[1].run();
        Guest next = new Guest(pool.on(loops[2]), MIB);
        loops[2].run();
        lent.removeFirst().release(); // granted to loop 1, which does not know yet
        pool.on(loops[1]).cancel(gone);
        runLoops();
        assertThat(gone.buffer).isNull();
        next.release();
    }

    @Test
    void aLoopThatEndsTakesNothingWithIt() {
        PeerPool pool = pool(MIB);
        EventLoop ends = new EventLoop(7);
        ends.call(() -> {
            take(pool.on(ends), 4 * KIB).release(); // it keeps a region
        });
        List<DataBuffer> lent = new ArrayList<>(takeAll(pool.on(loops[0]), 4 * KIB));
        assertThat(lent).isNotEmpty();
        ends.call(() -> pool.on(ends).await(new Passing(), MIB)); // stands first in line
        ends.call(() -> {});
        ends.end();
        Guest guest = new Guest(pool.on(loops[0]), 512 * KIB);
        while (guest.buffer == null) { // until what the thread left has come back
            lent.removeIf(buffer -> {
                buffer.release();
                return true;
            });
            runLoops();
            Thread.onSpinWait();
        }
        guest.release();
        pool.release();
        runLoops();
        awaitUnmapped(pool);
    }

    @Test
    void isMappedFromTheFirstUserToTheLastBuffer() {
        PiecesProvider provider = new PiecesProvider(folder, MIB);
        PeerPool pool = new PeerPool(provider, Long.MAX_VALUE, Runnable::run);
        assertThat(pool.mappedBytes()).isZero();
        assertThat(pool.on(loops[0]).tryAcquire(4 * KIB)).isNull();
        assertThat(pool.on(loops[0]).lends()).isFalse();
        pool.retain();
        pool.retain();
        assertThat(provider.calls()).isEqualTo(1);
        assertThat(pool.mappedBytes()).isEqualTo(MIB);
        assertThat(pool.maxBufferBytes()).isEqualTo(MIB);
        DataBuffer buffer = take(pool.on(loops[0]), 4 * KIB);
        DataBuffer control = Objects.requireNonNull(pool.tryAcquire(64 * KIB));
        pool.release();
        assertThat(pool.on(loops[0]).lends()).isTrue();
        pool.release();
        runLoops();
        assertThat(pool.users()).isZero();
        assertThat(pool.on(loops[0]).lends()).isFalse();
        assertThat(pool.on(loops[0]).tryAcquire(4 * KIB)).isNull();
        assertThat(pool.tryAcquire(4 * KIB)).isNull();
        assertThat(provider.mappings()).isEqualTo(1);
        buffer.memory().fill((byte) 1); // still there
        buffer.release();
        assertThat(provider.mappings()).isEqualTo(1);
        control.release();
        assertThat(provider.mappings()).isZero();
        assertThat(pool.mappedBytes()).isZero();
        pool.retain();
        take(pool.on(loops[0]), MIB).release();
        pool.release();
        runLoops();
        assertThat(provider.mappings()).isZero();
        assertThatThrownBy(pool::release).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aUserWhoComesWhileItDrainsFindsItMapped() {
        PiecesProvider provider = new PiecesProvider(folder, MIB);
        PeerPool pool = new PeerPool(provider, Long.MAX_VALUE, Runnable::run);
        pool.retain();
        DataBuffer buffer = take(pool.on(loops[0]), 4 * KIB);
        pool.release();
        runLoops();
        pool.retain();
        assertThat(provider.calls()).isEqualTo(1);
        take(pool.on(loops[0]), 4 * KIB).release();
        buffer.release();
        runLoops();
        assertThat(pool.mappedBytes()).isEqualTo(MIB);
        pool.release();
        runLoops();
        assertThat(provider.mappings()).isZero();
    }

    @Test
    void whoWaitsWhenTheLastUserGoesIsServed() {
        PiecesProvider provider = new PiecesProvider(folder, MIB);
        PeerPool pool = new PeerPool(provider, Long.MAX_VALUE, Runnable::run);
        pool.retain();
        DataBuffer all = take(pool.on(loops[0]), MIB);
        Guest guest = new Guest(pool.on(loops[1]), 4 * KIB);
        runLoops();
        pool.release();
        Guest late = new Guest(pool.on(loops[2]), MIB); // was told to before
        runLoops();
        all.release();
        runLoops();
        guest.release();
        runLoops();
        assertThat(provider.mappings()).isEqualTo(1);
        late.release();
        runLoops();
        assertThat(provider.mappings()).isZero();
    }

    @Test
    void closedItLendsNoMoreAndUnmapsWithTheLastBuffer() {
        PiecesProvider provider = new PiecesProvider(folder, MIB);
        PeerPool pool = new PeerPool(provider, Long.MAX_VALUE, Runnable::run);
        pool.retain();
        DataBuffer buffer = take(pool.on(loops[0]), MIB);
        Guest first = new Guest(pool.on(loops[1]), MIB);
        Guest second = new Guest(pool.on(loops[1]), 4 * KIB);
        runLoops();
        pool.close();
        pool.close();
        Guest late = new Guest(pool.on(loops[2]), 4 * KIB);
        runLoops();
        assertThat(List.of(first, second, late)).allMatch(guest -> guest.turnedAway);
        assertThat(pool.on(loops[0]).tryAcquire(4 * KIB)).isNull();
        assertThat(pool.tryAcquire(4 * KIB)).isNull();
        assertThat(provider.mappings()).isEqualTo(1);
        buffer.release();
        assertThat(provider.mappings()).isZero();
        Guest later = new Guest(pool.on(loops[0]), 4 * KIB);
        runLoops();
        assertThat(later.turnedAway).isTrue();
        pool.release();
        assertThatThrownBy(pool::retain)
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
    }

    /** The two gaps are not neighbours: the memory comes in pieces. */
    @Test
    void fragmentedMemoryIsMappedInPieces() {
        PiecesProvider provider =
                new PiecesProvider(folder, 300 * KIB, 700 * KIB, 100 * KIB, 4 * KIB);
        PeerPool pool = new PeerPool(provider, Long.MAX_VALUE, Runnable::run);
        pool.retain();
        assertThat(pool.mappedBytes()).isGreaterThanOrEqualTo(900 * KIB);
        assertThat(provider.mappings()).isBetween(3, 8);
        int largest = pool.maxBufferBytes();
        assertThat(largest).isGreaterThanOrEqualTo(256 * KIB);
        take(pool.on(loops[0]), largest).release();
        assertThatThrownBy(() -> take(pool.on(loops[0]), largest + 1))
                .isInstanceOf(AssertionError.class);
        pool.release();
        runLoops();
        assertThat(provider.mappings()).isZero();
    }

    @Test
    void whatCannotBeMappedAtFirstFailsAndLeavesNothing() {
        PiecesProvider gone = new PiecesProvider(folder, MIB).failAt(0, Errno.ENODEV);
        PeerPool pool = new PeerPool(gone, Long.MAX_VALUE, Runnable::run);
        assertThatThrownBy(pool::retain)
                .isInstanceOf(ConfigException.class)
                .hasMessage("0000:03:00.0: refused by the test: ENODEV");
        assertThat(pool.users()).isZero();
        pool.retain(); // the next one is lucky
        pool.release();
        runLoops();
        assertThat(gone.mappings()).isZero();

        PiecesProvider goesMeanwhile =
                new PiecesProvider(folder, 512 * KIB, 512 * KIB).failAt(2, Errno.ENODEV);
        PeerPool half = new PeerPool(goesMeanwhile, Long.MAX_VALUE, Runnable::run);
        assertThatThrownBy(half::retain).isInstanceOf(ConfigException.class);
        assertThat(goesMeanwhile.calls()).isEqualTo(3);
        assertThat(goesMeanwhile.mappings()).isZero();

        PeerPool nothing = new PeerPool(new PiecesProvider(folder), MIB, Runnable::run);
        assertThatThrownBy(nothing::retain)
                .isInstanceOf(ConfigException.class)
                .hasMessage("0000:03:00.0: none of its 0 bytes of memory is available");
    }

    @Test
    void mapsNoMoreThanItShall() {
        PiecesProvider provider = new PiecesProvider(folder, MIB);
        PeerPool pool = new PeerPool(provider, 300 * KIB + 1, Runnable::run);
        pool.retain();
        assertThat(pool.mappedBytes()).isEqualTo(300 * KIB);
        assertThat(provider.availableBytes()).isEqualTo((1024 - 300) * KIB);
        pool.release();
        runLoops();
    }

    @Test
    void allocatesNothingOnceWarm() {
        PeerPool pool = pool(MIB);
        PeerCache cache = pool.on(loops[0]);
        PeerCache other = pool.on(loops[1]);
        Waiter guest = new Passing();
        DataBuffer[] held = new DataBuffer[8];
        Runnable work =
                () -> {
                    for (int i = 0; i < 20_000; i++) {
                        for (int j = 0; j < held.length; j++) {
                            held[j] = take(j % 2 == 0 ? cache : other, (4 * KIB) << (i % 3));
                        }
                        for (DataBuffer buffer : held) {
                            buffer.release();
                        }
                        if (i % 16 == 0) {
                            DataBuffer all = cache.tryAcquire(MIB); // presses the other loop
                            if (all != null) {
                                all.release();
                            }
                            other.await(guest, MIB);
                            runLoops();
                        }
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

    private PeerPool pool(long bytes) {
        PeerPool pool =
                new PeerPool(new PiecesProvider(folder, bytes), Long.MAX_VALUE, Runnable::run);
        pool.retain();
        return pool;
    }

    private void runLoops() {
        int ran;
        do {
            ran = 0;
            for (SteppedLoop loop : loops) {
                ran += loop.run();
            }
        } while (ran > 0);
    }

    private static void awaitUnmapped(PeerPool pool) {
        while (pool.mappedBytes() > 0) { // the time limit of the test is the bound
            Thread.onSpinWait();
        }
    }

    private static DataBuffer take(BufferSource source, int bytes) {
        DataBuffer buffer = source.tryAcquire(bytes);
        if (buffer == null) {
            throw new AssertionError("no buffer of " + bytes);
        }
        return buffer;
    }

    private static List<DataBuffer> takeAll(BufferSource source, int bytes) {
        List<DataBuffer> all = new ArrayList<>();
        for (DataBuffer b = source.tryAcquire(bytes); b != null; b = source.tryAcquire(bytes)) {
            all.add(b);
        }
        return all;
    }

    /** Someone who gives a buffer back at once. */
    private static final class Passing implements Waiter {
        @Override
        public void granted(DataBuffer buffer) {
            buffer.release();
        }

        @Override
        public void turnedAway() {
            throw new AssertionError("turned away");
        }
    }
}
