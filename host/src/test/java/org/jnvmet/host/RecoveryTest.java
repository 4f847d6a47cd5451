package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.host.HostController.State;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.IdentifyController;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a controller after an error, in the order and at the times of a Linux host. */
@Timeout(30)
class RecoveryTest {
    private static final int KEEP_ALIVE_MS = 4000;

    private final HandmadeController target = new HandmadeController();
    private final ManualTimer timer = new ManualTimer();
    private final Host host = new Host(List.of(target), 64, timer);
    private final List<State> states = new ArrayList<>();

    @AfterEach
    void close() {
        target.unreachable = null;
        host.close();
    }

    private static ConnectOptions options() {
        return ConnectOptions.to(HandmadeController.NQN)
                .transport("handmade")
                .keepAliveMs(0)
                .reconnectDelayMs(2000)
                .controllerLossMs(10_000);
    }

    private HostController connect(ConnectOptions options) {
        HostController controller = host.connect(options);
        controller.addListener(
                new HostController.Listener() {
                    @Override
                    public void onState(HostController changed, State state) {
                        states.add(state);
                    }
                });
        target.transcript.clear();
        return controller;
    }

    private CompletableFuture<CommandResult> lose(HostController controller) {
        target.holdsIo = true;
        CompletableFuture<CommandResult> inFlight =
                controller.ioQueues().getFirst().submit(IoCommands.flush(1));
        target.held.getLast().events().reportError(new HostException("lost"));
        return inFlight;
    }

    @Test
    void connectsAgainAfterTheDelay() {
        HostController controller = connect(options());
        CompletableFuture<CommandResult> inFlight = lose(controller);
        assertThat(states).containsExactly(State.RESETTING);
        assertThat(inFlight).isNotDone();

        timer.run();
        assertThat(states).containsExactly(State.RESETTING, State.CONNECTING);
        assertThat(inFlight).isCompletedExceptionally();
        assertThatThrownBy(inFlight::join).hasMessageContaining("lost");
        assertThat(target.transcript)
                .containsExactly("drain 1", "destroy 1", "drain 0", "destroy 0", "release");

        timer.advance(1999);
        assertThat(controller.state()).isEqualTo(State.CONNECTING);
        timer.advance(1);
        assertThat(states).containsExactly(State.RESETTING, State.CONNECTING, State.LIVE);
        assertThat(controller.ioQueues().getFirst().alive()).isTrue();
    }

    @Test
    void givesUpAfterTheControllerLossTimeout() {
        HostController controller = connect(options());
        target.unreachable = "no route";
        var _ = lose(controller);

        timer.advance(9_999);
        assertThat(controller.state()).isEqualTo(State.CONNECTING);
        timer.advance(1);

        assertThat(states).containsExactly(State.RESETTING, State.CONNECTING, State.DEAD);
        assertThat(target.transcript.stream().filter("set up"::equals)).hasSize(5);
        assertThat(target.transcript.stream().filter("release"::equals)).hasSize(6);
        assertThat(host.controllers()).isEmpty();
        assertThat(timer.pending()).isZero();
    }

    @Test
    void neverGivesUpWhenToldSo() {
        HostController controller =
                connect(options().controllerLossMs(ConnectOptions.NEVER).reconnectDelayMs(1000));
        target.unreachable = "no route";
        var _ = lose(controller);
        timer.advance(1000 * 1000);
        assertThat(controller.state()).isEqualTo(State.CONNECTING);
        target.unreachable = null;
        timer.advance(1000);
        assertThat(controller.state()).isEqualTo(State.LIVE);
    }

    @Test
    void countsTheAttemptsAnewAfterEachSuccess() {
        HostController controller = connect(options());
        for (int i = 0; i < 20; i++) {
            var _ = lose(controller);
            timer.advance(2000);
            assertThat(controller.state()).isEqualTo(State.LIVE);
        }
    }

    @Test
    void doesNotTryAgainWhatTheControllerRefusesForGood() {
        HostController controller = connect(options());
        target.connectStatus = Status.CONNECT_INVALID_HOST.field();
        var _ = lose(controller);
        timer.advance(2000);
        assertThat(controller.state()).isEqualTo(State.DEAD);
    }

    @Test
    void triesAgainWhatTheControllerRefusesForNow() {
        HostController controller = connect(options());
        target.connectStatus = Status.CONNECT_CONTROLLER_BUSY.field();
        var _ = lose(controller);
        timer.advance(2000);
        assertThat(controller.state()).isEqualTo(State.CONNECTING);
        target.connectStatus = 0;
        timer.advance(2000);
        assertThat(controller.state()).isEqualTo(State.LIVE);
    }

