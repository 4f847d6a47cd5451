package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.host.tcp.ScriptedController.digest;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jnvmet.host.AdminCommands;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostException;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;

/** The host's bytes, and what it makes of a controller's bytes. */
class TcpQueueTest {
    private static final String PATTERN = "00112233445566778899aabbccddeeff";
    private static final String BLOCK = PATTERN.repeat(32);
    private static final String HALF = PATTERN.repeat(16);
    private static final String READ_COMMAND =
            "02400000 07000000 0000000000000000 0000000000000000"
                    + "0000000000000000 00020000 0000005a"
                    + "0900000000000000 00000000 00000000 00000000 00000000";
    private static final String WRITE_COMMAND =
            "01400000 07000000 0000000000000000 0000000000000000"
                    + "0000000000000000 00020000 00000001"
                    + "0900000000000000 00000000 00000000 00000000 00000000";
    private static final String WRITE_ON_REQUEST =
            "04 00 48 00 48000000" + WRITE_COMMAND.replace("00000001", "0000005a");

    private static MemorySegment block() {
        return MemorySegment.ofArray(HexFormat.of().parseHex(BLOCK));
    }

    private static MemorySegment room(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    private static QueueOptions queue(int id, boolean flowControl) {
        return new QueueOptions(id, 4, MemoryWire.IN_CAPSULE, flowControl, 1000);
    }

    private static MemoryWire wire() {
        return new MemoryWire(TcpOptions.DEFAULTS).initialized();
    }

    private static String hex(CommandResult result) {
        return HexFormat.of().formatHex(result.bytes());
    }

    @Test
    void sendsIcReqAndCapsulesByteForByte() {
        TcpOptions options = TcpOptions.DEFAULTS.withAlignment(7).withMaxR2t(2);
        try (var wire = new MemoryWire(options, true, true, queue(0, true))) {
            wire.expectSent("00 00 80 00 80000000 0000 07 03 02000000" + "00".repeat(112));
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(AdminCommands.propertyGet(0, 8));
            wire.expectSent(""); // before ICResp nothing else may follow
            wire.feed(MemoryWire.icResp("00 03", 4096));
            String header =
                    "04 01 48 00 4c000000"
                            + "7f400000 04000000"
                            + "00".repeat(31)
                            + "5a"
                            + "01000000 00000000"
                            + "00".repeat(16);
            wire.expectSent(header, digest(header));

            String response = "05 01 18 00 1c000000" + "0807060504030201 0500 0100 0000 0000";
            wire.feed(response + digest(response));

            assertThat(result.join().succeeded()).isTrue();
            assertThat(result.join().result()).isEqualTo(0x0102030405060708L);
            assertThat(result.join().sqHead()).isEqualTo(5);
            assertThat(result.join().sqId()).isEqualTo(1);
        }
    }

    @Test
    void sendsDataInTheCapsuleWhereTheControllerWantsItAligned() {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS, true, true, queue(1, true))) {
            wire.initialized("1f 03", 4096);
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.write(7, 9, 1, block()));
            String header = "04 03 48 80 84020000" + WRITE_COMMAND;
            wire.expectSent(header, digest(header), "00".repeat(52), BLOCK, digest(BLOCK));

            String response = "05 01 18 00 1c000000" + "0000000000000000 0000 0000 0000 0500";
            wire.feed(response + digest(response));

