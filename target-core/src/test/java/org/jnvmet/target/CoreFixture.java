package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.spi.Staging;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jnvmet.wire.fabrics.Properties;
import org.jnvmet.wire.fabrics.PropertyCommand;

/** A target with one port, one subsystem and one memory namespace, on loops that the test drives. */
final class CoreFixture implements AutoCloseable {
    static final String SUBSYSTEM = "nqn.2025-01.org.jnvmet:core";
    static final int BLOCK = 4096;
    static final int CC_ENABLE = 0x0046_0001;
    static final int CC_ENABLE_CSI = 0x0046_0061;

    final ManualLoop loop = new ManualLoop(0);
    final ManualLoop ioLoop = new ManualLoop(1);
    final RecordingTransport transport;
    final IoWorkers workers = new IoWorkers(1);
    final StallableBackends media = new StallableBackends(new Backends(workers));
    final Target target;
    final Port port;
    final Subsystem subsystem;
    final List<TestQueue> opened = new ArrayList<>();

    CoreFixture() {
        this(Staging.NONE);
    }

    CoreFixture(Staging staging) {
        this(staging, "tcp");
    }

    /** Over that transport. */
    CoreFixture(Staging staging, String trtype) {
        transport = new RecordingTransport(trtype);
        target = new Target(List.of(transport), List.of(media), staging);
        port = target.createPort(1);
        port.changeAddress(address ->
                address.withTrtype(trtype)
                        .withAdrfam("ipv4")
                        .withTraddr("192.0.2.1")
                        .withTrsvcid("4420"));
        subsystem = target.createSubsystem(SUBSYSTEM);
        subsystem.allowAnyHost(true);
        namespace(1, "mem:1M");
        port.link(subsystem);
    }

    Namespace namespace(int nsid, String path) {
        Namespace namespace = subsystem.createNamespace(nsid);
        namespace.devicePath(path);
        namespace.enable();
        return namespace;
    }

    /** A connection that has said nothing yet. */
    TestQueue open() {
        return open(loop);
    }

    TestQueue open(ManualLoop onLoop) {
        TestQueue queue = new TestQueue(target, port, onLoop);
        opened.add(queue);
        return queue;
    }

    /** A connected admin queue whose controller is not enabled. */
    TestQueue connectAdmin(String nqn, int keepAliveMs) {
        TestQueue admin = open();
        TestQueue.Completion completion =
                admin.write(
                        TestQueue.connect(0, 32, keepAliveMs),
                        TestQueue.connectData(
                                ConnectData.DYNAMIC_CONTROLLER,
                                nqn,
                                TestQueue.HOST,
                                TestQueue.HOST_ID));
        assertThat(completion.is(Status.SUCCESS)).as(completion.toString()).isTrue();
        return admin;
    }

    /** A connected admin queue whose controller is ready. */
    TestQueue admin() {
        return enabled(connectAdmin(SUBSYSTEM, 0));
    }

    /** An admin queue of a discovery controller that is ready. */
    TestQueue discovery() {
        return enabled(connectAdmin(Target.DISCOVERY_NQN, 0));
    }

    private TestQueue enabled(TestQueue admin) {
        assertThat(configure(admin, CC_ENABLE).is(Status.SUCCESS)).isTrue();
        assertThat(property(admin, Properties.CSTS)).isEqualTo(1);
        return admin;
    }

    /** A connected I/O queue of the controller behind {@code admin}. */
    TestQueue io(TestQueue admin, int queueId) {
        TestQueue io = open(ioLoop);
        TestQueue.Completion completion = connectIo(io, admin, queueId, 128);
        assertThat(completion.is(Status.SUCCESS)).as(completion.toString()).isTrue();
        return io;
    }

    TestQueue.Completion connectIo(TestQueue io, TestQueue admin, int queueId, int entries) {
        return io.write(
                TestQueue.connect(queueId, entries, 0),
                TestQueue.connectData(
                        controller(admin).id(), SUBSYSTEM, TestQueue.HOST, TestQueue.HOST_ID));
    }

    static Controller controller(TestQueue queue) {
        return Objects.requireNonNull(queue.queue.controller());
    }

    static TestQueue.Completion configure(TestQueue admin, int value) {
        return admin.run(sqe ->
                PropertyCommand.set(sqe, Properties.CC, 4)
                        .u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                        .u8(Sqe.FCTYPE, FabricsType.PROPERTY_SET)
                        .u64(PropertyCommand.VALUE, Integer.toUnsignedLong(value)));
    }

    static long property(TestQueue admin, int offset) {
        return getProperty(admin, offset, offset == Properties.CAP ? 8 : 4).result();
    }

    static TestQueue.Completion getProperty(TestQueue admin, int offset, int bytes) {
        return admin.run(sqe ->
                PropertyCommand.set(sqe, offset, bytes)
                        .u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                        .u8(Sqe.FCTYPE, FabricsType.PROPERTY_GET));
    }

    static TestQueue.Completion identify(TestQueue admin, int cns, int nsid) {
        return admin.read(
                TestQueue.admin(AdminOpcode.IDENTIFY)
                        .andThen(sqe -> sqe.u32(Sqe.NSID, nsid).u8(Sqe.CDW10, cns)),
                4096);
    }

    static Consumer<Sqe> io(int opcode, int nsid, long lba, int blocks) {
        return sqe ->
                sqe.u8(Sqe.OPCODE, opcode)
                        .u32(Sqe.NSID, nsid)
                        .u64(Sqe.CDW10, lba)
                        .u16(Sqe.CDW12, blocks - 1);
    }

    /** Runs both loops until nothing is left to do. */
    void settle() {
        for (int i = 0; i < 4; i++) {
            loop.run();
            ioLoop.run();
        }
    }

    /** Ends every connection; fails when a request, a buffer or an identifier has leaked. */
    @Override
    public void close() {
        media.resume();
        settle();
        opened.forEach(queue -> queue.disconnect("end of test"));
        settle();
        for (TestQueue queue : opened) {
            assertThat(queue.queue.outstanding()).isZero();
        }
        assertThat(subsystem.controllers()).isEmpty();
        target.close();
        settle();
        loop.close();
        ioLoop.close();
        workers.close();
    }
}
