package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.host.ScriptedSubsystem.submit;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jnvmet.host.ScriptedSubsystem.Outcome;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AnaGroup;
import org.jnvmet.wire.admin.AnaLog;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.IdentifyController;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How paths are used as their ANA states say, and how these are learnt. */
class AnaTest {
    private final ScriptedSubsystem subsystem = new ScriptedSubsystem();
    private final ManualTimer timer = subsystem.timer;
    private final ScriptedController a = subsystem.controller("a");
    private final ScriptedController b = subsystem.controller("b");

    @BeforeEach
    void connect() {
        subsystem.connect("a");
        subsystem.connect("b");
    }

    @AfterEach
    void close() {
        subsystem.host.close();
    }

    private static int take(ScriptedController controller) {
        return controller.commands.getAndSet(0);
    }

    @Test
    void prefersOptimizedPaths() {
        a.anaState(AnaGroup.NON_OPTIMIZED);
        HostNamespace disk = subsystem.disk();
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(a)).isZero();
        assertThat(take(b)).isOne();

        b.changeAnaState(AnaGroup.INACCESSIBLE);
        timer.run();
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(a)).isOne();
        assertThat(take(b)).isZero();

        b.changeAnaState(AnaGroup.OPTIMIZED);
        timer.run();
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(b)).isOne();
        assertThat(disk.ways())
                .extracting(HostNamespace.Path::anaState)
                .containsExactly(AnaState.NON_OPTIMIZED, AnaState.OPTIMIZED);
    }

    @ParameterizedTest
    @CsvSource({"ANA_INACCESSIBLE, 3", "ANA_TRANSITION, 15", "ANA_PERSISTENT_LOSS, 4"})
    void leavesAPathAtItsFirstAnaStatus(Status status, int state) {
        HostNamespace disk = subsystem.disk();
        int reads = a.anaReads.get();
        a.io = _ -> status.code();
        a.anaState(state);

        List<Outcome> outcomes = IntStream.range(0, 10).mapToObj(_ -> submit(disk)).toList();

        assertThat(outcomes).allMatch(Outcome::succeeded);
        assertThat(take(a)).isOne();
        timer.run();
        assertThat(a.anaReads).hasValue(reads + 1);
        assertThat(disk.ways().getFirst().anaState()).isEqualTo(AnaState.of(state));
        assertThat(disk.ways().getFirst().usable()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {AnaGroup.INACCESSIBLE, AnaGroup.CHANGE})
    void waitsForAStateThatMayEnd(int state) {
        a.anaState(state);
        b.anaState(AnaGroup.PERSISTENT_LOSS);
        HostNamespace disk = subsystem.disk();
        Outcome waiting = submit(disk);
        timer.advance(15_000);
        assertThat(waiting.pending()).isTrue();

        a.changeAnaState(AnaGroup.NON_OPTIMIZED);
        timer.run();

        assertThat(waiting.succeeded()).isTrue();
        assertThat(take(a)).isOne();
    }

    @Test
    void doesNotWaitForAPersistentLoss() {
        HostNamespace disk = subsystem.disk();
        a.hold();
        Outcome inFlight = submit(disk);
        a.changeAnaState(AnaGroup.PERSISTENT_LOSS);
        b.changeAnaState(AnaGroup.PERSISTENT_LOSS);
        timer.run();

        assertThat(submit(disk).status).isEqualTo(Status.HOST_PATHING_ERROR.code());
        a.release(Status.ANA_PERSISTENT_LOSS.code());
        timer.run();
        assertThat(inFlight.status).isEqualTo(Status.HOST_PATHING_ERROR.code());
    }

    @Test
    void readsTheLogBeforeAPathIsUsedAgain() {
        HostNamespace disk = subsystem.disk();
        a.anaState(AnaGroup.INACCESSIBLE);
        a.cut();
        timer.advance(ScriptedSubsystem.RECONNECT_MS);
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(a)).isZero();
        assertThat(take(b)).isOne();
        assertThat(disk.ways().getFirst().anaState()).isEqualTo(AnaState.INACCESSIBLE);
    }

    @Test
    void resetsAControllerThatChangesForTooLong() {
        HostNamespace disk = subsystem.disk();
        a.changeAnaState(AnaGroup.CHANGE);
        timer.run();
        HostController controller = subsystem.subsystem().controllers().getFirst();
        HostQueue before = controller.adminQueue();
        timer.advance(19_999);
        assertThat(before.alive()).isTrue();
        a.anaState(AnaGroup.OPTIMIZED);

        timer.advance(1);

        assertThat(before.alive()).isFalse();
        assertThat(controller.state()).isEqualTo(HostController.State.LIVE);
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(a)).isOne();
    }

    @Test
    void resetsNoControllerWhoseChangeEnds() {
        HostNamespace disk = subsystem.disk();
        a.changeAnaState(AnaGroup.CHANGE);
        timer.advance(19_999);
        HostQueue queue = subsystem.subsystem().controllers().getFirst().adminQueue();
        a.changeAnaState(AnaGroup.OPTIMIZED);
        timer.advance(60_000);
        assertThat(queue.alive()).isTrue();
        assertThat(submit(disk).succeeded()).isTrue();
    }

    @Test
    void asksAgainWhenTheLogWasNotToBeHad() {
        HostNamespace disk = subsystem.disk();
        a.anaLogStatus = Status.INTERNAL_ERROR.code();
        a.io = _ -> Status.ANA_INACCESSIBLE.code();
        assertThat(submit(disk).succeeded()).isTrue();
        timer.run();
        assertThat(disk.ways().getFirst().usable()).isFalse();

        a.anaLogStatus = 0;
        timer.advance(1_000);
        assertThat(disk.ways().getFirst().usable()).isTrue();
    }

    @Test
    void usesControllersThatPromiseALogAndHaveNone() {
        a.anaLogStatus = Status.INVALID_LOG_PAGE.field();
        HostNamespace disk = subsystem.disk();
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(a)).isOne();
        a.io = _ -> Status.ANA_INACCESSIBLE.code();
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(b)).isOne();
    }

    @Test
    void neverUsesAControllerWhoseLogCannotBe() {
        byte[] page = new byte[AnaLog.BYTES + 4 * AnaGroup.BYTES + 8 * 4];
        Arrays.fill(page, (byte) 0xff);
        a.anaLog = page;
        HostNamespace disk = subsystem.disk();
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(take(a)).isZero();
        timer.advance(10_000);
        assertThat(disk.ways().getFirst().usable()).isFalse();

        a.anaLog = null;
        timer.advance(1_000);
        assertThat(disk.ways().getFirst().usable()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 8, ANA without groups (NANAGRPID is 0)",
        "4, 0, 'ANA with MNAN 0, and NN is 8'",
        "4, 9, 'ANA with MNAN 9, and NN is 8'",
        "4294967295, 8, 'an ANA log of 137438953488 bytes, above 4194304'"
    })
    void refusesIdentitiesThatContradictThemselves(long groups, long namespaces, String message) {
        a.answers
                .identity
                .set(IdentifyController.NANAGRPID, groups)
                .set(IdentifyController.MNAN, namespaces);
        subsystem.subsystem().controllers().getFirst().reset();
        timer.run();
        HostController controller = subsystem.subsystem().controllers().getFirst();
        assertThatThrownBy(() -> AnaLogReader.read(controller))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining(message);
    }

    @Test
    void readsALogInPartsUntilItHoldsStill() {
        a.answers.identity.set(IdentifyController.NANAGRPID, 1000);
        a.maxTransferBytes = 4096;
        HostController controller = subsystem.subsystem().controllers().getFirst();
        controller.reset();
        timer.run();
        byte[] page = new byte[AnaLog.BYTES + 1000 * AnaGroup.BYTES + 8 * 4];
        page[8] = 1;
        page[AnaLog.BYTES] = 1;
        page[AnaLog.BYTES + AnaGroup.STATE.offset()] = AnaGroup.NON_OPTIMIZED;
        a.anaLog = page;
        a.anaReads.set(0);
        a.onAnaRead = reads -> page[0] = (byte) Math.min(reads, 10);

        AnaGroups groups = AnaLogReader.read(controller);

        assertThat(groups.stateOf(1, 1)).isEqualTo(AnaState.NON_OPTIMIZED);
        assertThat(a.anaReads).hasValue(9 + 9);
        a.onAnaRead = _ -> page[0]++;
        assertThatThrownBy(() -> AnaLogReader.read(controller))
                .hasMessageContaining("changed during each of 10 reads");
    }

    @Test
    void readsEachLogOnceForManyReasons() {
        HostNamespace disk = subsystem.disk();
        a.hold();
        List<Outcome> outcomes = IntStream.range(0, 100).mapToObj(_ -> submit(disk)).toList();
        int reads = a.anaReads.get();
        a.changeAnaState(AnaGroup.INACCESSIBLE);
        a.release(Status.ANA_INACCESSIBLE.code());
        a.event(AsyncEvent.ANA_CHANGE);
        timer.run();
        assertThat(a.anaReads.get() - reads).isLessThanOrEqualTo(3);
        assertThat(outcomes).allMatch(Outcome::succeeded);
    }
}