    /** Cut again between the admin queue and the I/O queues: the target knows the controller no more. */
    @Test
    void triesAgainWhenTheControllerVanishesWhileItIsConnected() {
        HostController controller = connect(options());
        target.ioConnectStatus = Status.CONNECT_INVALID_PARAMETERS.field();
        var _ = lose(controller);
        timer.advance(2000);
        assertThat(controller.state()).isEqualTo(State.CONNECTING);
        target.ioConnectStatus = 0;
        timer.advance(2000);
        assertThat(controller.state()).isEqualTo(State.LIVE);
    }

    @Test
    void resetsAtOnceWhenAskedTo() {
        HostController controller = connect(options());
        controller.reset();
        controller.reset();
        timer.run();
        assertThat(states).containsExactly(State.RESETTING, State.CONNECTING, State.LIVE);
        assertThat(target.transcript.stream().filter("set up"::equals)).hasSize(1);
    }

    @Test
    void failsFastWhenToldSo() {
        HostController controller = connect(options().fastIoFailMs(5000));
        target.unreachable = "no route";
        var _ = lose(controller);
        timer.advance(4999);
        assertThat(controller.failsFast()).isFalse();
        timer.advance(1);
        assertThat(controller.failsFast()).isTrue();
        target.unreachable = null;
        timer.advance(2000);
        assertThat(controller.state()).isEqualTo(State.LIVE);
        assertThat(controller.failsFast()).isFalse();
    }

    @Test
    void abortsACommandThatTakesTooLongAndThenRecovers() {
        HostController controller = connect(options().timeoutsMs(60_000, 30_000));
        target.holdsIo = true;
        CompletableFuture<CommandResult> slow =
                controller.ioQueues().getFirst().submit(IoCommands.flush(1));
        int identifier = target.held.getFirst().request().commandId();

        timer.advance(30_500);
        assertThat(target.transcript).containsExactly("Abort 1 " + identifier);
        assertThat(controller.state()).isEqualTo(State.LIVE);
        timer.advance(30_500);
        assertThat(states).containsExactly(State.RESETTING, State.CONNECTING);
        assertThatThrownBy(slow::join).hasMessageContaining("Flush takes too long");
    }

    @Test
    void doesNotRecoverWhenTheAbortHelps() {
        HostController controller = connect(options().timeoutsMs(60_000, 30_000));
        target.holdsIo = true;
        CompletableFuture<CommandResult> slow =
                controller.ioQueues().getFirst().submit(IoCommands.flush(1));
        timer.advance(30_500);
        target.held.getFirst().complete(Status.ABORT_REQUESTED.field(), 0);
        timer.advance(100_000);
        assertThat(slow.join().is(Status.ABORT_REQUESTED)).isTrue();
        assertThat(controller.state()).isEqualTo(State.LIVE);
    }

    @Test
    void recoversWhenAnAdminCommandIsNotAnswered() {
        HostController controller = connect(options());
        target.forgets.add("Keep Alive");
        var _ = controller.adminQueue().submit(AdminCommands.keepAlive());
        timer.advance(59_000);
        assertThat(states).isEmpty();
        timer.advance(2_000);
        assertThat(states).startsWith(State.RESETTING, State.CONNECTING);
    }

    @Test
    void sendsKeepAliveAtHalfTheTime() {
        HostController controller = connect(options().keepAliveMs(KEEP_ALIVE_MS));
        for (int i = 0; i < 20; i++) {
            timer.advance(KEEP_ALIVE_MS / 2);
        }
        assertThat(target.transcript).hasSize(20).containsOnly("Keep Alive");
        assertThat(controller.state()).isEqualTo(State.LIVE);
    }

    /** The controller counts from Connect of the admin queue on. */
    @Test
    void sendsKeepAliveWhileItsQueuesAreConnected() {
        target.opening = () -> timer.advance(KEEP_ALIVE_MS / 2);
        HostController controller = host.connect(options().keepAliveMs(KEEP_ALIVE_MS));
        assertThat(controller.ioQueues()).isNotEmpty();
        assertThat(target.transcript.stream().filter("Keep Alive"::equals))
                .hasSize(controller.ioQueues().size());
    }

