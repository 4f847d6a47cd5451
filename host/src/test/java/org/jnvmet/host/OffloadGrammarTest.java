package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.HostController.State;
import org.jnvmet.host.RecordingDevice.Fault;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadDevices;
import org.jnvmet.host.offload.OffloadQueue;
import org.jnvmet.host.offload.OffloadTransport;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The order in which the offload layer calls a device, whatever fails: nothing is left open, each queue
 * is drained and destroyed once, and an error leads to one recovery.
 */
@Timeout(30)
class OffloadGrammarTest {
    private static final int QUEUES = 3;
    private static final int DELAY_MS = 1000;

    /** Far off: only a command that the device has forgotten lets so much time pass. */
    private static final int TIMEOUT_MS = 1_000_000_000;

    private final HandmadeController answers = new HandmadeController();
    private final RecordingDevice device = new RecordingDevice(answers);
    private final ManualTimer timer = new ManualTimer();
    private final Host host =
            new Host(
                    List.of(
                            new OffloadTransport(
                                    new OffloadDevices().register(device.device()), () -> {})),
                    64,
                    timer);
    private final ConnectOptions options =
            ConnectOptions.to(HandmadeController.NQN)
                    .transport("tcp_offload")
                    .address("127.0.0.1")
                    .ioQueues(QUEUES)
                    .keepAliveMs(0)
                    .reconnectDelayMs(DELAY_MS)
                    .timeoutsMs(TIMEOUT_MS, TIMEOUT_MS);

    @AfterEach
    void nothingIsLeftOpen() {
        host.controllers().forEach(HostController::abandon);
        assertThat(device.leftOpen()).isEmpty();
        host.close();
    }

    /** Connects in another thread, while time passes in this one. */
    private HostController connect() throws Exception {
        return await(
                CompletableFuture.supplyAsync(
                        () -> host.connect(options), Thread::startVirtualThread));
    }

