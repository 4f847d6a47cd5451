package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConnectTest {
    private static final int DATA = 1 << 16;

    private final CoreFixture fixture = new CoreFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    /** One wrong thing, and the answer to it. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Refusal(String what, Consumer<Sqe> command, byte[] data, Status status, int dword0) {
        @Override
        public String toString() {
            return what;
        }
    }

    private static Refusal refusal(
            String what, Consumer<Sqe> change, byte[] data, Status status, int dword0) {
        return new Refusal(what, TestQueue.connect(0, 32, 0).andThen(change), data, status, dword0);
    }

    private static byte[] data() {
        return TestQueue.connectData(
                0xffff, CoreFixture.SUBSYSTEM, TestQueue.HOST, TestQueue.HOST_ID);
    }

    private static byte[] without(byte[] data, int from, int to, int fill) {
        Arrays.fill(data, from, to, (byte) fill);
        return data;
    }

    static Stream<Refusal> refusedAdminConnects() {
        Status parameters = Status.CONNECT_INVALID_PARAMETERS;
        Consumer<Sqe> nothing = _ -> {};
        byte[] otherSubsystem =
                TestQueue.connectData(0xffff, "nqn.x", TestQueue.HOST, TestQueue.HOST_ID);
        return Stream.of(
                refusal(
                        "short data",
                        nothing,
                        Arrays.copyOf(data(), 1020),
                        Status.SGL_DATA_LENGTH_INVALID,
                        0),
                refusal(
                        "record format",
                        sqe -> sqe.u16(ConnectCommand.RECFMT, 1),
                        data(),
                        Status.INCOMPATIBLE_FORMAT,
                        0),
                refusal("static controller", nothing, controllerId(7), parameters, 16 | DATA),
                refusal("unknown subsystem", nothing, otherSubsystem, parameters, 256 | DATA),
                refusal(
                        "subsystem without end",
                        nothing,
                        without(data(), 256, 512, 'n'),
                        parameters,
                        256 | DATA),
                refusal(
                        "host without end",
                        nothing,
                        without(data(), 512, 768, 'h'),
                        parameters,
                        512 | DATA),
                refusal("no host", nothing, without(data(), 512, 768, 0), parameters, 512 | DATA),
                refusal(
                        "one entry",
                        sqe -> sqe.u16(ConnectCommand.SQSIZE, 0),
                        data(),
                        parameters,
                        44),
                refusal(
                        "too many entries",
                        sqe -> sqe.u16(ConnectCommand.SQSIZE, 1024),
                        data(),
                        parameters,
                        44));
    }

    private static byte[] controllerId(int id) {
        return TestQueue.connectData(id, CoreFixture.SUBSYSTEM, TestQueue.HOST, TestQueue.HOST_ID);
    }

    @ParameterizedTest
    @MethodSource("refusedAdminConnects")
    void namesTheOffendingByteOfAnAdminConnect(Refusal refusal) {
        TestQueue queue = fixture.open();

        TestQueue.Completion completion = queue.write(refusal.command, refusal.data);

        assertThat(Status.describe("Connect", completion.status()))
                .isEqualTo(refusal.status.meaning());
        assertThat(completion.status()).isEqualTo(refusal.status.field());
        assertThat(completion.result()).isEqualTo(refusal.dword0);
        assertThat(queue.queue.controller()).isNull();
    }

    @Test
    void refusesAHostThatIsNotAllowed() {
        fixture.subsystem.allowAnyHost(false);

        TestQueue.Completion completion = fixture.open().write(TestQueue.connect(0, 32, 0), data());

        assertThat(completion.is(Status.CONNECT_INVALID_HOST)).isTrue();
        assertThat(completion.result()).isEqualTo(512 | DATA);
    }

    @Test
    void saysBusyWhenNoControllerIdentifierIsFree() {
        fixture.subsystem.maxControllerId(1);
        fixture.admin();

        TestQueue.Completion completion = fixture.open().write(TestQueue.connect(0, 32, 0), data());

        assertThat(completion.is(Status.CONNECT_CONTROLLER_BUSY)).isTrue();
    }

    @Test
    void tellsAHostToComeAgainWhileTheConfigurationIsRestored() {
        byte[] data = TestQueue.connectData(0xffff, "nqn.x", TestQueue.HOST, TestQueue.HOST_ID);
        fixture.target.restoring(true);

        TestQueue.Completion completion = fixture.open().write(TestQueue.connect(0, 32, 0), data);

        assertThat(completion.status()).isEqualTo(Status.CONNECT_CONTROLLER_BUSY.code());
    }

    @Test
    void saysBusyToASecondConnectOnOneQueue() {
        TestQueue admin = fixture.admin();

        TestQueue.Completion completion = admin.write(TestQueue.connect(0, 32, 0), data());

        assertThat(completion.is(Status.CONNECT_CONTROLLER_BUSY)).isTrue();
    }

    @Test
    void takesACorrectConnectAfterARefusedOne() {
        TestQueue queue = fixture.open();
        queue.write(TestQueue.connect(0, 32, 0), controllerId(9));

        TestQueue.Completion completion = queue.write(TestQueue.connect(0, 32, 0), data());

        assertThat(completion.is(Status.SUCCESS)).isTrue();
        assertThat(completion.result()).isEqualTo(1);
    }

    @Test
    void takesNothingButConnectBefore() {
        TestQueue.Completion fabrics =
                fixture.open()
                        .run(sqe ->
                                sqe.u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                                        .u8(Sqe.FCTYPE, FabricsType.PROPERTY_GET));
        TestQueue.Completion identify = CoreFixture.identify(fixture.open(), 1, 0);

        assertThat(fabrics.is(Status.COMMAND_SEQUENCE_ERROR)).isTrue();
        assertThat(identify.is(Status.COMMAND_SEQUENCE_ERROR)).isTrue();
    }

    @Test
    void checksTheFieldsOfAnIoConnect() {
        TestQueue admin = fixture.admin();
        int id = CoreFixture.controller(admin).id();
        UUID otherHostId = new UUID(1, 1);
        byte[] good = controllerId(id);

        refusesIo(TestQueue.connect(1, 128, 0), controllerId(id + 1), 16 | DATA);
        refusesIo(
                TestQueue.connect(1, 128, 0),
                TestQueue.connectData(id, CoreFixture.SUBSYSTEM, "nqn.other", TestQueue.HOST_ID),
                16 | DATA);
        refusesIo(
                TestQueue.connect(1, 128, 0),
                TestQueue.connectData(id, CoreFixture.SUBSYSTEM, TestQueue.HOST, otherHostId),
                DATA);
        refusesIo(TestQueue.connect(129, 128, 0), good, 42);
        refusesIo(TestQueue.connect(1, 1, 0), good, 44);
        refusesIo(TestQueue.connect(1, 1025, 0), good, 44);
        fixture.io(admin, 1);
        TestQueue.Completion taken =
                fixture.open(fixture.ioLoop).write(TestQueue.connect(1, 128, 0), good);
        assertThat(taken.is(Status.COMMAND_SEQUENCE_ERROR)).isTrue();
    }

    private void refusesIo(Consumer<Sqe> command, byte[] data, int dword0) {
        TestQueue.Completion completion = fixture.open(fixture.ioLoop).write(command, data);
        assertThat(completion.is(Status.CONNECT_INVALID_PARAMETERS)).isTrue();
        assertThat(completion.result()).isEqualTo(dword0);
    }

    @Test
    void refusesAnIoConnectBeforeTheControllerIsEnabled() {
        TestQueue admin = fixture.connectAdmin(CoreFixture.SUBSYSTEM, 0);

        TestQueue.Completion completion =
                fixture.connectIo(fixture.open(fixture.ioLoop), admin, 1, 128);

        assertThat(completion.is(Status.CONNECT_INVALID_PARAMETERS)).isTrue();
        assertThat(completion.result()).isEqualTo(42);
    }

    @Test
    void givesADiscoveryControllerNoIoQueue() {
        TestQueue admin = fixture.discovery();

        TestQueue.Completion completion =
                fixture.open(fixture.ioLoop)
                        .write(
                                TestQueue.connect(1, 32, 0),
                                TestQueue.connectData(
                                        CoreFixture.controller(admin).id(),
                                        Target.DISCOVERY_NQN,
                                        TestQueue.HOST,
                                        TestQueue.HOST_ID));

        assertThat(completion.is(Status.CONNECT_INVALID_PARAMETERS)).isTrue();
        assertThat(completion.result()).isEqualTo(42);
    }

    @Test
    void countsTheSubmissionQueueHeadModuloTheEntries() {
        TestQueue admin = fixture.connectAdmin(CoreFixture.SUBSYSTEM, 0);
        for (int i = 0; i < 40; i++) {
            CoreFixture.property(admin, 0x1c);
        }

        assertThat(admin.completions.stream().map(TestQueue.Completion::sqHead))
                .startsWith(1, 2, 3)
                .contains(31, 0)
                .endsWith(9);
    }

    @Test
    void leavesTheHeadOutWithoutFlowControl() {
        TestQueue admin = fixture.open();
        admin.write(
                TestQueue.connect(0, 32, 0)
                        .andThen(sqe ->
                                sqe.u8(
                                        ConnectCommand.CATTR,
                                        ConnectCommand.DISABLE_SQ_FLOW_CONTROL)),
                data());
        CoreFixture.property(admin, 0x1c);

        assertThat(admin.completions.stream().map(TestQueue.Completion::sqHead))
                .containsExactly(0xffff, 0);
        assertThat(admin.queue.flowControlDisabled()).isTrue();
    }

    @Test
    void closesAConnectionThatNeverConnects() {
        TestQueue silent = fixture.open();
        TestQueue admin = fixture.connectAdmin(CoreFixture.SUBSYSTEM, 0);

        fixture.loop.advance(TimeUnit.NANOSECONDS.toMillis(Queue.CONNECT_LIMIT_NANOS) - 1);
        assertThat(silent.disconnects).isEmpty();
        fixture.loop.advance(1);

        assertThat(silent.disconnects).hasSize(1);
        assertThat(admin.disconnects).isEmpty();
    }

    @Test
    void endsAnAssociationThatIsNeverEnabled() {
        TestQueue idle = fixture.connectAdmin(CoreFixture.SUBSYSTEM, 0);
        TestQueue enabled = fixture.admin();

        fixture.loop.advance(TimeUnit.NANOSECONDS.toMillis(Controller.ENABLE_LIMIT_NANOS));

        assertThat(idle.disconnects).hasSize(1);
        assertThat(enabled.disconnects).isEmpty();
    }

    @Test
    void makesRequestsOnlyAsTheyAreNeeded() {
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);

        assertThat(io.makes).isEqualTo(1);
        List<Request> allocated = new ArrayList<>();
        for (Request next = io.queue.allocate(); next != null; next = io.queue.allocate()) {
            allocated.add(next);
        }
        allocated.forEach(io.queue::release);

        assertThat(allocated).hasSize(128).doesNotHaveDuplicates();
        assertThat(io.makes).isEqualTo(128);
    }

    @Test
    void freesTheIdentifierWhenTheAdminQueueIsGone() {
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);
        int id = CoreFixture.controller(admin).id();

        admin.close("test");
        fixture.settle();

        assertThat(io.disconnects).hasSize(1);
        assertThat(fixture.subsystem.controllers()).isEmpty();
        assertThat(CoreFixture.controller(fixture.admin()).id()).isEqualTo(id);
    }

    @Test
    void takesOneIoQueueBackAfterItsConnectionWasLost() {
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);

        io.close("test");
        fixture.settle();

        assertThat(admin.disconnects).isEmpty();
        assertThat(
                        fixture.connectIo(fixture.open(fixture.ioLoop), admin, 1, 128)
                                .is(Status.SUCCESS))
                .isTrue();
    }
}
