package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.host.AdminCommands;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Discovery;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostQueue;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.StatusException;
import org.jnvmet.host.Submission;
import org.jnvmet.target.AnaState;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Subsystem;
import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.DiscoveryEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a host may expect of a target, whatever carries the commands: a real host against a real target.
 * Each transport's module has a subclass that only says how to open its fixture.
 */
@Timeout(60)
public abstract class TransportConformance extends CopyConformance {
    @Test
    void connectsEnablesAndIdentifies() {
        try (HostController host = connect()) {
            assertThat(host.identity().get(IdentifyController.SUBNQN))
                    .isEqualTo(TargetUnderTest.SUBSYSTEM);
            assertThat(host.identity().getInt(IdentifyController.CNTLID)).isEqualTo(host.id());
            assertThat(host.ioQueues()).hasSize(1);
            assertThat(host.activeNamespaces(0)).containsExactly(1);
            assertThat(host.namespace(1).blocks()).isEqualTo(4096);
            assertThat(host.keepAlive().succeeded()).isTrue();
        }
        TargetUnderTest.eventually(() -> target.subsystem().controllers().isEmpty());
    }

    /** From less than any in-capsule limit to the largest transfer. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 16, 31, 32, 64, 128, 255, 256})
    void readsBackWhatItWrote(int blocks) {
        try (HostController host = connect()) {
            HostNamespace namespace = host.namespace(1);
            byte[] data = random(blocks * BLOCK, blocks);

            namespace.write(7, data).orThrow();

            assertThat(namespace.read(7, blocks).orThrow().bytes()).isEqualTo(data);
            assertThat(namespace.read(6, 1).orThrow().bytes()).containsOnly(0);
            assertThat(namespace.read(7 + blocks, 1).orThrow().bytes()).containsOnly(0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keepsCommandsApartThatRunTogether(boolean flowControl) {
        ConnectOptions options =
                ConnectOptions.to(TargetUnderTest.SUBSYSTEM)
                        .ioQueues(4)
                        .ioEntries(64)
                        .flowControl(flowControl);
        try (HostController host = connect(options)) {
            Random random = new Random(5);
            byte[][] written = new byte[1024][];
            List<CompletableFuture<CommandResult>> writes = new ArrayList<>();
            for (int i = 0; i < written.length; i++) {
                written[i] = random((1 + random.nextInt(4)) * BLOCK, i);
                HostQueue queue = host.ioQueues().get(i % 4);
                while (queue.outstanding() == queue.entries() - 1) {
                    writes.removeFirst().join().orThrow();
                }
                writes.add(
                        queue.submit(
                                IoCommands.write(
                                        1,
                                        4L * i,
                                        written[i].length / BLOCK,
                                        MemorySegment.ofArray(written[i]))));
            }
            writes.forEach(write -> write.join().orThrow());

            for (int i = 0; i < written.length; i++) {
                byte[] read = host.namespace(1).read(4L * i, written[i].length / BLOCK).bytes();
                assertThat(Arrays.equals(read, written[i])).as("write %d", i).isTrue();
            }
        }
    }

    @Test
    void runsEveryIoCommand() {
        try (HostController host = connect()) {
            HostNamespace namespace = host.namespace(1);
            byte[] data = random(40 * BLOCK, 1);

            namespace.writeThrough(0, data).orThrow();
            namespace.flush().orThrow();
            namespace.compare(0, data).orThrow();
            namespace.writeZeroes(3, 2, true).orThrow();
            namespace
                    .deallocate(List.of(new IoCommands.Range(10, 1), new IoCommands.Range(20, 4)))
                    .orThrow();

            assertThat(namespace.compare(0, data).is(Status.COMPARE_FAILURE)).isTrue();
            Arrays.fill(data, 3 * BLOCK, 5 * BLOCK, (byte) 0);
            Arrays.fill(data, 10 * BLOCK, 11 * BLOCK, (byte) 0);
            Arrays.fill(data, 20 * BLOCK, 24 * BLOCK, (byte) 0);
            namespace.compare(0, data).orThrow();
        }
    }

    @Test
    void refusesWhatIsWrongAndKeepsTheConnection() {
        try (HostController host = connect()) {
            HostNamespace namespace = host.namespace(1);
            byte[] tooMuch = random(257 * BLOCK, 1);

            assertThat(AsItIs.write(host, 0, tooMuch).is(Status.INVALID_FIELD)).isTrue();
            assertThat(AsItIs.read(host, 0, 257).is(Status.INVALID_FIELD)).isTrue();
            assertThat(AsItIs.read(host, 4096, 1).is(Status.LBA_OUT_OF_RANGE)).isTrue();
            assertThat(AsItIs.write(host, 4095, random(2 * BLOCK, 1)).is(Status.LBA_OUT_OF_RANGE))
                    .isTrue();
            assertThat(
                            host.ioQueues()
                                    .getFirst()
                                    .execute(IoCommands.flush(77))
                                    .is(Status.INVALID_NAMESPACE))
                    .isTrue();

            namespace.write(0, random(BLOCK, 2)).orThrow();
            assertThat(namespace.read(0, 1).bytes()).isEqualTo(random(BLOCK, 2));
        }
    }

    @Test
    void tellsOfNamespacesThatComeChangeAndGo() {
        Events events = new Events();
        try (HostController host =
                connect(ConnectOptions.to(TargetUnderTest.SUBSYSTEM).onAsyncEvent(events))) {
            Namespace added = target.namespace(9, "mem:64K");
            assertThat(events.next()).isEqualTo(AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED);
            assertThat(AsItIs.changed(host)).containsExactly(9);
            assertThat(host.activeNamespaces(0)).containsExactly(1, 9);
            AsItIs.run(host, IoCommands.write(9, 0, 1, MemorySegment.ofArray(random(BLOCK, 1))))
                    .orThrow();

            target.subsystem().removeNamespace(added);
            assertThat(events.next()).isEqualTo(AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED);
            assertThat(AsItIs.changed(host)).containsExactly(9);
            assertThat(host.activeNamespaces(0)).containsExactly(1);
        }
    }

    @Test
    void obeysAndReportsTheAnaState() {
        Events events = new Events();
        try (HostController host =
                connect(ConnectOptions.to(TargetUnderTest.SUBSYSTEM).onAsyncEvent(events))) {
            target.port().anaState(1, AnaState.INACCESSIBLE);
            assertThat(events.next()).isEqualTo(AsyncEvent.ANA_CHANGE);
            assertThat(AsItIs.read(host, 0, 1).is(Status.ANA_INACCESSIBLE)).isTrue();
            assertThat(AsItIs.write(host, 0, random(64 * BLOCK, 1)).is(Status.ANA_INACCESSIBLE))
                    .isTrue();
            host.getLogPage(LogPage.ANA, 64, 0).orThrow();

            target.port().anaState(1, AnaState.OPTIMIZED);

            assertThat(events.next()).isEqualTo(AsyncEvent.ANA_CHANGE);
            AsItIs.read(host, 0, 1).orThrow();
        }
    }

    @Test
    void holdsAsManyQueuesAsTheSubsystemAllows() {
        target.subsystem().maxQueueId(128);
        ConnectOptions options =
                ConnectOptions.to(TargetUnderTest.SUBSYSTEM).ioQueues(200).ioEntries(2000);
        try (HostController host = connect(options)) {
            assertThat(host.ioQueues()).hasSize(128);
            HostNamespace namespace = host.namespace(1);
            for (int i = 0; i < 256; i++) {
                namespace.write(i, random(BLOCK, i)).orThrow();
            }
            for (int i = 0; i < 256; i++) {
                assertThat(namespace.read(i, 1).bytes()).isEqualTo(random(BLOCK, i));
            }
        }
    }

    @Test
    void servesManyHostsAtOnce() {
        List<HostController> hosts = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            hosts.add(connect());
        }
        assertThat(hosts.stream().map(HostController::id)).doesNotHaveDuplicates();
        for (HostController host : hosts) {
            host.namespace(1).write(host.id(), random(BLOCK, host.id())).orThrow();
        }
        for (HostController host : hosts) {
            assertThat(hosts.getFirst().namespace(1).read(host.id(), 1).bytes())
                    .isEqualTo(random(BLOCK, host.id()));
        }
        hosts.forEach(HostController::close);
        TargetUnderTest.eventually(() -> target.subsystem().controllers().isEmpty());
    }

    @Test
    void forgetsAHostThatCrashed() {
        HostController host = connect(ConnectOptions.to(TargetUnderTest.SUBSYSTEM).ioQueues(4));
        MemorySegment data = MemorySegment.ofArray(new byte[256 * BLOCK]);
        for (HostQueue queue : host.ioQueues()) {
            for (int i = 0; i < 32; i++) {
                var _ = queue.submit(IoCommands.write(1, 0, 256, data));
            }
        }

        host.abandon();

        TargetUnderTest.eventually(() -> target.subsystem().controllers().isEmpty());
        try (HostController next = connect()) {
            next.namespace(1).read(0, 1).orThrow();
        }
    }

    @Test
    void endsTheAssociationOfASilentHost() {
        ConnectOptions options = ConnectOptions.to(TargetUnderTest.SUBSYSTEM).keepAliveMs(1000);
        try (LooseQueue loose = target.openQueue(0)) {
            HostQueue admin = loose.queue();
            admin.execute(AdminCommands.connect(options, TargetUnderTest.queue(0), 0xffff))
                    .orThrow();
            admin.execute(AdminCommands.propertySet(0x14, 0x0046_0001)).orThrow();
            CompletableFuture<CommandResult> event =
                    admin.submit(AdminCommands.asyncEventRequest());

            assertThat(endsWithoutSuccess(event)).isTrue();
            TargetUnderTest.eventually(() -> target.subsystem().controllers().isEmpty());
        }
    }

    @Test
    void keepsAHostThatSendsKeepAlive() {
        ConnectOptions options = ConnectOptions.to(TargetUnderTest.SUBSYSTEM).keepAliveMs(1000);
        try (HostController silent = connect(options.ioQueues(0))) {
            try (LooseQueue dead = target.openQueue(0)) {
                // A host that says nothing marks the time: when it is gone, the other is not.
                dead.queue()
                        .execute(AdminCommands.connect(options, TargetUnderTest.queue(0), 0xffff))
                        .orThrow();
                TargetUnderTest.eventually(() -> target.subsystem().controllers().size() == 1);
            }
            assertThat(silent.keepAlive().succeeded()).isTrue();
        }
    }

    @Test
    void refusesAHostThatIsNotAllowed() {
        target.subsystem().allowAnyHost(false);

        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        StatusException.class,
                        e -> {
                            assertThat(e.result().is(Status.CONNECT_INVALID_HOST)).isTrue();
                            assertThat(ConnectCommand.invalidOffset(e.result().dword0()))
                                    .isEqualTo(512);
                            assertThat(ConnectCommand.isInData(e.result().dword0())).isTrue();
                        });
    }

    @Test
    void refusesASubsystemThatIsNotExported() {
        target.target().createSubsystem("nqn.elsewhere").allowAnyHost(true);

        assertThatThrownBy(() -> connect(ConnectOptions.to("nqn.elsewhere")))
                .isInstanceOfSatisfying(
                        StatusException.class,
                        e -> assertThat(e.result().is(Status.CONNECT_INVALID_PARAMETERS)).isTrue());
    }

    @Test
    void endsTheControllersOfASubsystemThatIsUnlinked() {
        HostController host = connect();
        CompletableFuture<CommandResult> event =
                host.adminQueue().submit(AdminCommands.asyncEventRequest());
        target.linkAnother();

        target.port().unlink(target.subsystem());

        assertThat(endsWithoutSuccess(event)).isTrue();
        host.abandon();
        assertThatThrownBy(this::connect).isInstanceOf(StatusException.class);
        target.port().link(target.subsystem());
        try (HostController again = connect()) {
            again.namespace(1).read(0, 1).orThrow();
        }
    }

    /** The connection is gone, or its end is near and the command is told to take another path. */
    private static boolean endsWithoutSuccess(CompletableFuture<CommandResult> command) {
        return command.handle((result, failure) ->
                        failure instanceof HostException
                                || Status.INTERNAL_PATH_ERROR.is(result.status()))
                .join();
    }

