package org.jnvmet.target.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class IoWorkersTest {
    private static final int MANY = 10_000;

    @Test
    void performsEveryOperationOnceFromManyThreadsOnManyLanes() throws Exception {
        try (IoWorkers workers = new IoWorkers(4)) {
            AtomicInteger performed = new AtomicInteger();
            IoWorkers.Lane[] lanes = new IoWorkers.Lane[5];
            for (int i = 0; i < lanes.length; i++) {
                lanes[i] =
                        workers.lane(_ -> {
                            performed.incrementAndGet();
                            return Status.SUCCESS;
                        });
            }
            Semaphore done = new Semaphore(0);
            Thread[] loops = new Thread[3];
            for (int i = 0; i < loops.length; i++) {
                loops[i] =
                        Thread.ofPlatform()
                                .start(() -> {
                                    for (int n = 0; n < MANY; n++) {
                                        lanes[n % lanes.length].submit(new Task(done));
                                    }
                                });
            }
            assertThat(done.tryAcquire(loops.length * MANY, 60, TimeUnit.SECONDS)).isTrue();
            for (Thread loop : loops) {
                loop.join();
            }
            assertThat(performed.get()).isEqualTo(loops.length * MANY);
            assertThat(done.availablePermits()).isZero();
        }
    }

    /** Pairs whose second comes while the only worker takes the first, or falls asleep after it. */
    @Test
    void noWakeUpIsLost() throws Exception {
        Random random = new Random(Long.getLong("seed", 1));
        try (IoWorkers workers = new IoWorkers(1)) {
            IoWorkers.Lane lane = workers.lane(_ -> Status.SUCCESS);
            Semaphore done = new Semaphore(0);
            for (int n = 0; n < 20 * MANY; n++) {
                lane.submit(new Task(done));
                spin(random.nextInt(100));
                lane.submit(new Task(done));
                for (int spins = 0; done.availablePermits() < 2 && spins < 1000; spins++) {
                    Thread.onSpinWait();
                }
                assertThat(done.tryAcquire(2, 20, TimeUnit.SECONDS)).as("pair %d", n).isTrue();
                spin(random.nextInt(100));
            }
        }
    }

    private static void spin(int times) {
        for (int i = 0; i < times; i++) {
            Thread.onSpinWait();
        }
    }

    @Test
    void oneThreadPerformsInTheOrderOfSubmission() throws Exception {
        try (IoWorkers workers = new IoWorkers(1)) {
            List<Integer> order = new CopyOnWriteArrayList<>();
            IoWorkers.Lane lane =
                    workers.lane(operation -> {
                        order.add((int) operation.offset());
                        return Status.SUCCESS;
                    });
            Semaphore done = new Semaphore(0);
            for (int n = 0; n < 1000; n++) {
                lane.submit(new Task(done, n));
            }
            assertThat(done.tryAcquire(1000, 30, TimeUnit.SECONDS)).isTrue();
            assertThat(order).isSorted().hasSize(1000);
        }
    }

    @Test
    void aStuckMediumNeverTakesTheLastThread() throws Exception {
        try (IoWorkers workers = new IoWorkers(4)) {
            Semaphore stuckNow = new Semaphore(0);
            Semaphore repaired = new Semaphore(0);
            IoWorkers.Lane stuck =
                    workers.lane(_ -> {
                        stuckNow.release();
                        repaired.acquireUninterruptibly();
                        return Status.SUCCESS;
                    });
            Semaphore done = new Semaphore(0);
            for (int n = 0; n < 3; n++) {
                stuck.submit(new Task(done));
                assertThat(stuckNow.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
            }
            stuck.submit(new Task(done));
            Semaphore healthyDone = new Semaphore(0);
            workers.lane(_ -> Status.SUCCESS).submit(new Task(healthyDone));
            assertThat(healthyDone.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
            assertThat(stuckNow.availablePermits()).isZero();
            repaired.release(4);
            assertThat(done.tryAcquire(4, 30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @RepeatedTest(20)
    void aStuckMediumDoesNotStopAnother() throws Exception {
        try (IoWorkers workers = new IoWorkers(4)) {
            Semaphore repaired = new Semaphore(0);
            IoWorkers.Lane stuck =
                    workers.lane(_ -> {
                        repaired.acquireUninterruptibly();
                        return Status.SUCCESS;
                    });
            IoWorkers.Lane healthy = workers.lane(_ -> Status.SUCCESS);
            Semaphore stuckDone = new Semaphore(0);
            Semaphore healthyDone = new Semaphore(0);
            for (int n = 0; n < 100; n++) {
                stuck.submit(new Task(stuckDone));
                healthy.submit(new Task(healthyDone));
            }
            assertThat(healthyDone.tryAcquire(100, 30, TimeUnit.SECONDS)).isTrue();
            assertThat(stuckDone.availablePermits()).isZero();
            repaired.release(100);
            assertThat(stuckDone.tryAcquire(100, 30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aBugInAnActionFailsItsOperationOnly() throws Exception {
        try (IoWorkers workers = new IoWorkers(1)) {
            IoWorkers.Lane lane =
                    workers.lane(operation -> {
                        if (operation.offset() == 0) {
                            throw new IllegalStateException("provoked");
                        }
                        return Status.SUCCESS;
                    });
            Semaphore done = new Semaphore(0);
            Task bad = new Task(done, 0);
            Task good = new Task(done, 1);
            lane.submit(bad);
            lane.submit(good);
            assertThat(done.tryAcquire(2, 30, TimeUnit.SECONDS)).isTrue();
            assertThat(bad.status.get()).isEqualTo(Status.INTERNAL_ERROR);
            assertThat(good.status.get()).isEqualTo(Status.SUCCESS);
        }
    }

    @Test
    void refusesANumberOfThreadsThatItCannotCount() {
        assertThatThrownBy(() -> new IoWorkers(0)).hasMessageContaining("0, not 1 to 64");
        assertThatThrownBy(() -> new IoWorkers(65)).hasMessageContaining("65, not 1 to 64");
    }

    /** An operation of no effect. */
    private static final class Task implements BlockOperation {
        private final Semaphore done;
        private final long offset;
        private final AtomicReference<@Nullable Status> status = new AtomicReference<>();
        private @Nullable BlockOperation next;

        Task(Semaphore done) {
            this(done, 0);
        }

        Task(Semaphore done, long offset) {
            this.done = done;
            this.offset = offset;
        }

        @Override
        public Kind kind() {
            return Kind.FLUSH;
        }

        @Override
        public long offset() {
            return offset;
        }

        @Override
        public long length() {
            return 0;
        }

        @Override
        public MemorySegment data() {
            return MemorySegment.NULL;
        }

        @Override
        public long dataOffset() {
            return 0;
        }

        @Override
        public boolean forceUnitAccess() {
            return false;
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
        public @Nullable BlockOperation next() {
            return next;
        }

        @Override
        public void next(@Nullable BlockOperation link) {
            next = link;
        }

        @Override
        public void done(Status result) {
            assertThat(status.getAndSet(result)).isNull();
            done.release();
        }
    }
}