    @Test
    void savesKeepAliveWhenThereIsTrafficAndTheControllerCountsIt() {
        target.identity.set(IdentifyController.CTRATT, 1 << 6);
        HostController controller = connect(options().keepAliveMs(KEEP_ALIVE_MS));
        HostQueue queue = controller.ioQueues().getFirst();
        for (int i = 0; i < 40; i++) {
            assertThat(queue.execute(IoCommands.flush(1)).succeeded()).isTrue();
            timer.advance(KEEP_ALIVE_MS / 4);
        }
        assertThat(target.transcript).hasSize(40).containsOnly("Flush");
        timer.advance(KEEP_ALIVE_MS / 2);
        assertThat(target.transcript).endsWith("Flush", "Keep Alive");
    }

    @Test
    void recoversWhenKeepAliveFailsOrIsNotAnswered() {
        HostController controller = connect(options().keepAliveMs(KEEP_ALIVE_MS));
        target.keepAliveStatus = Status.KEEP_ALIVE_EXPIRED.field();
        timer.advance(KEEP_ALIVE_MS / 2);
        assertThat(states).startsWith(State.RESETTING, State.CONNECTING);
        target.keepAliveStatus = 0;
        timer.advance(2000);
        assertThat(controller.state()).isEqualTo(State.LIVE);

        states.clear();
        target.forgets.add("Keep Alive");
        timer.advance(KEEP_ALIVE_MS / 2 + KEEP_ALIVE_MS - 500);
        assertThat(states).isEmpty();
        timer.advance(1500);
        assertThat(states).startsWith(State.RESETTING, State.CONNECTING);
    }

    @Test
    void leavesWhileItTriesToConnectAgain() {
        HostController controller = connect(options());
        target.unreachable = "no route";
        var _ = lose(controller);
        timer.advance(3000);
        controller.close();
        assertThat(controller.state()).isEqualTo(State.DEAD);
        timer.run();
        assertThat(timer.pending()).isZero();
        assertThat(controller.adminQueue().alive()).isFalse();
        assertThatThrownBy(controller::keepAlive).isInstanceOf(HostException.class);
    }

    @Test
    void leavesWithoutAWordWhenTheConnectionHasFailed() {
        HostController controller = connect(options());
        target.forgets.add("Property Set");
        CompletableFuture<CommandResult> inFlight = lose(controller);
        controller.close();
        assertThat(controller.state()).isEqualTo(State.DEAD);
        assertThat(inFlight).isCompletedExceptionally();
        assertThat(target.transcript).noneMatch(line -> line.startsWith("set"));
    }

    @Test
    void leavesAllTheSameWhenTheConnectionFailsMeanwhile() throws InterruptedException {
        HostController controller = connect(options());
        target.holdsIo = true;
        CompletableFuture<CommandResult> _ =
                controller.ioQueues().getFirst().submit(IoCommands.flush(1));
        leave(
                controller,
                () -> target.held.getLast().events().reportError(new HostException("lost")));
    }

    @Test
    void leavesAllTheSameWhenTheControllerDoesNotAnswer() throws InterruptedException {
        leave(connect(options()), () -> timer.advance(61_000));
    }

    /** Has a controller leave that does not answer to the shutdown, and then something happen. */
    private void leave(HostController controller, Runnable event) throws InterruptedException {
        target.transcript.clear();
        target.forgets.add("Property Set");
        Thread leaving = Thread.ofPlatform().start(controller::close);
        while (target.transcript.stream().noneMatch(line -> line.startsWith("set 14"))) {
            Thread.onSpinWait();
        }
        while (leaving.isAlive()) {
            event.run();
            timer.run();
            leaving.join(10);
        }
        assertThat(controller.state()).isEqualTo(State.DEAD);
        assertThat(target.transcript).endsWith("drain 0", "destroy 0", "release");
    }

    @Test
    void refusesASecondConnectionAlongTheSameWay() {
        HostController first = connect(options());
        assertThatThrownBy(() -> host.connect(first.options()))
                .isInstanceOf(AlreadyConnectedException.class)
                .hasMessageContaining("already connected to " + HandmadeController.NQN);
        target.connectResult = 8;
        target.identity.set(IdentifyController.CNTLID, 8).set(IdentifyController.CMIC, 2);
        host.connect(
                        options()
                                .host(first.options().hostNqn(), first.options().hostId())
                                .duplicate(true))
                .close();
    }

    @Test
    void namesTheTransportsItHas() {
        assertThatThrownBy(() -> host.connect(options().transport("fc")))
                .hasMessage("unknown transport 'fc'; there are handmade");
    }
}
