package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.target.spi.Backend;
import org.junit.jupiter.api.Test;

class NamespaceGateTest {
    private final NamespaceGate gate = new NamespaceGate();
    private final RecordingBackend backend = new RecordingBackend("disk", false);

    @Test
    void turnsCommandsBackUntilItIsOpened() {
        assertThat(gate.enter(0)).isNull();
        gate.open(backend);
        assertThat(gate.enter(0)).isSameAs(backend);
    }

    @Test
    void isDrainedOnlyWhenTheLastCommandOfEveryStripeHasLeft() {
        gate.open(backend);
        gate.enter(0);
        gate.enter(1);
        gate.enter(1);
        gate.close();
        assertThat(gate.enter(1)).isNull();
        assertThat(gate.drained(0)).isFalse();
        gate.leave(1);
        gate.leave(0);
        assertThat(gate.drained(0)).isFalse();
        gate.leave(1);
        assertThat(gate.drained(0)).isTrue();
    }

    @Test
    void acceptsAnyNumberOfAStripe() {
        gate.open(backend);
        for (int stripe : new int[] {0, 63, 64, 1_000_000, Integer.MAX_VALUE}) {
            assertThat(gate.enter(stripe)).isNotNull();
            gate.leave(stripe);
        }
        gate.close();
        assertThat(gate.drained(0)).isTrue();
    }

    @Test
    void keepsTheInterruptOfAWaitingCloser() throws Exception {
        gate.open(backend);
        gate.enter(0);
        gate.close();
        AtomicBoolean interrupted = new AtomicBoolean();
        Thread closer =
                Thread.ofPlatform()
                        .start(() -> {
                            Thread.currentThread().interrupt();
                            assertThat(gate.drained(TimeUnit.MINUTES.toNanos(1))).isTrue();
                            interrupted.set(Thread.currentThread().isInterrupted());
                        });
        gate.leave(0);
        closer.join();
        assertThat(interrupted).isTrue();
    }

    @Test
    void neverLeavesACommandInsideAClosedBackend() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong entered = new AtomicLong();
        List<String> faults = new ArrayList<>();
        List<Thread> loops = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int stripe = i / 2; // two threads share a stripe
            loops.add(Thread.ofPlatform().start(() -> passUntil(stop, stripe, entered, faults)));
        }
        int rounds = 0;
        while (rounds < 300 || entered.get() < 1000) {
            RecordingBackend medium = new RecordingBackend("disk", false);
            gate.open(medium);
            for (int spin = 0; spin < 1000; spin++) {
                Thread.onSpinWait();
            }
            gate.close();
            assertThat(gate.drained(TimeUnit.MINUTES.toNanos(1))).isTrue();
            medium.close();
            rounds++;
        }
        stop.set(true);
        for (Thread loop : loops) {
            loop.join();
        }
        assertThat(faults).isEmpty();
    }

    private void passUntil(
            AtomicBoolean stop, int stripe, AtomicLong entered, List<String> faults) {
        while (!stop.get()) {
            Backend inside = gate.enter(stripe);
            if (inside == null) {
                Thread.onSpinWait();
                continue;
            }
            for (int look = 0; look < 20; look++) {
                if (((RecordingBackend) inside).closed) {
                    synchronized (faults) {
                        faults.add("inside a closed backend");
                    }
                }
            }
            entered.incrementAndGet();
            gate.leave(stripe);
        }
    }
}
