package org.jnvmet.host.offload.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.HostException;
import org.jnvmet.host.linux.PollSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class DeviceThreadsTest {
    /** Counts what it is given to do, from any thread, and really sleeps. */
    private static final class Counter implements DeviceThread.Driver {
        private final int wakeUp;
        final AtomicInteger offered = new AtomicInteger();
        final AtomicInteger closed = new AtomicInteger();
        final Semaphore sleeps = new Semaphore(0);
        final Semaphore done = new Semaphore(0);
        final LinkedBlockingQueue<String> failures = new LinkedBlockingQueue<>();
        volatile boolean broken;

        Counter(int wakeUp) {
            this.wakeUp = wakeUp;
        }

        @Override
        public boolean work() {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            int taken = offered.getAndSet(0);
            done.release(taken);
            return taken > 0;
        }

        @Override
        public void sleep(long timeoutMs) {
            sleeps.release();
            try (PollSet set = new PollSet()) {
                set.add(wakeUp, PollSet.IN);
                assertThat(set.await(timeoutMs)).isNotNegative();
            }
        }

        @Override
        public void fail(HostException reason) {
            failures.add(String.valueOf(reason.getMessage()));
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    private static DeviceThreads<Counter> threads(int most, long spinNanos, long lingerMs) {
        return new DeviceThreads<>(
                "test", new DeviceSettings(most, spinNanos, lingerMs), Counter::new);
    }

    @Test
    void noWakeUpIsLost() throws InterruptedException {
        try (DeviceThreads<Counter> threads = threads(1, 0, 0)) {
            DeviceThread<Counter> thread = threads.acquire(1);
            Counter counter = thread.driver();
            for (int i = 0; i < 20_000; i++) {
                counter.offered.incrementAndGet();
                thread.wake();
                counter.done.acquire();
            }
            threads.release(thread, 1);
        }
    }

    @Test
    void manyWakersAtOnceLoseNothing() throws InterruptedException {
        try (DeviceThreads<Counter> threads = threads(1, 0, 0)) {
            DeviceThread<Counter> thread = threads.acquire(1);
            Counter counter = thread.driver();
            List<Thread> wakers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                wakers.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    for (int n = 0; n < 5_000; n++) {
                                        counter.offered.incrementAndGet();
                                        thread.wake();
                                    }
                                }));
            }
            counter.done.acquire(20_000);
            for (Thread waker : wakers) {
                waker.join();
            }
            threads.release(thread, 1);
        }
    }

    @Test
    void sleepsOnlyAfterItHasSpun() {
        try (DeviceThreads<Counter> threads = threads(1, Long.MAX_VALUE, 0)) {
            DeviceThread<Counter> thread = threads.acquire(1);
            for (int i = 0; i < 100; i++) {
                thread.call(() -> {});
            }
            assertThat(thread.driver().sleeps.availablePermits()).isZero();
            threads.release(thread, 1);
        }
    }

    @Test
    void sleepsWhenAllIsQuiet() throws InterruptedException {
        try (DeviceThreads<Counter> threads = threads(1, 1000, 0)) {
            DeviceThread<Counter> thread = threads.acquire(1);
            thread.driver().sleeps.acquire();
            thread.call(() -> {});
            thread.driver().sleeps.acquire();
            threads.release(thread, 1);
        }
    }

    @Test
    void spreadsIoQueuesAndPutsAdminQueuesWhereThereIsAThread() {
        try (DeviceThreads<Counter> threads = threads(2, 0, 0)) {
            DeviceThread<Counter> admin = threads.acquire(0);
            DeviceThread<Counter> first = threads.acquire(1);
            DeviceThread<Counter> second = threads.acquire(2);
            DeviceThread<Counter> third = threads.acquire(3);
            assertThat(first).isSameAs(admin);
            assertThat(second).isNotSameAs(first);
            assertThat(List.of(first, second)).contains(third);
            assertThat(threads.running()).isEqualTo(2);
            threads.release(admin, 0);
            threads.release(first, 1);
            threads.release(second, 2);
            threads.release(third, 3);
        }
    }

    @Test
    void endsWhenNothingIsLeftAndStartsAnew() {
        try (DeviceThreads<Counter> threads = threads(1, 0, 0)) {
            DeviceThread<Counter> first = threads.acquire(1);
            threads.release(first, 1);
            first.join();
            assertThat(first.driver().closed).hasValue(1);
            assertThat(threads.running()).isZero();

            DeviceThread<Counter> second = threads.acquire(1);
            assertThat(second).isNotSameAs(first);
            second.call(() -> {});
            threads.release(second, 1);
        }
    }

    @Test
    void lingersForAnotherQueueUntilItIsClosed() {
        DeviceThreads<Counter> threads = threads(1, 0, 1_000_000);
        DeviceThread<Counter> first = threads.acquire(1);
        threads.release(first, 1);
        DeviceThread<Counter> second = threads.acquire(1);
        assertThat(second).isSameAs(first);
        threads.release(second, 1);
        threads.close();
        assertThat(first.driver().closed).hasValue(1);
        assertThat(threads.running()).isZero();
    }

    @Test
    void saysWhyThereIsNoDriver() {
        DeviceThreads<Counter> threads =
                new DeviceThreads<>(
                        "test",
                        new DeviceSettings(1, 0, 0),
                        _ -> {
                            throw new HostException("nothing to drive");
                        });
        assertThatThrownBy(() -> threads.acquire(0))
                .isInstanceOf(HostException.class)
                .hasMessage("nothing to drive");
        assertThat(threads.running()).isZero();
        threads.close();
    }

    @Test
    void aBrokenDriverFailsItsQueuesAndStillTakesMessages() throws InterruptedException {
        try (DeviceThreads<Counter> threads = threads(1, 0, 0)) {
            DeviceThread<Counter> thread = threads.acquire(1);
            Counter counter = thread.driver();
            counter.sleeps.acquire();
            counter.broken = true;
            thread.wake();
            assertThat(counter.failures.take()).contains("broken");
            thread.call(() -> counter.broken = false);
            threads.release(thread, 1);
        }
    }

    @Test
    void anInterruptDoesNotEndAWait() {
        try (DeviceThreads<Counter> threads = threads(1, 0, 0)) {
            DeviceThread<Counter> thread = threads.acquire(1);
            CountDownLatch started = new CountDownLatch(1);
            Thread caller = Thread.currentThread();
            thread.call(() -> {
                started.countDown();
                caller.interrupt();
            });
            assertThat(started.getCount()).isZero();
            assertThat(Thread.interrupted()).isTrue();
            threads.release(thread, 1);
        }
    }
}
