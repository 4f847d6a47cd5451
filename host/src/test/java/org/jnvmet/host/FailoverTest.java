package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.host.ScriptedSubsystem.options;
import static org.jnvmet.host.ScriptedSubsystem.submit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jnvmet.host.ScriptedSubsystem.Outcome;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.IdentifyController;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of requests when statuses and paths fail. */
class FailoverTest {
    private static final int CRD_2 = 2 << 11;

    private final ScriptedSubsystem subsystem = new ScriptedSubsystem();
    private final ManualTimer timer = subsystem.timer;
    private final ScriptedController a = subsystem.controller("a");
    private final ScriptedController b = subsystem.controller("b");

    @AfterEach
    void close() {
        subsystem.host.close();
        assertThat(a.openQueues() + b.openQueues()).isZero();
    }

    private HostNamespace both() {
        subsystem.connect("a");
        subsystem.connect("b");
        return subsystem.disk();
    }

    private static void failFirst(ScriptedController controller, int times, int status) {
        controller.io = _ -> controller.commands.get() <= times ? status : 0;
    }

    // ---- one controller

    @Test
    void repeatsUpToFiveTimes() {
        HostNamespace disk = subsystem.connect("a").namespace(1);
        failFirst(a, 5, Status.INTERNAL_ERROR.code());
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(a.commands).hasValue(6);
    }

    @Test
    void tellsTheStatusThatFiveRepetitionsDidNotCure() {
        HostNamespace disk = subsystem.connect("a").namespace(1);
        failFirst(a, 6, Status.UNRECOVERED_READ_ERROR.code());

        Outcome outcome = submit(disk);

        assertThat(outcome.status).isEqualTo(Status.UNRECOVERED_READ_ERROR.code());
        assertThat(outcome.failure).isNull();
        assertThat(outcome.completions).isOne();
        assertThat(submit(disk).succeeded()).isTrue();
    }

    @Test
    void repeatsNothingThatMustNotBeRepeated() {
        HostNamespace disk = subsystem.connect("a").namespace(1);
        failFirst(a, 1, Status.LBA_OUT_OF_RANGE.field());
        assertThat(submit(disk).status).isEqualTo(Status.LBA_OUT_OF_RANGE.field());
        assertThat(a.commands).hasValue(1);
    }

