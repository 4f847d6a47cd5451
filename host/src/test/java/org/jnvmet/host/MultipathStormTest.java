package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AnaGroup;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Several threads submit, connections are cut, controllers refuse to come back, ANA states change: each
 * request completes once, and since a path remains or returns, it succeeds.
 */
class MultipathStormTest {
    private static final int SUBMITTERS = 4;
    private static final int DEPTH = 24;
    private static final int ROUNDS = 400;
    private static final int[] STATES = {
        AnaGroup.OPTIMIZED, AnaGroup.NON_OPTIMIZED, AnaGroup.INACCESSIBLE, AnaGroup.CHANGE
    };

    private static final List<IoPolicy> POLICIES = List.of(IoPolicy.values());

    private final ScriptedSubsystem subsystem = new ScriptedSubsystem();
    private final List<ScriptedController> controllers = new ArrayList<>();
    private final AtomicBoolean raging = new AtomicBoolean(true);
    private final AtomicLong completed = new AtomicLong();
    private final AtomicInteger wrong = new AtomicInteger();

    /** A request that is submitted again and again, and minds how often it is told of an end. */
    private final class Client {
        private final AtomicBoolean outstanding = new AtomicBoolean();
        private final Phaser ends;
        private final HostNamespace disk;
        private final HostRequest request;
        private final int affinity;

        Client(HostNamespace disk, int affinity, Phaser ends) {
            this.disk = disk;
            this.affinity = affinity;
            this.ends = ends;
            request = new HostRequest(IoCommands.flush(1), this::onComplete);
        }

        void submit() {
            if (!outstanding.compareAndSet(false, true)) {
                wrong.incrementAndGet();
            }
            disk.submit(request, affinity);
        }

        private void onComplete(HostRequest done) {
            if (!outstanding.compareAndSet(true, false) || done.status() != 0) {
                wrong.incrementAndGet();
            }
            completed.incrementAndGet();
            ends.arriveAndDeregister();
        }
    }

    private void submitWhileItRages(HostNamespace disk, int seed) {
        Random random = new Random(seed);
        List<Client> clients = new ArrayList<>();
        Phaser none = new Phaser(1);
        for (int i = 0; i < DEPTH; i++) {
            clients.add(new Client(disk, random.nextInt(3) - 1, none));
        }
        while (raging.get()) {
            Client client = clients.get(random.nextInt(DEPTH));
            if (!client.outstanding.get()) {
                none.register();
                client.submit();
            }
        }
        none.arriveAndAwaitAdvance();
        assertThat(clients).noneMatch(client -> client.outstanding.get());
    }

    /** Answers what is held, with a status now and then that asks to try again. */
    private void answerWhileItRages(int seed, AtomicInteger submitting) {
        Random random = new Random(seed);
        while (submitting.get() > 0) {
            for (ScriptedController controller : controllers) {
                for (int i = random.nextInt(8); i > 0; i--) {
                    ScriptedController.Held held = controller.held.poll();
                    if (held != null) {
                        held.complete(statusOf(controller));
                    }
                }
            }
        }
    }

    private static int statusOf(ScriptedController controller) {
        return switch (controller.anaStates.get(1)) {
            case AnaGroup.INACCESSIBLE -> Status.ANA_INACCESSIBLE.code();
            case AnaGroup.CHANGE -> Status.ANA_TRANSITION.code();
            case null, default -> 0;
        };
    }

    private void rage(Random random) {
        for (int round = 0; round < ROUNDS; round++) {
            ScriptedController controller = controllers.get(random.nextInt(controllers.size()));
            switch (random.nextInt(5)) {
                case 0 -> controller.cut();
                case 1 -> controller.unreachable = random.nextBoolean() ? "no" : null;
                case 2 -> controller.anaState(STATES[random.nextInt(STATES.length)]);
                case 3 -> {
                    // Held by the answering threads, or answered within the submission.
                    boolean hold = random.nextBoolean();
                    controller.io = _ -> hold ? ScriptedController.HOLD : statusOf(controller);
                }
                default ->
                        subsystem
                                .subsystem()
                                .ioPolicy(POLICIES.get(random.nextInt(POLICIES.size())));
            }
            subsystem.timer.advance(random.nextInt(ScriptedSubsystem.RECONNECT_MS));
        }
        for (ScriptedController controller : controllers) {
            controller.unreachable = null;
            controller.anaState(AnaGroup.OPTIMIZED);
            controller.io = _ -> 0;
            controller.cut();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "2, 3", "3, 2", "4, 4"})
    @Timeout(60)
    void completesEachRequestOnce(int seed, int paths) throws InterruptedException {
        for (int i = 0; i < paths; i++) {
            controllers.add(subsystem.controller("path" + i));
            HostController controller =
                    subsystem.connect(
                            ScriptedSubsystem.options("path" + i)
                                    .controllerLossMs(ConnectOptions.NEVER));
            assertThat(controller.state()).isEqualTo(HostController.State.LIVE);
        }
        HostNamespace disk = subsystem.disk();
        AtomicInteger submitting = new AtomicInteger(SUBMITTERS);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < SUBMITTERS; i++) {
            int number = i;
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    submitWhileItRages(disk, seed * 100 + number);
                                } finally {
                                    submitting.decrementAndGet();
                                }
                            }));
        }
        Thread wire = Thread.ofPlatform().start(() -> answerWhileItRages(seed, submitting));
        rage(new Random(seed));
        raging.set(false);
        while (submitting.get() > 0) {
            subsystem.timer.advance(ScriptedSubsystem.RECONNECT_MS);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        wire.join();

        assertThat(wrong).hasValue(0);
        assertThat(completed.get()).isGreaterThan(ROUNDS);
        for (HostController controller : subsystem.subsystem().controllers()) {
            assertThat(controller.paths().depth()).isZero();
        }
        subsystem.host.close();
        assertThat(controllers).allMatch(controller -> controller.openQueues() == 0);
    }
}