    private <T> T await(Future<T> future) throws Exception {
        while (!future.isDone()) {
            pass();
        }
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /**
     * Lets 20 ms pass, or as much as a forgotten command takes. What becomes due may itself wait for
     * more time to pass: it has its own thread.
     */
    private void pass() throws InterruptedException {
        int ms = device.takeForgotten() ? TIMEOUT_MS + 1 : 20;
        boolean _ = Thread.ofVirtual().start(() -> timer.advance(ms)).join(Duration.ofMillis(1));
    }

    private void awaitState(HostController controller, State wanted) throws InterruptedException {
        while (controller.state() != wanted) {
            pass();
        }
    }

    @Test
    void followsTheGrammar() throws Exception {
        HostController controller = connect();
        controller.ioQueues().get(1).poll();
        assertThat(controller.ioQueues().get(2).execute(IoCommands.flush(1)).succeeded()).isTrue();
        controller.close();

        assertThat(device.transcript.stream().filter(call -> !call.equals("send(0)")).toList())
                .containsExactly(
                        "claim",
                        "setup",
                        "create(0)",
                        "connect(0)",
                        "create(1)",
                        "create(2)",
                        "create(3)",
                        "connect(1)",
                        "connect(2)",
                        "connect(3)",
                        "send(3)",
                        "drain(1)",
                        "drain(2)",
                        "drain(3)",
                        "destroy(1)",
                        "destroy(2)",
                        "destroy(3)",
                        "drain(0)",
                        "destroy(0)",
                        "release");
    }

    /** Calls of a set-up that can fail; one more follows on the live controller, which asks for events. */
    private int callsOfASetUp() throws Exception {
        device.failAt(-1, Fault.REFUSE);
        connect().abandon();
        assertThat(device.transcript).containsSubsequence("connect(3)", "send(0)", "send(0)");
        return device.calls() - 1;
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void leavesNothingOpenWhereverTheFirstSetUpFails(Fault fault) throws Exception {
        int calls = callsOfASetUp();
        assertThat(calls).isGreaterThan(12);
        for (int k = 0; k < calls; k++) {
            device.failAt(k, fault);
            if (fault == Fault.FAIL && k == calls - 1) {
                connect().abandon(); // it refuses to enable events: of use without them
            } else {
                assertThatThrownBy(this::connect)
                        .as("step %d", k)
                        .isInstanceOf(HostException.class);
            }
            assertThat(device.leftOpen()).as("step %d, %s", k, fault).isEmpty();
            assertThat(host.controllers()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void triesAgainWhereverASetUpAfterAnErrorFails(Fault fault) throws Exception {
        int calls = callsOfASetUp();
        int before = device.setups();
        HostController controller = connect();
        for (int k = 0; k < calls; k++) {
            device.failAt(k, fault);
            OffloadQueue some = device.open().iterator().next();

            some.reportError(new HostException("lost, step " + k));

            awaitState(controller, State.CONNECTING);
            awaitState(controller, State.LIVE);
            assertThat(device.breaches).isEmpty();
            assertThat(device.open()).hasSize(QUEUES + 1);
        }
        assertThat(device.setups()).isGreaterThanOrEqualTo(before + calls);
        controller.abandon();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16})
    void makesOneRecoveryOfManyErrors(int threads) throws Exception {
        HostController controller = connect();
        List<HostQueue> before = controller.ioQueues();
        answers.holdsIo = true;
        AtomicInteger ended = new AtomicInteger();
        for (HostQueue queue : before) {
            for (int i = 0; i < 40; i++) {
                queue.submit(
                        new HostRequest(
                                IoCommands.flush(1),
                                done -> {
                                    if (Status.ABORTED_BY_HOST.is(done.status())) {
                                        ended.incrementAndGet();
                                    }
                                }));
            }
        }
        CyclicBarrier start = new CyclicBarrier(threads);
        Callable<Void> reports =
                () -> {
                    start.await();
                    for (OffloadQueue queue : device.open()) {
                        queue.reportError(new HostException("storm"));
                    }
                    return null;
                };
        try (var storm = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> each : storm.invokeAll(Collections.nCopies(threads, reports))) {
                each.get();
            }
        }
        assertThat(controller.state()).isEqualTo(State.RESETTING);
        awaitState(controller, State.CONNECTING);
        assertThat(ended).hasValue(3 * 40);
        assertThat(device.open()).isEmpty();
        awaitState(controller, State.LIVE);

        assertThat(device.setups()).isEqualTo(2);
        assertThat(controller.ioQueues()).hasSize(QUEUES).doesNotContainAnyElementsOf(before);
    }

    /** A device may break the contract; the host does not lose count of its requests. */
    @Test
    void completesARequestOnceWhateverTheDeviceDoes() throws Exception {
        HostController controller = connect();
        answers.holdsIo = true;
        AtomicInteger completions = new AtomicInteger();
        controller
                .ioQueues()
                .getFirst()
                .submit(new HostRequest(IoCommands.flush(1), _ -> completions.incrementAndGet()));
        HandmadeController.Pending held = answers.held.getFirst();

        controller.abandon();
        held.complete(0, 0);
        held.complete(0, 0);

        assertThat(completions).hasValue(1);
    }

    @Test
    void asksDevicesInTheOrderOfTheirRegistrationAndNamesThemWhenNoneClaims() {
        List<String> asked = new ArrayList<>();
        RecordingDevice other = new RecordingDevice(answers);
        OffloadDevices devices =
                new OffloadDevices()
                        .register(named("first", asked, false))
                        .register(named("second", asked, true))
                        .register(named("third", asked, true));
        OffloadTransport transport = new OffloadTransport(devices, () -> {});
        assertThat(transport.route(options)).hasToString("tcp_offload (second)");
        assertThat(asked).containsExactly("first", "second");
        assertThatThrownBy(() -> transport.route(options.offloadDevice("first")))
                .isInstanceOf(HostException.class)
                .hasMessage(
                        "offload device first does not reach 127.0.0.1; registered: first, second, third");
        assertThatThrownBy(() -> transport.route(options.offloadDevice("fourth")))
                .isInstanceOf(HostException.class)
                .hasMessage("there is no offload device fourth; registered: first, second, third");
        assertThat(other.transcript).isEmpty();
    }

    private static OffloadDevice named(String name, List<String> asked, boolean claims) {
        return OffloadDevice.named(name)
                .limits(4096, 1, 1)
                .claim(_ -> {
                    asked.add(name);
                    return claims;
                })
                .setupController(_ -> {})
                .releaseController(_ -> {})
                .createQueue(_ -> {})
                .drainQueue(_ -> {})
                .destroyQueue(_ -> {})
                .pollQueue(_ -> 0)
                .sendRequest((_, _) -> {});
    }
}