    @Test
    void waitsAsLongAsTheControllerAsks() {
        a.answers.identity.set(IdentifyController.CRDT1, 1).set(IdentifyController.CRDT2, 7);
        HostNamespace disk = subsystem.connect("a").namespace(1);
        assertThat(a.answers.transcript).contains("set feature 16 = 0");
        failFirst(a, 1, Status.NAMESPACE_NOT_READY.code() | CRD_2);

        Outcome outcome = submit(disk);

        timer.advance(699);
        assertThat(outcome.pending()).isTrue();
        timer.advance(1);
        assertThat(outcome.succeeded()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Status.class,
            names = {"ANA_INACCESSIBLE", "ANA_TRANSITION", "INTERNAL_PATH_ERROR"})
    void seesPathErrorsOfTheOnlyControllerInTheEnd(Status status) {
        HostNamespace disk = subsystem.connect("a").namespace(1);
        a.io = _ -> status.code();
        Outcome outcome = submit(disk);
        timer.advance(499);
        assertThat(outcome.pending()).isTrue();
        timer.advance(1);
        assertThat(outcome.status).isEqualTo(status.code());
        assertThat(a.anaReads).hasValue(0);
    }

    @Test
    void carriesCommandsInFlightOverAReset() {
        HostController controller = subsystem.connect("a");
        HostNamespace disk = controller.namespace(1);
        a.hold();
        List<Outcome> outcomes = IntStream.range(0, 200).mapToObj(_ -> submit(disk)).toList();

        a.cut();
        timer.run();
        a.io = _ -> 0;
        assertThat(controller.state()).isEqualTo(HostController.State.CONNECTING);
        Outcome later = submit(disk);
        assertThat(outcomes).allMatch(Outcome::pending);

        timer.advance(ScriptedSubsystem.RECONNECT_MS);
        assertThat(outcomes).allMatch(Outcome::succeeded);
        assertThat(later.succeeded()).isTrue();
    }

    @Test
    void givesUpWithTheController() {
        HostController controller = subsystem.connect(options("a").controllerLossMs(0));
        HostNamespace disk = controller.namespace(1);
        a.hold();
        Outcome inFlight = submit(disk);
        a.cut();
        Outcome waiting = submit(disk);

        timer.run();

        assertThat(controller.state()).isEqualTo(HostController.State.DEAD);
        assertThat(inFlight.completions).isOne();
        assertThat(inFlight.status).isEqualTo(Status.HOST_PATHING_ERROR.code());
        assertThat(waiting.status).isEqualTo(Status.HOST_PATHING_ERROR.code());
        assertThat(waiting.failure).hasMessageContaining("no path to it any more");
    }

    @Test
    void failsInTimeWhenThatIsAskedFor() {
        HostController controller = subsystem.connect(options("a").fastIoFailMs(5_000));
        HostNamespace disk = controller.namespace(1);
        a.unreachable = "no";
        a.cut();
        Outcome waiting = submit(disk);
        timer.advance(4_999);
        assertThat(waiting.pending()).isTrue();
        timer.advance(1);
        assertThat(waiting.status).isEqualTo(Status.HOST_PATHING_ERROR.code());
        assertThat(submit(disk).status).isEqualTo(Status.HOST_PATHING_ERROR.code());

        a.unreachable = null;
        timer.advance(ScriptedSubsystem.RECONNECT_MS);
        assertThat(submit(disk).succeeded()).isTrue();
    }

    @Test
    void endsWhatIsUnderWayWhenTheUserDisconnects() {
        HostController controller = subsystem.connect("a");
        HostNamespace disk = controller.namespace(1);
        a.hold();
        Outcome inFlight = submit(disk);
        controller.close();
        assertThat(inFlight.status).isEqualTo(Status.ABORTED_BY_HOST.code());
        assertThat(submit(disk).status).isEqualTo(Status.HOST_PATHING_ERROR.code());
    }

    @Test
    void endsDelayedRequestsWhenTheUserDisconnects() {
        a.answers.identity.set(IdentifyController.CRDT1, 100).set(IdentifyController.CRDT2, 100);
        HostController controller = subsystem.connect("a");
        HostNamespace disk = controller.namespace(1);
        a.io = _ -> Status.NAMESPACE_NOT_READY.code() | CRD_2;
        Outcome delayed = submit(disk);
        controller.close();
        assertThat(delayed.completions).isOne();
        timer.advance(20_000);
        assertThat(delayed.completions).isOne();
    }

    // ---- several controllers

    @Test
    void movesCommandsInFlightToTheOtherPath() {
        HostNamespace disk = both();
        a.hold();
        List<Outcome> outcomes = IntStream.range(0, 200).mapToObj(_ -> submit(disk)).toList();
        assertThat(outcomes).allMatch(Outcome::pending);
        assertThat(b.commands).hasValue(0);

        a.cut();
        Outcome next = submit(disk);
        assertThat(next.succeeded()).isTrue();
        timer.run();

        assertThat(outcomes).allMatch(Outcome::succeeded);
        assertThat(b.commands).hasValue(201);
        a.release(0);
        assertThat(outcomes).allMatch(Outcome::succeeded);
    }

    @Test
    void waitsWhileAnyPathMayComeBack() {
        HostNamespace disk = both();
        a.hold();
        b.hold();
        Outcome inFlight = submit(disk);
        a.unreachable = "no";
        a.cut();
        b.cut();
        timer.run();
        Outcome later = submit(disk);
        assertThat(inFlight.pending()).isTrue();
        assertThat(later.pending()).isTrue();

        a.io = _ -> 0;
        b.io = _ -> 0;
        timer.advance(ScriptedSubsystem.RECONNECT_MS);

        assertThat(inFlight.succeeded()).isTrue();
        assertThat(later.succeeded()).isTrue();
        assertThat(b.commands).hasValue(2);
    }

    @Test
    void failsWhenTheLastHopeDies() {
        HostController first = subsystem.connect(options("a").controllerLossMs(0));
        HostController second = subsystem.connect(options("b").controllerLossMs(2_000));
        HostNamespace disk = subsystem.disk();
        a.unreachable = "no";
        b.unreachable = "no";
        b.cut();
        a.cut();
        timer.run();
        Outcome waiting = submit(disk);
        assertThat(first.state()).isEqualTo(HostController.State.DEAD);
        assertThat(subsystem.subsystem().controllers()).containsExactly(second);
        assertThat(waiting.pending()).isTrue();

        timer.advance(2 * ScriptedSubsystem.RECONNECT_MS);

        assertThat(second.state()).isEqualTo(HostController.State.DEAD);
        assertThat(waiting.status).isEqualTo(Status.HOST_PATHING_ERROR.code());
        assertThat(waiting.failure).hasMessageContaining("no path to it any more");
    }

    @Test
    void usesControllersThatAreConnectedLater() {
        HostController first = subsystem.connect("a");
        HostNamespace disk = subsystem.disk();
        a.unreachable = "no";
        a.cut();
        timer.run();
        Outcome waiting = submit(disk);
        assertThat(waiting.pending()).isTrue();

        subsystem.connect("b");
        assertThat(waiting.succeeded()).isTrue();

        first.close();
        b.cut();
        timer.run();
        Outcome last = submit(disk);
        assertThat(last.pending()).isTrue();
        timer.advance(ScriptedSubsystem.RECONNECT_MS);
        assertThat(last.succeeded()).isTrue();
    }

    @Test
    void comesBackToLifeWithAController() {
        subsystem.connect("a").close();
        assertThatThrownBy(subsystem::disk).hasMessageContaining("no controller is connected");
        HostController again = subsystem.connect("a");
        HostNamespace disk = subsystem.disk();
        again.close();
        assertThat(submit(disk).status).isEqualTo(Status.HOST_PATHING_ERROR.code());
        subsystem.connect("b");
        assertThat(submit(disk).succeeded()).isTrue();
    }

    @Test
    void triesTheOtherPathAfterAPathError() {
        HostNamespace disk = both();
        a.io = _ -> Status.INTERNAL_PATH_ERROR.code();
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(a.commands).hasValue(1);
        assertThat(b.commands).hasValue(1);
    }

    @Test
    void doesNotGoInCirclesBetweenPathsThatFail() {
        HostNamespace disk = both();
        a.io = _ -> Status.INTERNAL_PATH_ERROR.code();
        b.io = _ -> Status.CONTROLLER_PATHING_ERROR.code();
        Outcome outcome = submit(disk);
        assertThat(outcome.completions).isOne();
        assertThat(outcome.failure).isNull();
        assertThat(a.commands.get() + b.commands.get()).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void endsWithAnErrorWhenTheOtherPathTakesLess(int segments) {
        b.maxSegments = segments;
        HostNamespace disk = both();
        a.hold();
        Outcome outcome = new Outcome();
        List<MemorySegment> data =
                List.of(MemorySegment.ofArray(new byte[256]), MemorySegment.ofArray(new byte[256]));
        HostCommand read = IoCommands.read(1, 0, 1, MemorySegment.NULL).receive(data);
        disk.submit(new HostRequest(read, outcome::onComplete), 0);
        a.unreachable = "no";
        a.cut();
        timer.run();
        assertThat(outcome.completions).isOne();
        assertThat(outcome.status).isEqualTo(segments == 2 ? 0 : Status.HOST_PATHING_ERROR.code());
    }

    // ---- who may be a path

    @Test
    void refusesASecondControllerWithTheSameIdentifier() {
        subsystem.connect("a");
        b.answers.connectResult = 1;
        b.answers.identity.set(IdentifyController.CNTLID, 1);
        assertThatThrownBy(() -> subsystem.connect("b"))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("duplicate controller identifier 1, with ");
        assertThat(subsystem.host.controllers()).hasSize(1);
        assertThat(b.openQueues()).isZero();
    }

    @Test
    void refusesASecondControllerThatDoesNotKnowOfOthers() {
        subsystem.connect("a");
        b.answers.identity.set(IdentifyController.CMIC, 0x01);
        assertThatThrownBy(() -> subsystem.connect("b"))
                .hasMessageContaining("does not support several controllers (CMIC)");
    }

    @Test
    void acceptsAControllerThatDoesNotKnowOfOthersAlone() {
        b.answers.identity.set(IdentifyController.CMIC, 0);
        subsystem.connect("b");
        assertThat(submit(subsystem.disk()).succeeded()).isTrue();
        assertThat(b.anaReads).hasValue(0);
    }

    private HostNamespace withRefusedPath() {
        HostNamespace disk = both();
        assertThat(disk.ways()).extracting(HostNamespace.Path::usable).containsExactly(true, false);
        return disk;
    }

    @Test
    void refusesPathsToAnotherDisk() {
        b.disk(1, 1024, 9, new UUID(8, 8));
        HostNamespace disk = withRefusedPath();
        assertThat(disk.paths().paths().getLast().refusal())
                .hasMessageContaining("is another one now: UUID '")
                .hasMessageContaining("not UUID '");
        a.unreachable = "no";
        a.cut();
        timer.run();
        assertThat(submit(disk).pending()).isTrue();
        assertThat(b.commands).hasValue(0);
    }

    @Test
    void refusesPathsWithOtherBlocks() {
        b.disk(1, 1024, 12, ScriptedController.DISK);
        assertThat(withRefusedPath().paths().paths().getLast().refusal())
                .hasMessageContaining("has blocks of 4096 bytes, not 512");
    }

    @Test
    void refusesPathsToPrivateNamespaces() {
        b.disk(1, 1024, 9, ScriptedController.DISK, 0);
        assertThat(withRefusedPath().paths().paths().getLast().refusal())
                .hasMessageContaining("is private to one controller (NMIC)");
    }

    @Test
    void refusesControllersWithoutIoQueues() {
        HostController controller = subsystem.connect(options("a").ioQueues(0));
        assertThatThrownBy(() -> controller.namespace(1))
                .hasMessageContaining("was connected without I/O queues");
    }

    @Test
    void completesEverythingWhenTheHostCloses() {
        HostNamespace disk = both();
        a.hold();
        b.unreachable = "no";
        b.cut();
        List<Outcome> outcomes = new ArrayList<>();
        outcomes.add(submit(disk));
        a.unreachable = "no";
        a.cut();
        outcomes.add(submit(disk));
        timer.run();
        outcomes.add(submit(disk));
        subsystem.host.close();
        assertThat(outcomes).allMatch(outcome -> outcome.completions == 1);
        assertThat(outcomes)
                .allMatch(outcome -> outcome.status == Status.HOST_PATHING_ERROR.code());
    }
}