    @Test
    void stopsListeningWithTheLastSubsystem() {
        HostController host = connect();
        CompletableFuture<CommandResult> event =
                host.adminQueue().submit(AdminCommands.asyncEventRequest());

        target.port().unlink(target.subsystem());

        assertThat(endsWithoutSuccess(event)).isTrue();
        host.abandon();
        target.port().link(target.subsystem());
        try (HostController again = connect()) {
            again.namespace(1).read(0, 1).orThrow();
        }
    }

    @Test
    void abortsAnEventRequest() {
        try (HostController host = connect(ConnectOptions.to(TargetUnderTest.SUBSYSTEM))) {
            Submission event = host.adminQueue().start(AdminCommands.asyncEventRequest());

            CommandResult abort = host.abort(0, event.commandId()).orThrow();

            assertThat(abort.dword0() & 1).isZero();
            assertThat(event.future().join().is(Status.ABORT_REQUESTED)).isTrue();
        }
    }

    @Test
    void survivesANamespaceThatComesAndGoesUnderLoad() throws InterruptedException {
        Namespace namespace = target.namespace(2, "mem:16M");
        try (HostController host = connect()) {
            List<Integer> statuses = new ArrayList<>();
            Thread writer =
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = 0; i < 400; i++) {
                                    statuses.add(
                                            AsItIs.run(
                                                            host,
                                                            IoCommands.write(
                                                                    2,
                                                                    i,
                                                                    64,
                                                                    MemorySegment.ofArray(
                                                                            random(64 * BLOCK, i))))
                                                    .status());
                                }
                            });
            while (writer.isAlive()) {
                namespace.disable();
                namespace.enable();
            }
            writer.join();

            assertThat(statuses)
                    .hasSize(400)
                    .allMatch(status ->
                            status == 0
                                    || Status.INTERNAL_PATH_ERROR.is(status)
                                    || Status.INVALID_NAMESPACE.is(status));
            host.namespace(2).write(0, random(BLOCK, 1)).orThrow();
        }
    }

    @Test
    void listsWhatAHostMayUse() {
        for (int i = 0; i < 200; i++) {
            Subsystem subsystem = target.target().createSubsystem("nqn.listed:" + i);
            subsystem.allowAnyHost(i % 2 == 0);
            target.port().link(subsystem);
        }

        Discovery.Log log = Discovery.read(target.host(), target.way(ConnectOptions.toDiscovery()));

        assertThat(log.entries()).hasSize(102);
        assertThat(log.entries().getFirst().subtype())
                .isEqualTo(DiscoveryEntry.SUBTYPE_CURRENT_DISCOVERY);
        assertThat(log.entries().getFirst().subsystemNqn()).isEqualTo(Nqn.DISCOVERY);
        assertThat(log.entries().get(1).subsystemNqn()).isEqualTo(TargetUnderTest.SUBSYSTEM);
        assertThat(log.entries().getLast().subsystemNqn()).isEqualTo("nqn.listed:198");
        assertThat(log.entries())
                .allMatch(entry -> entry.address().equals(target.discoveredAddress()));
    }

    @Test
    void tellsOfChangesOfTheDiscoveryLog() {
        Events events = new Events();
        try (HostController host = connect(ConnectOptions.toDiscovery().onAsyncEvent(events))) {
            target.linkAnother();

            assertThat(events.next()).isEqualTo(AsyncEvent.DISCOVERY_CHANGE);
            assertThat(Discovery.read(host).entries()).hasSize(3);
        }
    }

    @Test
    void answersAdminCommandsWhileIoQueuesAreFull() {
        try (HostController host = connect()) {
            HostQueue queue = host.ioQueues().getFirst();
            List<CompletableFuture<CommandResult>> reads = new ArrayList<>();
            MemorySegment data = MemorySegment.ofArray(new byte[256 * BLOCK]); // of no interest
            while (queue.outstanding() < queue.entries() - 1) {
                reads.add(queue.submit(IoCommands.read(1, 0, 256, data)));
            }

            assertThat(host.getFeature(Feature.NUMBER_OF_QUEUES).succeeded()).isTrue();
            connect().close();

            reads.forEach(read -> read.join().orThrow());
        }
    }
}
