package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.host.tcp.ScriptedController.digest;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.host.AdminCommands;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostQueue;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;

/** The host's bytes on a real socket, and what it makes of a controller's bytes. */
class TcpHostTransportTest {
    private static final String PATTERN = "00112233445566778899aabbccddeeff";
    private static final String BLOCK = PATTERN.repeat(32);
    private static final String READ_COMMAND =
            "02400000 07000000 0000000000000000 0000000000000000"
                    + "0000000000000000 00020000 0000005a"
                    + "0900000000000000 00000000 00000000 00000000 00000000";
    private static final String WRITE_COMMAND =
            "01400000 07000000 0000000000000000 0000000000000000"
                    + "0000000000000000 00020000 00000001"
                    + "0900000000000000 00000000 00000000 00000000 00000000";

    private static MemorySegment block() {
        return MemorySegment.ofArray(HexFormat.of().parseHex(BLOCK));
    }

    private static MemorySegment room(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    private static String hex(CommandResult result) {
        return HexFormat.of().formatHex(result.bytes());
    }

    @Test
    void sendsIcReqAndCapsulesByteForByte() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.expect(
                                    "00 00 80 00 80000000 0000 07 03 02000000" + "00".repeat(112));
                            wire.send(
                                    "01 00 80 00 80000000 0000 00 03 00100000" + "00".repeat(112));
                            String header =
                                    "04 01 48 00 4c000000"
                                            + "7f400000 04000000"
                                            + "00".repeat(31)
                                            + "5a"
                                            + "01000000 00000000"
                                            + "00".repeat(16);
                            wire.expect(header + digest(header));
                            String response =
                                    "05 01 18 00 1c000000" + "0807060504030201 0500 0100 0000 0000";
                            wire.send(response + digest(response));
                            wire.expectEnd();
                        });
                HostQueue queue =
                        TcpQueues.open(
                                controller,
                                TcpOptions.DEFAULTS
                                        .withAlignment(7)
                                        .withDigests(true, true)
                                        .withMaxR2t(2))) {
            CommandResult result = queue.execute(AdminCommands.propertyGet(0, 8));
            assertThat(result.succeeded()).isTrue();
            assertThat(result.result()).isEqualTo(0x0102030405060708L);
            assertThat(result.sqHead()).isEqualTo(5);
            assertThat(result.sqId()).isEqualTo(1);
        }
    }

    @Test
    void sendsDataInTheCapsuleWhereTheControllerWantsItAligned() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize("1f 03", 4096);
                            String header = "04 03 48 80 84020000" + WRITE_COMMAND;
                            wire.expect(header + digest(header) + "00".repeat(52));
                            wire.expect(BLOCK + digest(BLOCK));
                            String response =
                                    "05 01 18 00 1c000000" + "0000000000000000 0000 0000 0000 0500";
                            wire.send(response + digest(response));
                        });
                HostQueue queue =
                        TcpQueues.open(controller, TcpOptions.DEFAULTS.withDigests(true, true))) {
            CommandResult result = queue.execute(IoCommands.write(7, 9, 1, block()));
            assertThat(result.status()).isEqualTo(0x0002);
            assertThat(result.is(Status.INVALID_FIELD)).isTrue();
        }
    }

    @Test
    void sendsDataOnRequestInPiecesOfTheAgreedSize() {
        String command = WRITE_COMMAND.replace("00000001", "0000005a");
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            wire.expect("04 00 48 00 48000000" + command);
                            wire.send("09 00 18 00 18000000 0000 3412 00000000 50010000 00000000");
                            wire.expect(
                                    "06 00 18 18 18010000 0000 3412 00000000 00010000 00000000"
                                            + BLOCK.substring(0, 512));
                            wire.expect(
                                    "06 04 18 18 68000000 0000 3412 00010000 50000000 00000000"
                                            + BLOCK.substring(512, 672));
                            wire.send("09 00 18 00 18000000 0000 7856 50010000 b0000000 00000000");
                            wire.expect(
                                    "06 04 18 18 c8000000 0000 7856 50010000 b0000000 00000000"
                                            + BLOCK.substring(672));
                            wire.complete("0000", "0000");
                            wire.expectEnd();
                        });
                HostQueue queue =
                        TcpQueues.open(controller, TcpOptions.DEFAULTS.withDataLimits(0, 256))) {
            assertThat(queue.execute(IoCommands.write(7, 9, 1, block())).succeeded()).isTrue();
        }
    }

    @Test
    void receivesDataInPiecesBehindPaddingAndDigests() {
        String first = "07 03 18 20 24010000 0000 0000 00000000 00010000 00000000";
        String second = "07 07 18 20 24010000 0000 0000 00010000 00010000 00000000";
        String half = PATTERN.repeat(16);
        String response = "05 01 18 00 1c000000 0000000000000000 0000 0000 0000 0000";
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize("00 03", 4096);
                            assertThat(wire.read(76)[8]).isEqualTo((byte) 2);
                            wire.send(first + digest(first) + "eeeeeeee" + half + digest(half));
                            wire.send(second + digest(second) + "eeeeeeee" + half + digest(half));
                            wire.send(response + digest(response));
                        });
                HostQueue queue =
                        TcpQueues.open(
                                controller,
                                TcpOptions.DEFAULTS.withAlignment(7).withDigests(true, true))) {
            CommandResult result = queue.execute(IoCommands.read(7, 9, 1, room(512)));
            assertThat(result.succeeded()).isTrue();
            assertThat(hex(result)).isEqualTo(BLOCK);
        }
    }

    @Test
    void takesSuccessForACompletionOnQueuesWithoutFlowControl() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            wire.expect("04 00 48 00 48000000" + READ_COMMAND);
                            wire.send("07 0c 18 18 18020000 0000 0000 00000000 00020000 00000000");
                            wire.send(BLOCK);
                            wire.expectEnd();
                        });
                HostQueue queue = TcpQueues.open(controller, TcpOptions.DEFAULTS, false)) {
            CommandResult result = queue.execute(IoCommands.read(7, 9, 1, room(512)));
            assertThat(result.succeeded()).isTrue();
            assertThat(hex(result)).isEqualTo(BLOCK);
            assertThat(queue.outstanding()).isZero();
        }
    }

    @Test
    void failsOnlyTheCommandWhoseDataDigestIsWrong() {
        String data = "07 06 18 18 1c020000 %s 0000 00000000 00020000 00000000";
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize("00 02", 4096);
                            assertThat(wire.read(72)).hasSize(72);
                            wire.send(data.formatted("0000") + BLOCK + "deadbeef");
                            wire.complete("0000", "0000");
                            assertThat(wire.read(72)).hasSize(72);
                            wire.send(data.formatted("0100") + BLOCK + digest(BLOCK));
                            wire.complete("0100", "0000");
                        });
                HostQueue queue =
                        TcpQueues.open(controller, TcpOptions.DEFAULTS.withDigests(false, true))) {
            CommandResult bad = queue.execute(IoCommands.read(7, 9, 1, room(512)));
            assertThat(bad.is(Status.DATA_TRANSFER_ERROR)).isTrue();
            CommandResult good = queue.execute(IoCommands.read(7, 9, 1, room(512)));
            assertThat(good.succeeded()).isTrue();
        }
    }

    @Test
    void namesTheReasonOfATermination() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            assertThat(wire.read(72)).hasSize(72);
                            wire.send("03 00 18 00 20000000 0500 78563412" + "00".repeat(10));
                            wire.send("0400480048000000");
                            wire.expectEnd();
                        });
                HostQueue queue = TcpQueues.open(controller, TcpOptions.DEFAULTS)) {
            assertThatThrownBy(() -> queue.execute(IoCommands.flush(7)))
                    .isInstanceOfSatisfying(
                            TerminatedException.class,
                            e -> {
                                assertThat(e.fatalErrorStatus()).isEqualTo(5);
                                assertThat(e.fatalErrorInformation()).isEqualTo(0x12345678);
                                assertThat(HexFormat.of().formatHex(e.offender()))
                                        .isEqualTo("0400480048000000");
                            })
                    .hasMessage(
                            "I/O queue 1: the controller ended the connection: data transfer limit"
                                    + " exceeded (FES 05h, FEI 12345678h, header 0400480048000000)");
        }
    }

    @Test
    void failsWhatIsOutstandingWhenTheControllerCloses() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            assertThat(wire.read(2 * 72)).hasSize(144);
                        });
                HostQueue queue = TcpQueues.open(controller, TcpOptions.DEFAULTS)) {
            CompletableFuture<CommandResult> first = queue.submit(IoCommands.flush(7));
            assertThatThrownBy(() -> queue.execute(IoCommands.flush(7)))
                    .isInstanceOf(HostException.class)
                    .hasMessageStartingWith("I/O queue 1: ");
            assertThatThrownBy(first::join).hasCauseInstanceOf(HostException.class);
            assertThatThrownBy(() -> queue.execute(IoCommands.flush(7)))
                    .isInstanceOf(HostException.class);
            assertThat(queue.outstanding()).isZero();
        }
    }

    @Test
    void givesUpOnAControllerThatDoesNotAnswerIcReq() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), silent.getLocalPort());
            var transport = new TcpHostTransport(address, TcpOptions.DEFAULTS.withTimeoutMs(50));
            var options = new QueueOptions(0, 32, 8192, true);
            assertThatThrownBy(() -> transport.open(options))
                    .isInstanceOf(HostException.class)
                    .hasMessage("admin queue: no ICResp within 50 ms");
        }
    }

    @Test
    void closesAQueueWhoseCommandIsNotAnswered() {
        try (var controller =
                new ScriptedController(wire -> {
                    wire.initialize();
                    assertThat(wire.read(72)).hasSize(72);
                    wire.expectEnd();
                })) {
            var transport = new TcpHostTransport(controller.address(), TcpOptions.DEFAULTS);
            var options = new QueueOptions(1, 4, 4096, true);
            HostQueue queue = HostQueue.open(transport, options, 50);
            assertThatThrownBy(() -> queue.execute(IoCommands.flush(7)))
                    .hasMessage("I/O queue 1: Flush was not answered within 50 ms");
        }
    }
}
