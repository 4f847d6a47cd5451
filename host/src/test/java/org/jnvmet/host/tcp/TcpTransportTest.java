package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Queues over real sockets. */
class TcpTransportTest {
    private static final QueueOptions QUEUE = new QueueOptions(1, 4, 4096, true, 10_000);
    private static final QueueEvents NOBODY =
            new QueueEvents() {
                @Override
                public void done(HostRequest request, long result, int status) {
                    throw new AssertionError("nothing was sent");
                }

                @Override
                public void reportError(HostException reason) {
                    throw new AssertionError("nothing is to be reported", reason);
                }
            };

    private final TcpTransport transport = new TcpTransport();

    @AfterEach
    void close() {
        transport.close();
    }

    private static ConnectOptions to(InetSocketAddress address) {
        return ConnectOptions.to("nqn.test")
                .address(address.getAddress().getHostAddress())
                .service(Integer.toString(address.getPort()));
    }

    private LooseQueue open(ScriptedController controller) {
        return new LooseQueue(transport.route(to(controller.address())), QUEUE, 10_000);
    }

    private QueueChannel open(ConnectOptions options, QueueOptions queue) {
        ControllerLink link = transport.route(options).setUpController();
        return link.createQueue(queue, NOBODY);
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    void exchangesCommandsAndCloses() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.expect("0000800080000000 0000 00 00 00000000" + "00".repeat(112));
                            wire.send(MemoryWire.icResp("0000", 4096));
                            wire.expect("0400480048000000 00400000");
                            assertThat(wire.read(60)).hasSize(60);
                            wire.complete("0000", "0000");
                            wire.expectEnd();
                        });
                LooseQueue queue = open(controller)) {
            assertThat(queue.queue().execute(IoCommands.flush(7)).succeeded()).isTrue();
        }
    }

    @Test
    void saysThatTheConnectionWasRefused() throws IOException {
        int port = unusedPort();
        ConnectOptions options = to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        assertThatThrownBy(() -> open(options, QUEUE))
                .isInstanceOf(HostException.class)
                .hasMessage("tcp 127.0.0.1:" + port + ": connection refused");
    }

    @Test
    void saysWhatIsWrongWithAnAddress() {
        ConnectOptions none = ConnectOptions.to("nqn.test");
        assertThatThrownBy(() -> transport.route(none)).hasMessageContaining("traddr is missing");
        assertThatThrownBy(() -> transport.route(none.address("::1").service("nvme")))
                .hasMessage("tcp: trsvcid 'nvme' is no port number");
        assertThatThrownBy(() -> transport.route(none.address("::1").service("65536")))
                .hasMessage("tcp: trsvcid '65536' is no port number");
        assertThat(TcpAddress.of(none.address("::1").service(""))).hasToString("tcp [::1]:4420");
        ConnectOptions unknown = none.address("no.such.host.invalid");
        assertThatThrownBy(() -> open(unknown, QUEUE))
                .isInstanceOf(HostException.class)
                .hasMessage("tcp no.such.host.invalid:4420: unknown host");
    }

    @Test
    void connectsFromTheAddressThatIsAskedFor() {
        CompletableFuture<String> peer = new CompletableFuture<>();
        try (var controller =
                new ScriptedController(wire -> {
                    peer.complete(wire.peer());
                    wire.initialize();
                    wire.expectEnd();
                })) {
            QueueChannel channel = open(to(controller.address()).hostAddress("127.0.0.9"), QUEUE);
            assertThat(peer.join()).isEqualTo("127.0.0.9");
            channel.drain();
            channel.destroy();
        }
    }

    @Test
    void connectsThroughTheInterfaceThatIsAskedFor() {
        try (var controller =
                new ScriptedController(wire -> {
                    wire.initialize();
                    wire.expectEnd();
                })) {
            ConnectOptions options = to(controller.address());
            assertThatThrownBy(() -> open(options.hostInterface("none0"), QUEUE))
                    .isInstanceOf(HostException.class)
                    .hasMessageEndingWith(": host_iface none0: no such device");
            QueueChannel channel = open(options.hostInterface("lo"), QUEUE);
            channel.drain();
            channel.destroy();
        }
    }

    @Test
    void saysWhatIsWrongWithALocalAddress() throws IOException {
        ConnectOptions options =
                to(new InetSocketAddress(InetAddress.getLoopbackAddress(), unusedPort()));
        assertThatThrownBy(() -> open(options.hostAddress("here"), QUEUE))
                .hasMessageEndingWith(": host_traddr 'here' is no IP address");
        assertThatThrownBy(() -> open(options.hostAddress("192.0.2.1"), QUEUE))
                .hasMessageEndingWith(": host_traddr 192.0.2.1: cannot assign requested address");
    }

    @Test
    void connectsOverIpv6() throws IOException {
        InetAddress loopback = InetAddress.ofLiteral("::1");
        assumeThat(NetworkInterface.getByInetAddress(loopback)).as("IPv6 here").isNotNull();
        try (var controller =
                new ScriptedController(
                        loopback,
                        wire -> {
                            wire.initialize();
                            wire.expectEnd();
                        })) {
            QueueChannel channel = open(to(controller.address()), QUEUE);
            channel.drain();
            channel.destroy();
        }
    }

    @Test
    void triesOneAddressOfANameAfterTheOther() throws IOException {
        var refusing = new InetSocketAddress(InetAddress.getLoopbackAddress(), unusedPort());
        try (var controller =
                new ScriptedController(wire -> {
                    wire.initialize();
                    wire.expectEnd();
                })) {
            TcpRoute route = (TcpRoute) transport.route(to(controller.address()));
            assertThatThrownBy(() -> route.linkTo(refusing, refusing).createQueue(QUEUE, NOBODY))
                    .hasMessageEndingWith("connection refused");
            ControllerLink link = route.linkTo(refusing, controller.address(), refusing);
            QueueChannel channel = link.createQueue(QUEUE, NOBODY);
            channel.drain();
            channel.destroy();
        }
    }

    @Test
    void givesUpOnAControllerThatDoesNotAnswerIcReq() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), silent.getLocalPort());
            assertThatThrownBy(() -> open(to(address), new QueueOptions(0, 32, 8192, true, 50)))
                    .isInstanceOf(HostException.class)
                    .hasMessage("tcp 127.0.0.1:" + address.getPort() + ": no ICResp within 50 ms");
        }
    }

    @Test
    void stopsConnectingWhenInterrupted() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), silent.getLocalPort());
            CompletableFuture<Throwable> outcome = new CompletableFuture<>();
            Thread thread =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    QueueChannel _ = open(to(address), QUEUE);
                                } catch (HostException e) {
                                    outcome.complete(e);
                                }
                            });
            silent.accept().close();
            thread.interrupt();
            assertThat(outcome.get(10, TimeUnit.SECONDS)).isInstanceOf(HostException.class);
        }
    }

    @Test
    void saysWhyTheControllerRefusedTheConnection() {
        try (var controller =
                new ScriptedController(wire -> {
                    assertThat(wire.read(128)).hasSize(128);
                    wire.send("03 00 18 00 18000000 0600 0a000000" + "00".repeat(10));
                    wire.expectEnd();
                })) {
            assertThatThrownBy(() -> open(to(controller.address()), QUEUE))
                    .isInstanceOf(TerminatedException.class)
                    .hasMessageContaining("unsupported parameter");
        }
    }

    @Test
    void sendsTheTerminationBeforeItCloses() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            assertThat(wire.read(72)).hasSize(72);
                            wire.send("0800180018000000");
                            wire.expect("0200180020000000 0100 00000000" + "00".repeat(10));
                            wire.expect("0800180018000000");
                            wire.expectEnd();
                        });
                LooseQueue queue = open(controller)) {
            assertThatThrownBy(() -> queue.queue().execute(IoCommands.flush(7)))
                    .isInstanceOf(PduViolation.class);
        }
    }

    @Test
    void failsWhatIsOutstandingWhenTheControllerCloses() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            assertThat(wire.read(2 * 72)).hasSize(144);
                        });
                LooseQueue queue = open(controller)) {
            CompletableFuture<CommandResult> first = queue.queue().submit(IoCommands.flush(7));
            assertThatThrownBy(() -> queue.queue().execute(IoCommands.flush(7)))
                    .isInstanceOf(HostException.class)
                    .hasMessage("I/O queue 1: the controller closed the connection");
            assertThatThrownBy(first::join).hasCauseInstanceOf(HostException.class);
            assertThat(queue.queue().outstanding()).isZero();
        }
    }

    @Test
    void saysThatTheConnectionWasReset() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            assertThat(wire.read(72)).hasSize(72);
                            wire.reset();
                        });
                LooseQueue queue = open(controller)) {
            assertThatThrownBy(() -> queue.queue().execute(IoCommands.flush(7)))
                    .isInstanceOf(HostException.class)
                    .hasMessage("I/O queue 1: connection reset by peer");
        }
    }

    /** The controller takes nothing more after half of a long write; its answer ends the jam. */
    @Test
    void goesOnWhenTheSocketTakesMoreAgain() {
        byte[] data = new byte[8 << 20];
        Arrays.fill(data, (byte) 0x5a);
        CountDownLatch jammed = new CountDownLatch(1);
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize("0000", 16 << 20);
                            assertThat(wire.read(72)).hasSize(72);
                            wire.send("09 00 18 00 18000000 0000 0100 00000000 00008000 00000000");
                            jammed.await();
                            wire.expect(
                                    "06 04 18 18 18008000 0000 0100 00000000 00008000 00000000");
                            assertThat(wire.read(data.length)).isEqualTo(data);
                            wire.complete("0000", "0000");
                            wire.expectEnd();
                        });
                LooseQueue queue = open(controller)) {
            CompletableFuture<CommandResult> result =
                    queue.queue().submit(IoCommands.write(7, 0, 1, MemorySegment.ofArray(data)));
            jammed.countDown();
            assertThat(result.join().succeeded()).isTrue();
        }
    }

    /** Nothing of a drained queue is ever heard of again, however busy it is. */
    @Test
    void isQuietOnceDrained() throws Exception {
        for (int round = 0; round < 20; round++) {
            AtomicInteger late = new AtomicInteger();
            CountDownLatch some = new CountDownLatch(200);
            boolean[] drained = {false};
            try (var controller = new ScriptedController(TcpTransportTest::completeFlushes)) {
                ControllerLink link = transport.route(to(controller.address())).setUpController();
                QueueChannel[] channel = new QueueChannel[1];
                QueueEvents events =
                        new QueueEvents() {
                            @Override
                            public void done(HostRequest request, long result, int status) {
                                synchronized (drained) {
                                    late.addAndGet(drained[0] ? 1 : 0);
                                }
                                some.countDown();
                                channel[0].send(request);
                            }

                            @Override
                            public void reportError(HostException reason) {
                                late.addAndGet(1);
                            }
                        };
                channel[0] = link.createQueue(QUEUE, events);
                HostRequest request = new HostRequest(IoCommands.flush(1), _ -> {});
                channel[0].send(request);
                assertThat(some.await(20, TimeUnit.SECONDS)).isTrue();
                channel[0].drain();
                synchronized (drained) {
                    drained[0] = true;
                }
                channel[0].send(request);
                assertThat(channel[0].poll()).isZero();
                channel[0].destroy();
                channel[0].send(request);
                assertThat(channel[0].poll()).isZero();
            }
            assertThat(late).hasValue(0);
        }
    }

    private static void completeFlushes(ScriptedController.Wire wire) throws IOException {
        wire.initialize();
        byte[] capsule = wire.readOrEnd(72);
        while (capsule.length == 72) {
            String id = HexFormat.of().formatHex(capsule, 10, 12);
            wire.completeIfOpen(id, "0000");
            capsule = wire.readOrEnd(72);
        }
    }

    @Test
    void takesRequestsOfManyThreadsAndCompletesThemInAnyThatPolls() throws Exception {
        int threads = 4;
        int commands = 300;
        try (var controller = new ScriptedController(TcpTransportTest::completeFlushes);
                LooseQueue loose = open(controller)) {
            List<Thread> submitters = new ArrayList<>();
            AtomicInteger completed = new AtomicInteger();
            for (int i = 0; i < threads; i++) {
                submitters.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    for (int c = 0; c < commands; c++) {
                                        CompletableFuture<CommandResult> result =
                                                loose.queue().submit(IoCommands.flush(1));
                                        while (!result.isDone()) {
                                            loose.queue().poll();
                                        }
                                        completed.incrementAndGet();
                                    }
                                }));
            }
            for (Thread submitter : submitters) {
                submitter.join();
            }
            assertThat(completed).hasValue(threads * commands);
            assertThat(loose.queue().outstanding()).isZero();
        }
    }

    @Test
    void refusesToBeDrainedByACompletion() throws Exception {
        try (var controller = new ScriptedController(TcpTransportTest::completeFlushes)) {
            ControllerLink link = transport.route(to(controller.address())).setUpController();
            QueueChannel[] channel = new QueueChannel[1];
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            QueueEvents events =
                    new QueueEvents() {
                        @Override
                        public void done(HostRequest request, long result, int status) {
                            try {
                                channel[0].drain();
                            } catch (IllegalStateException e) {
                                thrown.complete(e);
                            }
                        }

                        @Override
                        public void reportError(HostException reason) {
                            thrown.completeExceptionally(reason);
                        }
                    };
            channel[0] = link.createQueue(QUEUE, events);
            channel[0].send(new HostRequest(IoCommands.flush(1), _ -> {}));
            assertThat(thrown.get(10, TimeUnit.SECONDS)).hasMessageContaining("I/O queue 1");
            channel[0].drain();
            channel[0].destroy();
        }
    }

    @Test
    void refusesQueuesOnceClosed() throws IOException {
        ConnectOptions options =
                to(new InetSocketAddress(InetAddress.getLoopbackAddress(), unusedPort()));
        transport.close();
        assertThatThrownBy(() -> open(options, QUEUE))
                .isInstanceOf(HostException.class)
                .hasMessage("tcp: the transport is closed");
    }
}
