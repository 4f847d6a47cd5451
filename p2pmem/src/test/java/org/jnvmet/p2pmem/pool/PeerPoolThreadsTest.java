package org.jnvmet.p2pmem.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jnvmet.target.spi.DataBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loops on threads of their own, each with its commands, on one pool that is far too small. */
class PeerPoolThreadsTest {
    private static final int KIB = 1024;
    private static final int LOOPS = 4;

    @TempDir Path folder;

    private final List<EventLoop> loops = new ArrayList<>();

    @AfterEach
    void endLoops() {
        loops.forEach(EventLoop::close);
    }

    /** 128 commands on each loop, of which the pool has room for some dozen at a time. */
    @Test
    void everyWaiterIsServedAndNobodyStarves() throws InterruptedException {
        PiecesProvider provider = new PiecesProvider(folder, 1024 * KIB);
        PeerPool pool = new PeerPool(provider);
        pool.retain();
        List<StrictUser> users = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(LOOPS);
        for (int i = 0; i < LOOPS; i++) {
            EventLoop loop = new EventLoop(i);
            loops.add(loop);
            users.add(new StrictUser(pool, loop, 128, 4000, done));
        }
        users.forEach(StrictUser::start);
        done.await();
        int most = users.stream().mapToInt(user -> user.behind.get()).max().orElseThrow();
        assertThat(most).as("commands that were overtaken by others of their loop").isZero();
        assertThat(pool.lentBytes()).isZero();
        pool.release();
        awaitUnmapped(provider);
        loops.forEach(loop -> assertThat(loop.failure()).isNull());
    }

    /** Users come and go, buffers are taken when there are any, control threads try the memory out. */
    @Test
    void comesAndGoesUnderLoad() throws InterruptedException {
        PiecesProvider provider = new PiecesProvider(folder, 512 * KIB, 256 * KIB);
        PeerPool pool = new PeerPool(provider);
        CountDownLatch done = new CountDownLatch(LOOPS);
        AtomicInteger lent = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        for (int i = 0; i < LOOPS; i++) {
            EventLoop loop = new EventLoop(i);
            loops.add(loop);
            new TryingUser(pool, loop, lent, stop, done).start();
        }
        Random random = new Random(1);
        for (int round = 0; round < 100; round++) {
            pool.retain();
            int before = lent.get();
            DataBuffer buffer = pool.tryAcquire(1 + random.nextInt(128 * KIB));
            while (lent.get() < before + 10) { // the time limit of the test is the bound
                Thread.onSpinWait();
            }
            if (buffer != null) {
                buffer.release();
            }
            pool.release();
        }
        stop.set(true);
        done.await();
        awaitUnmapped(provider);
        assertThat(pool.lentBytes()).isZero();
        assertThat(pool.mappedBytes()).isZero();
        assertThat(provider.availableBytes()).isEqualTo(768 * KIB);
        loops.forEach(loop -> assertThat(loop.failure()).isNull());
    }

    private static void awaitUnmapped(PiecesProvider provider) {
        while (provider.mappings() > 0) { // the time limit of the test is the bound
            Thread.onSpinWait();
        }
    }

    /** A loop whose commands all wait for peer memory, and mark and check what they get. */
    private static final class StrictUser {
        private final PeerPool pool;
        private final EventLoop loop;
        private final int depth;
        private final Random random;
        private final CountDownLatch done;
        private final ArrayDeque<Integer> waiting = new ArrayDeque<>();
        private final AtomicInteger behind = new AtomicInteger();
        private int left;
        private int running;
        private int next;

        StrictUser(PeerPool pool, EventLoop loop, int depth, int commands, CountDownLatch done) {
            this.pool = pool;
            this.loop = loop;
            this.depth = depth;
            this.left = commands;
            this.done = done;
            random = new Random(loop.index());
        }

        void start() {
            loop.execute(() -> {
                for (int i = 0; i < depth; i++) {
                    begin();
                }
            });
        }

        private void begin() {
            if (left-- <= 0) {
                return;
            }
            running++;
            int number = next++;
            int bytes = 1 + random.nextInt(random.nextInt(20) == 0 ? 1024 * KIB : 128 * KIB);
            PeerCache cache = pool.on(loop);
            DataBuffer buffer = cache.tryAcquire(bytes);
            if (buffer != null) {
                work(buffer, number);
                return;
            }
            waiting.add(number);
            cache.await(
                    new Waiter() {
                        @Override
                        public void granted(DataBuffer granted) {
                            if (waiting.remove() != number) {
                                behind.incrementAndGet();
                            }
                            work(granted, number);
                        }

                        @Override
                        public void turnedAway() {
                            throw new AssertionError("turned away");
                        }
                    },
                    bytes);
        }

        private void work(DataBuffer buffer, int number) {
            long mark = ((long) loop.index() << 32) + number;
            for (int i = 0; i < buffer.capacity(); i += 4 * KIB) {
                buffer.memory().set(ValueLayout.JAVA_LONG, buffer.offset() + i, mark);
            }
            loop.execute(() -> {
                for (int i = 0; i < buffer.capacity(); i += 4 * KIB) {
                    assertThat(buffer.memory().get(ValueLayout.JAVA_LONG, buffer.offset() + i))
                            .isEqualTo(mark);
                }
                buffer.release();
                running--;
                begin();
                if (left <= 0 && running == 0) {
                    done.countDown();
                }
            });
        }
    }

    /** A loop that takes what it gets at once. */
    private record TryingUser(
            PeerPool pool,
            EventLoop loop,
            AtomicInteger lent,
            AtomicBoolean stop,
            CountDownLatch done,
            Random random) {
        TryingUser(
                PeerPool pool,
                EventLoop loop,
                AtomicInteger lent,
                AtomicBoolean stop,
                CountDownLatch done) {
            this(pool, loop, lent, stop, done, new Random(loop.index()));
        }

        void start() {
            loop.execute(this::step);
        }

        private void step() {
            if (stop.get()) {
                done.countDown();
                return;
            }
            DataBuffer buffer = pool.on(loop).tryAcquire(1 + random.nextInt(64 * KIB));
            if (buffer == null) {
                loop.execute(this::step);
                return;
            }
            long mark = ((long) loop.index() << 32) + lent.incrementAndGet();
            buffer.memory().set(ValueLayout.JAVA_LONG, buffer.offset(), mark);
            loop.execute(() -> {
                assertThat(buffer.memory().get(ValueLayout.JAVA_LONG, buffer.offset()))
                        .isEqualTo(mark);
                buffer.release();
                step();
            });
        }
    }
}
