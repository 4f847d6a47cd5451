package org.jnvmet.target.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class GroupFlushTest {
    private static final int EIO = -5;

    @Test
    void everyFlushBeginsAfterItWasAskedFor() throws Exception {
        AtomicInteger written = new AtomicInteger();
        AtomicInteger onMedium = new AtomicInteger();
        GroupFlush flush =
                new GroupFlush(() -> {
                    int seen = written.get();
                    Thread.onSpinWait();
                    onMedium.set(seen);
                    return 0;
                });
        List<Callable<Boolean>> users = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            users.add(() -> {
                for (int n = 0; n < 5_000; n++) {
                    int mine = written.incrementAndGet();
                    if (flush.flush() != 0 || onMedium.get() < mine) {
                        return false;
                    }
                }
                return true;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<Boolean> user : threads.invokeAll(users)) {
                assertThat(user.get()).isTrue();
            }
        }
    }

    @Test
    @Timeout(30)
    void thoseWhoWaitShareOneFlush() throws Exception {
        Semaphore running = new Semaphore(0);
        Semaphore mayEnd = new Semaphore(0);
        AtomicInteger flushes = new AtomicInteger();
        GroupFlush flush =
                new GroupFlush(() -> {
                    flushes.incrementAndGet();
                    running.release();
                    mayEnd.acquireUninterruptibly();
                    return 0;
                });
        try (ExecutorService threads = Executors.newFixedThreadPool(9)) {
            Future<Integer> first = threads.submit(flush::flush);
            assertThat(running.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
            List<Future<Integer>> rest = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                rest.add(threads.submit(flush::flush));
            }
            while (flush.waiting() < 8) {
                Thread.onSpinWait();
            }
            mayEnd.release(9);
            assertThat(first.get()).isZero();
            for (Future<Integer> each : rest) {
                assertThat(each.get()).isZero();
            }
        }
        assertThat(flushes.get()).isEqualTo(2);
    }

    @Test
    void remembersAFailureThatTheKernelForgets() {
        AtomicInteger calls = new AtomicInteger();
        GroupFlush flush = new GroupFlush(() -> calls.incrementAndGet() == 2 ? EIO : 0);
        assertThat(flush.flush()).isZero();
        assertThat(flush.flush()).isEqualTo(EIO);
        assertThat(flush.flush()).isEqualTo(EIO);
    }
}
