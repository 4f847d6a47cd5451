package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.CopySupport;
import org.jnvmet.host.Discovery;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostQueue;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.StatusException;
import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.LogPage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a user may expect of the host, whatever carries its commands and whoever is the target: the same
 * suite runs over every transport and offload device, against our target and against the Linux
 * kernel's.
 */
@Timeout(90)
public abstract class HostConformance {
    private static final int WRITE_ZEROES = 1 << 3;
    private static final int COMPARE = 1;

    @SuppressWarnings("NullAway.Init") // before each test
    private HostTarget target;

    @SuppressWarnings("NullAway.Init") // before each test
    private Host host;

    /** Opens a target in its first state. */
    protected abstract HostTarget open();

    @BeforeEach
    final void start() {
        target = open();
        host = new Host(List.of(target.hostTransport()), 16);
    }

    /** Everything must end: a host that keeps something makes this wait and fail. */
    @AfterEach
    final void stop() {
        host.close();
        target.close();
    }

    private ConnectOptions options() {
        return target.way(target.subsystemNqn()).duplicate(true).reconnectDelayMs(100);
    }

    private HostController connect() {
        return host.connect(options());
    }

    private static byte[] random(int bytes, long seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return data;
    }

    @Test
    void connectsIdentifiesAndDisconnects() {
        try (HostController controller = connect()) {
            IdentifyController identity = controller.identity();
            assertThat(identity.get(IdentifyController.SUBNQN)).isEqualTo(target.subsystemNqn());
            assertThat(identity.getInt(IdentifyController.CNTLID)).isEqualTo(controller.id());
            assertThat(controller.activeNamespaces(0)).contains(1);
            assertThat(controller.state()).isEqualTo(HostController.State.LIVE);
            assertThat(controller.keepAlive().succeeded()).isTrue();
            assertThat(host.controllers()).containsExactly(controller);
        }
        assertThat(host.controllers()).isEmpty();
    }

    @Test
    void connectsAgainAndAgain() {
        for (int i = 0; i < 20; i++) {
            try (HostController controller = host.connect(options().ioQueues(1 + i % 4))) {
                // As many as there are processors, where the transport has no use for more.
                assertThat(controller.ioQueues()).hasSizeBetween(1, 1 + i % 4);
                controller.namespace(1).read(i, 1).orThrow();
            }
        }
    }

    /** From one block to the largest transfer: in the capsule, asked for, in one PDU and in several. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 9, 16, 17, 31, 64, 127, 128, 256})
    void readsBackWhatItWrote(int pages) {
        try (HostController controller = connect()) {
            HostNamespace namespace = controller.namespace(1);
            int unit = 4096 / namespace.blockBytes();
            byte[] data = random(pages * 4096, pages);
            namespace.write(3L * unit, data).orThrow();
            assertThat(namespace.read(3L * unit, pages * unit).orThrow().bytes()).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @CsvSource({"false,true", "true,false", "true,true"})
    void carriesDigestsAndNoFlowControl(boolean digests, boolean flowControl) {
        ConnectOptions options = options().flowControl(flowControl);
        if (digests && hasDigests()) {
            options.digests(true, true);
        }
        try (HostController controller = host.connect(options)) {
            HostNamespace namespace = controller.namespace(1);
            for (int bytes : new int[] {4096, 8192, 12288, 131072, 1 << 20}) {
                byte[] data = random(bytes, bytes);
                namespace.write(0, data).orThrow();
                int blocks = bytes / namespace.blockBytes();
                assertThat(namespace.read(0, blocks).orThrow().bytes()).isEqualTo(data);
            }
        }
    }

    /** Whether the transport knows digests. */
    protected boolean hasDigests() {
        return true;
    }