            assertThat(result.join().status()).isEqualTo(0x0002);
            assertThat(result.join().is(Status.INVALID_FIELD)).isTrue();
        }
    }

    @Test
    void sendsConnectInItsCapsuleWhateverTheLimit() {
        var options = TcpOptions.DEFAULTS.withDataLimits(0, 4096);
        try (var wire = new MemoryWire(options).initialized()) {
            var connect = ConnectOptions.to("nqn.2024-01.org.example:subsystem");
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(AdminCommands.connect(connect, queue(1, true), 1));

            assertThat(wire.sent()).startsWith("04004848480400007f4000").hasSize((72 + 1024) * 2);
            wire.complete("0000", "0000");
            assertThat(result.join().succeeded()).isTrue();
        }
    }

    @Test
    void sendsManyCapsulesAsOnePiece() {
        try (var wire = wire()) {
            List<CompletableFuture<CommandResult>> results =
                    List.of(
                            wire.queue().submit(IoCommands.flush(1)),
                            wire.queue().submit(IoCommands.read(1, 0, 1, room(512))),
                            wire.queue().submit(IoCommands.write(1, 0, 1, block())));
            assertThat(wire.pieces()).isEqualTo(1);
            assertThat(wire.sent()).hasSize((3 * 72 + 512) * 2);
            assertThat(results).noneMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void sendsDataOnRequestInPiecesOfTheAgreedSize() {
        var options = TcpOptions.DEFAULTS.withDataLimits(0, 256);
        try (var wire = new MemoryWire(options).initialized()) {
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.write(7, 9, 1, block()));
            wire.expectSent(WRITE_ON_REQUEST);

            wire.feed("09 00 18 00 18000000 0000 3412 00000000 50010000 00000000");
            wire.expectSent(
                    "06 00 18 18 18010000 0000 3412 00000000 00010000 00000000",
                    BLOCK.substring(0, 512),
                    "06 04 18 18 68000000 0000 3412 00010000 50000000 00000000",
                    BLOCK.substring(512, 672));

            wire.feed("09 00 18 00 18000000 0000 7856 50010000 b0000000 00000000");
            wire.expectSent(
                    "06 04 18 18 c8000000 0000 7856 50010000 b0000000 00000000",
                    BLOCK.substring(672));

            wire.complete("0000", "0000");
            assertThat(result.join().succeeded()).isTrue();
        }
    }

    @Test
    void sendsDataOnRequestWithDigestsAndPadding() {
        var options = TcpOptions.DEFAULTS.withDataLimits(0, 4096);
        try (var wire = new MemoryWire(options, true, true, queue(1, true))) {
            wire.initialized("07 03", 4096);
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.write(7, 9, 1, block()));
            assertThat(wire.sent()).hasSize(76 * 2);

            String r2t = "09 01 18 00 1c000000 0000 3412 00000000 00020000 00000000";
            wire.feed(r2t + digest(r2t));
            String header = "06 07 18 20 24020000 0000 3412 00000000 00020000 00000000";
            wire.expectSent(header, digest(header), "00000000", BLOCK, digest(BLOCK));

            String response = "05 01 18 00 1c000000 0000000000000000 0000 0000 0000 0000";
            wire.feed(response + digest(response));
            assertThat(result.join().succeeded()).isTrue();
        }
    }

    @Test
    void receivesDataInPiecesBehindPaddingAndDigests() {
        var options = TcpOptions.DEFAULTS.withAlignment(7);
        try (var wire = new MemoryWire(options, true, true, queue(1, true))) {
            wire.initialized("00 03", 4096);
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.read(7, 9, 1, room(512)));
            assertThat(wire.sent()).hasSize(76 * 2);

            String first = "07 03 18 20 24010000 0000 0000 00000000 00010000 00000000";
            String second = "07 07 18 20 24010000 0000 0000 00010000 00010000 00000000";
            String response = "05 01 18 00 1c000000 0000000000000000 0000 0000 0000 0000";
            wire.feed(first + digest(first) + "eeeeeeee" + HALF + digest(HALF));
            wire.feed(second + digest(second) + "eeeeeeee" + HALF + digest(HALF));
            assertThat(result).isNotDone();
            wire.feed(response + digest(response));

            assertThat(result.join().succeeded()).isTrue();
            assertThat(hex(result.join())).isEqualTo(BLOCK);
        }
    }

    @Test
    void takesSuccessForACompletionOnQueuesWithoutFlowControl() {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS, false, false, queue(1, false))) {
            wire.initialized();
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.read(7, 9, 1, room(512)));
            wire.expectSent("04 00 48 00 48000000" + READ_COMMAND);
            wire.feed("07 0c 18 18 18020000 0000 0000 00000000 00020000 00000000" + BLOCK);

            assertThat(result.join().succeeded()).isTrue();
            assertThat(hex(result.join())).isEqualTo(BLOCK);
            assertThat(wire.queue().outstanding()).isZero();
        }
    }

    @Test
    void failsOnlyTheCommandWhoseDataDigestIsWrong() {
        String data = "07 06 18 18 1c020000 %s 0000 00000000 00020000 00000000";
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS, false, true, queue(1, true))) {
            wire.initialized("00 02", 4096);
            CompletableFuture<CommandResult> bad =
                    wire.queue().submit(IoCommands.read(7, 9, 1, room(512)));
            CompletableFuture<CommandResult> good =
                    wire.queue().submit(IoCommands.read(7, 9, 1, room(512)));
            assertThat(wire.sent()).hasSize(2 * 72 * 2);
            wire.feed(data.formatted("0000") + BLOCK + "deadbeef");
            wire.complete("0000", "0000");
            wire.feed(data.formatted("0100") + BLOCK + digest(BLOCK));
            wire.complete("0100", "0000");

            assertThat(bad.join().is(Status.DATA_TRANSFER_ERROR)).isTrue();
            assertThat(good.join().succeeded()).isTrue();
            assertThat(wire.errors()).isEmpty();
        }
    }

    @Test
    void sendsAndReceivesScatteredData() {
        byte[] bytes = HexFormat.of().parseHex(BLOCK);
        ByteBuffer direct = ByteBuffer.allocateDirect(200);
        direct.put(bytes, 100, 200).flip();
        var parts =
                List.of(
                        MemorySegment.ofArray(bytes).asSlice(0, 100),
                        MemorySegment.ofBuffer(direct),
                        MemorySegment.ofArray(bytes).asSlice(300));
        HostCommand write = IoCommands.write(7, 9, 1, block()).send(parts);
        MemorySegment first = room(1);
        MemorySegment second = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(500));
        MemorySegment third = room(11);
        HostCommand read = IoCommands.read(7, 9, 1, block()).receive(List.of(first, second, third));
        try (var wire = wire()) {
            CompletableFuture<CommandResult> written = wire.queue().submit(write);
            wire.expectSent("04 00 48 48 48020000" + WRITE_COMMAND + BLOCK);
            wire.complete("0000", "0000");
            assertThat(written.join().succeeded()).isTrue();

            CompletableFuture<CommandResult> result = wire.queue().submit(read);
            String id = wire.sent().substring(20, 24);
            wire.feed("07 00 18 18 18010000" + id + "0000 00000000 00010000 00000000" + HALF);
            wire.feed("07 04 18 18 18010000" + id + "0000 00010000 00010000 00000000" + HALF);
            wire.complete(id, "0000");
            assertThat(result.join().succeeded()).isTrue();
            byte[] all = new byte[512];
            read.data().copyOut(0, MemorySegment.ofArray(all), 0, 512);
            assertThat(all).isEqualTo(bytes);
        }
    }

    @Test
    void completesOnlyWhenTheKernelHasTheDataOfACommand() {
        try (var wire = wire();
                Arena arena = Arena.ofShared()) {
            MemorySegment data = arena.allocate(4096);
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.write(7, 0, 8, data));
            assertThat(wire.sent(72 + 1000, 72 + 1000)).hasSize((72 + 1000) * 2);

            wire.complete("0000", "0000");
            assertThat(result).isNotDone();

            assertThat(wire.sent(3095, 3095)).hasSize(3095 * 2);
            assertThat(result).isNotDone();
            assertThat(wire.sent()).hasSize(2);
            assertThat(result.join().succeeded()).isTrue();
        }
    }

    @Test
    void finishesWhatTheControllerAskedForBeforeItFailsTheCommand() {
        var options = TcpOptions.DEFAULTS.withDataLimits(0, 256);
        try (var wire = new MemoryWire(options).initialized()) {
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.write(7, 9, 1, block()));
            wire.expectSent(WRITE_ON_REQUEST);
            wire.feed("09 00 18 00 18000000 0000 3412 00000000 00020000 00000000");
            assertThat(wire.sent(280, 280)).hasSize(280 * 2);

            wire.complete("0000", "0500");
            assertThat(result).isNotDone();

            wire.expectSent(
                    "06 04 18 18 18010000 0000 3412 00010000 00010000 00000000",
                    BLOCK.substring(512));
            assertThat(result.join().status()).isEqualTo(0x0002);
        }
    }

    @Test
    void takesTurnsBetweenCommandsThatSendMuch() {
        var options = TcpOptions.DEFAULTS.withDataLimits(0, 256);
        try (var wire = new MemoryWire(options).initialized()) {
            List<CompletableFuture<CommandResult>> results =
                    List.of(
                            wire.queue().submit(IoCommands.write(7, 9, 1, block())),
                            wire.queue().submit(IoCommands.write(7, 9, 1, block())));
            assertThat(wire.sent()).hasSize(2 * 72 * 2);
            wire.feed("09 00 18 00 18000000 0000 0a00 00000000 00020000 00000000");
            wire.feed("09 00 18 00 18000000 0100 0b00 00000000 00020000 00000000");

            wire.expectSent(
                    "06 00 18 18 18010000 0000 0a00 00000000 00010000 00000000" + HALF,
                    "06 00 18 18 18010000 0100 0b00 00000000 00010000 00000000" + HALF,
                    "06 04 18 18 18010000 0000 0a00 00010000 00010000 00000000" + HALF,
                    "06 04 18 18 18010000 0100 0b00 00010000 00010000 00000000" + HALF);
            assertThat(results).noneMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void namesTheReasonOfATermination() {
        try (var wire = wire()) {
            CompletableFuture<CommandResult> result = wire.queue().submit(IoCommands.flush(7));
            assertThat(wire.sent()).hasSize(144);
            wire.feed("03 00 18 00 20000000 0500 78563412" + "00".repeat(10) + "0400480048000000");

            assertThat(wire.errors()).singleElement().isInstanceOf(TerminatedException.class);
            TerminatedException error = (TerminatedException) wire.errors().getFirst();
            assertThat(error.fatalErrorStatus()).isEqualTo(5);
            assertThat(error.fatalErrorInformation()).isEqualTo(0x12345678);
            assertThat(HexFormat.of().formatHex(error.offender())).isEqualTo("0400480048000000");
            assertThat(error)
                    .hasMessage(
                            "I/O queue 1: the controller ended the connection: data transfer limit"
                                    + " exceeded (FES 05h, FEI 12345678h, header 0400480048000000)");
            wire.expectSent(""); // no answer to an end
            assertThat(wire.protocol().receiveBytes()).isZero();
            wire.passErrorsOn();
            assertThat(result).failsWithin(Duration.ofSeconds(10));
        }
    }

    @Test
    void reportsTheEndOfTheStreamOnce() {
        try (var wire = wire()) {
            wire.feed("05 00 18");
            wire.feedEnd();
            wire.feedEnd();
            wire.protocol().fail(new HostException("too late"));

            assertThat(wire.errors())
                    .singleElement()
                    .asInstanceOf(InstanceOfAssertFactories.THROWABLE)
                    .hasMessage("I/O queue 1: the controller closed the connection");
            assertThat(wire.protocol().hasOutput()).isFalse();
        }
    }

    @Test
    void keepsTheFailureToItselfBeforeIcResp() {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS)) {
            wire.feedEnd();
            assertThat(wire.errors()).isEmpty();
            assertThat(wire.protocol().failure())
                    .hasMessage("I/O queue 1: the controller closed the connection");
        }
    }

    @Test
    void failsWhenTheMemoryOfACommandWasFreed() {
        try (var wire = wire()) {
            Arena arena = Arena.ofShared();
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.write(7, 0, 8, arena.allocate(4096)));
            arena.close();

            assertThat(wire.sent()).isEmpty();

            assertThat(wire.errors()).singleElement().isInstanceOf(HostException.class);
            assertThat(wire.errors().getFirst()).hasMessageContaining("freed before its end");
            wire.passErrorsOn();
            assertThat(result).failsWithin(Duration.ofSeconds(10));
        }
    }

    @Test
    void failsWhenTheMemoryToReceiveIntoWasFreed() {
        try (var wire = wire()) {
            Arena arena = Arena.ofShared();
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.read(7, 0, 128, arena.allocate(65536)));
            assertThat(wire.sent()).hasSize(144);
            wire.feed("07 04 18 18 18000100 0000 0000 00000000 00000100 00000000 aabbccdd");
            arena.close();
            wire.feed("00".repeat(65532));

            assertThat(wire.errors()).singleElement().isInstanceOf(HostException.class);
            wire.passErrorsOn();
            assertThat(result).failsWithin(Duration.ofSeconds(10));
        }
    }

    @Test
    void stopsBeforeTheLastWord() {
        try (var wire = wire()) {
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.read(7, 9, 1, room(512)));
            assertThat(wire.sent()).hasSize(144);
            wire.protocol().stop();

            wire.complete("0000", "0500");
            wire.feedEnd();
            wire.protocol().fail(new HostException("too late"));

            assertThat(result).isNotDone();
            assertThat(wire.errors()).isEmpty();
            assertThat(wire.protocol().receiveBytes()).isZero();
            assertThat(wire.protocol().hasOutput()).isFalse();
        }
    }
}
