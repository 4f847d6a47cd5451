package org.jnvmet.host.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.HostRequest;
import org.junit.jupiter.api.Test;

class InboxTest {
    private static HostRequest request() {
        return new HostRequest(_ -> {});
    }

    @Test
    void asksForTheOwnerOnceUntilItLooks() {
        Inbox inbox = new Inbox(100);
        HostRequest request = request();
        assertThat(inbox.open()).isFalse();

        assertThat(inbox.put(3, request)).isTrue();
        assertThat(inbox.put(70, request())).isFalse();

        assertThat(inbox.open()).isTrue();
        assertThat(inbox.open()).isFalse();
        assertThat(inbox.take(0)).isEqualTo(1L << 3);
        assertThat(inbox.take(0)).isZero();
        assertThat(inbox.take(1)).isEqualTo(1L << (70 - 64));
        assertThat(inbox.request(3)).isSameAs(request);
        assertThat(inbox.put(3, request)).isTrue();
    }

    /** Each thread waits until its request was taken: a lost wake-up would leave it waiting for ever. */
    @Test
    void losesNoRequestAndNoWakeUp() throws Exception {
        int threads = 4;
        int rounds = 20_000;
        Inbox inbox = new Inbox(threads * 33);
        Semaphore wakeUps = new Semaphore(0);
        Semaphore[] taken = new Semaphore[inbox.words() * 64];
        AtomicInteger left = new AtomicInteger(threads * rounds);
        CyclicBarrier start = new CyclicBarrier(threads);
        for (int thread = 0; thread < threads; thread++) {
            int slot = thread * 33;
            taken[slot] = new Semaphore(0);
            HostRequest request = request();
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            start.await();
                            for (int round = 0; round < rounds; round++) {
                                if (inbox.put(slot, request)) {
                                    wakeUps.release();
                                }
                                taken[slot].acquire();
                            }
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                    });
        }
        while (left.get() > 0) {
            assertThat(wakeUps.tryAcquire(20, TimeUnit.SECONDS)).as("woken up").isTrue();
            if (!inbox.open()) {
                continue;
            }
            for (int word = 0; word < inbox.words(); word++) {
                for (long bits = inbox.take(word); bits != 0; bits &= bits - 1) {
                    int slot = word * 64 + Long.numberOfTrailingZeros(bits);
                    assertThat(inbox.request(slot)).isNotNull();
                    left.decrementAndGet();
                    taken[slot].release();
                }
            }
        }
        assertThat(left).hasValue(0);
    }
}