    @Test
    void takesMemoryOfEveryKind() {
        try (HostController controller = connect();
                Arena arena = Arena.ofShared()) {
            HostNamespace namespace = controller.namespace(1);
            HostQueue queue = controller.ioQueues().getFirst();
            int bytes = 64 << 10;
            int blocks = bytes / namespace.blockBytes();
            byte[] expected = random(bytes, 1);
            List<MemorySegment> kinds =
                    List.of(
                            MemorySegment.ofArray(new byte[bytes]),
                            MemorySegment.ofBuffer(ByteBuffer.allocate(bytes + 64).slice(3, bytes)),
                            MemorySegment.ofBuffer(ByteBuffer.allocateDirect(bytes)),
                            arena.allocate(bytes + 7, 1).asSlice(7),
                            Arena.global().allocate(bytes, 4096));
            for (MemorySegment source : kinds) {
                source.copyFrom(MemorySegment.ofArray(expected));
                queue.execute(IoCommands.write(1, 0, blocks, source)).orThrow();
                for (MemorySegment sink : kinds) {
                    sink.fill((byte) 0);
                    queue.execute(IoCommands.read(1, 0, blocks, sink)).orThrow();
                    assertThat(sink.mismatch(MemorySegment.ofArray(expected))).isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void scattersAndGathers() {
        try (HostController controller = connect()) {
            int segments = Math.min(5, controller.maxSegments());
            int bytes = 40 << 10;
            byte[] expected = random(bytes, 2);
            HostNamespace namespace = controller.namespace(1);
            int blocks = bytes / namespace.blockBytes();
            List<MemorySegment> parts = new ArrayList<>();
            int at = 0;
            for (int i = 0; i < segments; i++) {
                int size = i == segments - 1 ? bytes - at : 1001 * (i + 1);
                boolean direct = i % 2 == 0;
                ByteBuffer memory =
                        direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
                parts.add(MemorySegment.ofBuffer(memory.put(0, expected, at, size)));
                at += size;
            }
            HostQueue queue = controller.ioQueues().getFirst();
            HostCommand write =
                    IoCommands.write(1, 0, blocks, MemorySegment.ofArray(new byte[1])).send(parts);
            queue.execute(write).orThrow();
            assertThat(namespace.read(0, blocks).bytes()).isEqualTo(expected);
            parts.forEach(part -> part.fill((byte) 0));
            HostCommand read =
                    IoCommands.read(1, 0, blocks, MemorySegment.ofArray(new byte[1]))
                            .receive(parts);
            queue.execute(read).orThrow();
            byte[] got = new byte[bytes];
            at = 0;
            for (MemorySegment part : parts) {
                MemorySegment.copy(part, 0, MemorySegment.ofArray(got), at, part.byteSize());
                at += (int) part.byteSize();
            }
            assertThat(got).isEqualTo(expected);
        }
    }

    @Test
    void runsEveryIoCommand() {
        try (HostController controller = connect()) {
            HostNamespace namespace = controller.namespace(1);
            int block = namespace.blockBytes();
            int optional = controller.identity().getInt(IdentifyController.ONCS);
            byte[] data = random(16 * block, 3);
            namespace.writeThrough(0, data).orThrow();
            namespace.flush().orThrow();
            if ((optional & COMPARE) != 0) {
                namespace.compare(0, data).orThrow();
                byte[] other = data.clone();
                other[5 * block]++;
                assertThat(namespace.compare(0, other).is(Status.COMPARE_FAILURE)).isTrue();
            }
            if ((optional & WRITE_ZEROES) != 0) {
                namespace.writeZeroes(2, 3, false).orThrow();
                Arrays.fill(data, 2 * block, 5 * block, (byte) 0);
            }
            assertThat(namespace.read(0, 16).orThrow().bytes()).isEqualTo(data);
            namespace.deallocate(List.of(new IoCommands.Range(8, 8))).orThrow();
            assertThat(namespace.read(0, 8).orThrow().bytes())
                    .isEqualTo(Arrays.copyOf(data, 8 * block));
        }
    }

    @Test
    void copiesWhereTheTargetCan() {
        target.secondNamespace(true);
        try (HostController controller = connect()) {
            HostNamespace namespace = controller.namespace(1);
            List<IoCommands.Source> within = List.of(new IoCommands.Source(1, 3, 5));
            CopySupport support = namespace.copySupport();
            if (!support.withinNamespace()) {
                assertThatThrownBy(() -> namespace.copy(40, within))
                        .isInstanceOf(HostException.class)
                        .hasMessageContaining("cannot copy");
                return;
            }
            byte[] data = random(8 * namespace.blockBytes(), 4);
            byte[] copied = Arrays.copyOfRange(data, 3 * namespace.blockBytes(), data.length);
            namespace.write(0, data).orThrow();
            namespace.copy(40, within).orThrow();
            assertThat(namespace.read(40, 5).orThrow().bytes()).isEqualTo(copied);
            if (support.acrossNamespaces()) {
                controller.namespace(2).copy(1, within).orThrow();
                assertThat(controller.namespace(2).read(1, 5).bytes()).isEqualTo(copied);
            }
        }
    }

    @Test
    void passesAdminCommandsThrough() {
        try (HostController controller = connect()) {
            assertThat(controller.getFeature(Feature.NUMBER_OF_QUEUES).orThrow().succeeded())
                    .isTrue();
            assertThat(controller.getLogPage(LogPage.SMART, 512, 0).orThrow().bytes()).hasSize(512);
            assertThat(controller.admin(HostCommand.admin(0x7e)).is(Status.INVALID_OPCODE))
                    .isTrue();
            assertThat(controller.identify(0x77, 0).succeeded()).isFalse();
            assertThat(controller.keepAlive().succeeded()).isTrue();
        }
    }

    @Test
    void givesFailingStatusesAsTheyCame() {
        try (HostController controller = connect()) {
            HostNamespace namespace = controller.namespace(1);
            HostQueue queue = controller.ioQueues().getFirst();
            MemorySegment data = MemorySegment.ofArray(new byte[namespace.blockBytes()]);
            CommandResult beyond = queue.execute(IoCommands.read(1, namespace.blocks(), 1, data));
            // The kernel's target leaves the check to its block layer, which knows one error only.
            assertThat(beyond.is(Status.LBA_OUT_OF_RANGE) || beyond.is(Status.INTERNAL_ERROR))
                    .isTrue();
            assertThat(queue.execute(IoCommands.flush(77)).is(Status.INVALID_NAMESPACE)).isTrue();
            namespace.read(0, 1).orThrow();
        }
    }

    @Test
    void namesWhatTheTargetRefuses() {
        assertThatThrownBy(() -> host.connect(target.way("nqn.2014-08.org.nvmexpress:nowhere")))
                .isInstanceOfSatisfying(
                        StatusException.class,
                        e -> assertThat(e.result().is(Status.CONNECT_INVALID_PARAMETERS)).isTrue());
        target.allowAnyHost(false);
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        StatusException.class,
                        e -> assertThat(e.result().is(Status.CONNECT_INVALID_HOST)).isTrue());
        assertThat(host.controllers()).isEmpty();
    }

    @Test
    void readsTheDiscoveryLog() {
        Discovery.Log log = Discovery.read(host, target.wayToDiscovery());
        assertThat(log.entries())
                .extracting(Discovery.Entry::subsystemNqn)
                .contains(target.subsystemNqn())
                .allMatch(Nqn::isWellFormed);
    }

    @Test
    void hearsOfNamespacesThatComeAndGo() {
        Events events = new Events();
        try (HostController controller = host.connect(options().onAsyncEvent(events))) {
            target.secondNamespace(true);
            assertThat(events.next()).isEqualTo(AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED);
            controller.getLogPage(LogPage.CHANGED_NAMESPACES, 4096, 0).orThrow();
            assertThat(controller.activeNamespaces(0)).containsExactly(1, 2);
            controller.namespace(2).read(0, 1).orThrow();

            target.secondNamespace(false);
            assertThat(events.next()).isEqualTo(AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED);
            controller.getLogPage(LogPage.CHANGED_NAMESPACES, 4096, 0).orThrow();
            assertThat(controller.activeNamespaces(0)).containsExactly(1);
        }
    }

    /** Counts its completions and writes, reads and compares slots of its own for ever. */
    private static final class Load implements HostRequest.Completion {
        private static final int PAGES = 4;
        private final HostNamespace namespace;
        private final int slot;
        private final int affinity;
        private final AtomicInteger left;
        private final CountDownLatch ended;
        private final List<String> wrong;
        private final MemorySegment data = Arena.global().allocate(PAGES * 4096L, 4096);
        private final HostRequest request = new HostRequest(this);
        private boolean writing;
        private byte generation;

        Load(
                HostNamespace namespace,
                int slot,
                AtomicInteger left,
                CountDownLatch ended,
                List<String> wrong) {
            this.namespace = namespace;
            this.slot = slot;
            affinity = slot;
            this.left = left;
            this.ended = ended;
            this.wrong = wrong;
        }

        void start() {
            next();
        }

        private void next() {
            int blocks = PAGES * 4096 / namespace.blockBytes();
            writing = !writing;
            if (writing) {
                generation++;
                data.fill((byte) (generation + slot));
                IoCommands.write(request.command(), 1, (long) slot * blocks, blocks, data);
            } else {
                data.fill((byte) 0);
                IoCommands.read(request.command(), 1, (long) slot * blocks, blocks, data);
            }
            namespace.submit(request, affinity);
        }

        @Override
        public void onComplete(HostRequest done) {
            if (!done.succeeded()) {
                wrong.add(done.name() + " " + done.status() + " " + done.failure());
                left.set(0);
            } else if (!writing && firstWrong() >= 0) {
                wrong.add("slot " + slot + " differs at byte " + firstWrong());
                left.set(0);
            }
            if (left.decrementAndGet() > 0) {
                next();
            } else {
                ended.countDown();
            }
        }

        private long firstWrong() {
            byte expected = (byte) (generation + slot);
            for (long at = 0; at < data.byteSize(); at++) {
                if (data.get(ValueLayout.JAVA_BYTE, at) != expected) {
                    return at;
                }
            }
            return -1;
        }
    }

    private List<String> run(HostNamespace namespace, int depth, int commands, Runnable meanwhile)
            throws InterruptedException {
        AtomicInteger left = new AtomicInteger(commands);
        CountDownLatch ended = new CountDownLatch(depth);
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        for (int slot = 0; slot < depth; slot++) {
            new Load(namespace, slot, left, ended, wrong).start();
        }
        meanwhile.run();
        assertThat(ended.await(60, TimeUnit.SECONDS)).as("commands that never ended").isTrue();
        return wrong;
    }

    /** More commands than the queues have room for; each is submitted again from its completion. */
    @ParameterizedTest
    @CsvSource({"1,16,8", "1,16,100", "4,32,200"})
    void keepsManyCommandsApart(int queues, int entries, int depth) throws InterruptedException {
        ConnectOptions options = options().ioQueues(queues).ioEntries(entries);
        try (HostController controller = host.connect(options)) {
            assertThat(run(controller.namespace(1), depth, 4000, () -> {})).isEmpty();
        }
    }

    @Test
    void losesNoCommandOverResets() throws InterruptedException {
        try (HostController controller = host.connect(options().ioQueues(2).ioEntries(16))) {
            List<String> wrong =
                    run(
                            controller.namespace(1),
                            24,
                            4000,
                            () -> {
                                for (int i = 0; i < 3; i++) {
                                    controller.reset();
                                    awaitLive(controller);
                                }
                            });
            assertThat(wrong).isEmpty();
        }
    }

    @Test
    void comesBackWhenItsConnectionsAreCut() throws InterruptedException {
        ConnectOptions options = options().ioQueues(2).ioEntries(16).reconnectDelayMs(500);
        try (HostController controller = host.connect(options)) {
            List<String> wrong =
                    run(
                            controller.namespace(1),
                            24,
                            4000,
                            () -> {
                                int id = controller.id();
                                target.cutConnections();
                                TargetUnderTest.eventually(() ->
                                        controller.id() != id
                                                || controller.state() != HostController.State.LIVE);
                                awaitLive(controller);
                            });
            assertThat(wrong).isEmpty();
        }
    }

    private static void awaitLive(HostController controller) {
        TargetUnderTest.eventually(() -> controller.state() == HostController.State.LIVE);
    }

    /** Whatever is in flight ends, and nothing touches its memory afterwards. */
    @Test
    void endsWhatIsInFlightWhenItLeaves() throws InterruptedException {
        HostController controller = host.connect(options().ioQueues(2).ioEntries(64));
        int depth = 100;
        CountDownLatch ended = new CountDownLatch(depth);
        HostNamespace namespace = controller.namespace(1);
        int blocks = (64 << 10) / namespace.blockBytes();
        List<MemorySegment> buffers = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            for (int i = 0; i < depth; i++) {
                MemorySegment data = arena.allocate(64 << 10, 4096);
                buffers.add(data);
                HostCommand read = IoCommands.read(1, 0, blocks, data);
                namespace.submit(new HostRequest(read, _ -> ended.countDown()), i);
            }
            controller.abandon();
            assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
            buffers.forEach(data -> data.fill((byte) 0x5a));
        }
        try (HostController again = connect()) {
            again.namespace(1).read(0, 1).orThrow();
        }
    }
}
