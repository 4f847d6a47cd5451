package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.host.tcp.ScriptedController.le32;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.QueueOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the host refuses to take from a controller, and what H2CTermReq then says. */
class PduViolationTest {
    private static final String REST_OF_RESPONSE = "0000000000000000 0000 0000 0000 0000";

    private static MemorySegment data(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    /** Feeds {@code answer} when {@code command} is sent, and expects this H2CTermReq and message. */
    private static void refuses(
            HostCommand command, String answer, int status, int information, String message) {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS).initialized()) {
            CompletableFuture<CommandResult> result = wire.queue().submit(command);
            assertThat(wire.sent()).startsWith("04").hasSizeGreaterThanOrEqualTo(144);
            wire.feed(answer);

            assertThat(wire.errors()).singleElement().isInstanceOf(PduViolation.class);
            assertThat(wire.errors().getFirst()).hasMessageContaining(message);
            assertThat(wire.sent()).matches(termination(status, information));
            wire.feed("00".repeat(100)); // of no interest any more
            assertThat(wire.errors()).hasSize(1);
            wire.passErrorsOn();
            assertThat(result).failsWithin(Duration.ofSeconds(10));
            assertThat(wire.queue().outstanding()).isZero();
        }
    }

    /** H2CTermReq with these fields and a copy of some header. */
    private static String termination(int status, int information) {
        return "02001800..0000000" + status + "00" + le32(information) + "00".repeat(10) + ".{16,}";
    }

    @ParameterizedTest(name = "{3}")
    @CsvSource(
            textBlock =
                    """
                    0800180018000000, 1, 0, type is 8
                    0400480048000000, 1, 0, type is 4
                    0500190018000000, 1, 2, CapsuleResp: HLEN is 25
                    0501180018000000, 1, 1, CapsuleResp: header digest flag in flags is 1
                    0500180017000000, 1, 4, CapsuleResp: PLEN is 23
                    0100800080000000, 2, 0, unexpected ICResp
                    0300180017000000, 1, 4, C2HTermReq: PLEN is 23
                    0300180099000000, 1, 4, C2HTermReq: PLEN is 153
                    0300170018000000, 1, 2, C2HTermReq: HLEN is 23
                    """)
    void refusesHeadersOfTheWrongForm(String header, int status, int information, String message) {
        refuses(IoCommands.flush(7), header, status, information, message);
    }

    @Test
    void refusesLongResponses() {
        refuses(
                IoCommands.flush(7),
                "05 00 18 00 19000000" + REST_OF_RESPONSE,
                1,
                4,
                "CapsuleResp: PLEN is 25");
    }

    @Test
    void refusesCompletionsOfUnknownCommands() {
        refuses(
                IoCommands.flush(7),
                "05 00 18 00 18000000 0000000000000000 0000 0000 0010 0000",
                1,
                8,
                "CapsuleResp for the unknown command 1000h");
    }

    @ParameterizedTest(name = "{3}")
    @CsvSource(
            textBlock =
                    """
                    070018181801000000000000 00000000 00010000 00000000, 4, 12, 256 bytes of data at 0; 0 of 0 were received
                    """)
    void refusesDataForCommandsWithout(String pdu, int status, int information, String message) {
        refuses(IoCommands.flush(7), pdu, status, information, message);
        refuses(IoCommands.write(7, 0, 1, data(8192)), pdu, status, information, message);
    }

    @ParameterizedTest(name = "{3}")
    @CsvSource(
            textBlock =
                    """
                    07001818180100000000000001000000 00010000 00000000, 4, 12, 256 bytes of data at 1; 0 of 512 were received
                    07001818190200000000000000000000 01020000 00000000, 4, 12, 513 bytes of data at 0; 0 of 512 were received
                    070018181801000000000000000000f0 000100f0 00000000, 1, 4, PLEN is 280
                    07001818170100000000000000000000 00010000 00000000, 1, 4, PLEN is 279
                    07001818180000000000000000000000 00000000 00000000, 1, 16, DATAL is 0
                    07001817170100000000000000000000 00010000 00000000, 1, 3, PDO is 23
                    07001819190100000000000000000000 00010000 00000000, 1, 3, PDO is 25
                    07021818180100000000000000000000 00010000 00000000, 1, 1, data digest flag in flags is 2
                    07081818180100000000000000000000 00010000 00000000, 1, 1, SUCCESS and without LAST_PDU
                    070c1818180200000000000000000000 00020000 00000000, 1, 1, SUCCESS on a queue with flow control
                    07041818180100000001000000000000 00010000 00000000, 1, 8, C2HData for the unknown command 0100h
                    09001800180000000000000000000000 00020000 00000000, 4, 12, 0 of 0 were asked for
                    """)
    void refusesWrongDataForReads(String pdu, int status, int information, String message) {
        refuses(IoCommands.read(7, 0, 1, data(512)), pdu, status, information, message);
    }

    @Test
    void refusesSuccessWithoutAllData() {
        refuses(
                IoCommands.read(7, 0, 1, data(512)),
                "07 04 18 18 18010000 0000 0000 00000000 00010000 00000000"
                        + "00".repeat(256)
                        + "05 00 18 00 18000000"
                        + REST_OF_RESPONSE,
                4,
                0,
                "success after 256 of 512 bytes");
    }

    @ParameterizedTest(name = "{3}")
    @CsvSource(
            textBlock =
                    """
                    09001800180000000000000000000000 00000000 00000000, 1, 16, R2T of 0 bytes
                    09001800180000000000000001000000 00100000 00000000, 4, 12, R2T of 4096 bytes at 1; 0 of 8192
                    09001800180000000000000000000000 01200000 00000000, 4, 12, R2T of 8193 bytes at 0; 0 of 8192
                    09001800180000000000000000000000 000000f0 00000000, 4, 12, R2T of 4026531840 bytes at 0
                    09001800180000000100000000000000 00100000 00000000, 1, 8, R2T for the unknown command 0001h
                    050018001800000000000000 000000000000000000000000, 2, 0, 0 of 8192 bytes asked for
                    """)
    void refusesWrongRequestsForData(String pdu, int status, int information, String message) {
        refuses(IoCommands.write(7, 0, 16, data(8192)), pdu, status, information, message);
    }

    @ParameterizedTest(name = "{2}")
    @CsvSource(
            textBlock =
                    """
                    01008000800000000100000000100000, 8, PFV is 1
                    01008000800000000000200000100000, 10, CPDA is 32
                    01008000800000000000000100100000, 11, DGST is 1
                    0100800080000000000000000c100000, 0, none
                    01008000800000000000000002100000, 12, MAXH2CDATA is 4098
                    010080008000000000000000fc0f0000, 12, MAXH2CDATA is 4092
                    01008000840000000000000000100000, 4, PLEN is 132
                    01007f00800000000000000000100000, 2, HLEN is 127
                    """)
    void refusesWrongIcResp(String response, int information, String message) {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS)) {
            assertThat(wire.sent()).hasSize(256);
            wire.feed(response + "00".repeat(112));
            if (information == 0) {
                assertThat(wire.protocol().negotiated()).isTrue();
                return;
            }
            assertThat(wire.protocol().failure())
                    .isInstanceOf(PduViolation.class)
                    .hasMessage("I/O queue 1: ICResp: " + message);
            assertThat(wire.errors()).isEmpty();
            assertThat(wire.sent()).matches(termination(1, information));
        }
    }

    @Test
    void refusesPdusBeforeIcResp() {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS)) {
            assertThat(wire.sent()).hasSize(256);
            wire.feed("05 00 18 00 18000000" + REST_OF_RESPONSE);
            assertThat(wire.protocol().failure())
                    .isInstanceOf(PduViolation.class)
                    .hasMessage("I/O queue 1: unexpected CapsuleResp");
            assertThat(wire.sent()).matches(termination(2, 0));
        }
    }

    @Test
    void refusesAWrongHeaderDigest() {
        var options = new QueueOptions(1, 4, 4096, true, 1000);
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS, true, false, options)) {
            wire.initialized("00 01", 4096);
            CompletableFuture<CommandResult> result = wire.queue().submit(IoCommands.flush(7));
            assertThat(wire.sent()).hasSize(76 * 2);
            String response = "05 01 18 00 1c000000" + REST_OF_RESPONSE + "efbeadde";
            wire.feed(response);

            assertThat(wire.errors().getFirst())
                    .isInstanceOf(PduViolation.class)
                    .hasMessageContaining("header digest of CapsuleResp is deadbeefh");
            wire.expectSent("02 00 18 00 34000000 0300 efbeadde", "00".repeat(10), response);
            wire.passErrorsOn();
            assertThat(result).failsWithin(Duration.ofSeconds(10));
        }
    }

    @Test
    void refusesCompletionsOfCommandsThatHaveNotBeenSent() {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS).initialized()) {
            CompletableFuture<CommandResult> result = wire.queue().submit(IoCommands.flush(7));
            wire.complete("0000", "0000");

            assertThat(wire.errors().getFirst())
                    .isInstanceOf(PduViolation.class)
                    .hasMessageContaining("CapsuleResp for the unknown command 0000h");
            assertThat(wire.sent()).matches(termination(1, 8));
            wire.passErrorsOn();
            assertThat(result).failsWithin(Duration.ofSeconds(10));
        }
    }

    @Test
    void refusesASecondCompletion() {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS).initialized()) {
            CompletableFuture<CommandResult> result = wire.queue().submit(IoCommands.flush(7));
            assertThat(wire.sent()).hasSize(144);
            wire.complete("0000", "0000");
            assertThat(result.join().succeeded()).isTrue();
            wire.complete("0000", "0000");

            assertThat(wire.errors().getFirst())
                    .isInstanceOf(PduViolation.class)
                    .hasMessageContaining("CapsuleResp for the unknown command 0000h");
        }
    }

    @Test
    void endsThePduItHasBegunBeforeItSaysWhatWasWrong() {
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS).initialized()) {
            CompletableFuture<CommandResult> result =
                    wire.queue().submit(IoCommands.write(7, 0, 8, data(4096)));
            assertThat(wire.sent(100, 100)).hasSize(200);
            wire.feed("0800180018000000");

            String rest = wire.sent();
            int left = 72 + 4096 - 100;
            assertThat(rest.substring(0, left * 2)).isEqualTo("00".repeat(left));
            assertThat(rest.substring(left * 2)).matches(termination(1, 0));
            wire.passErrorsOn();
            assertThat(result).failsWithin(Duration.ofSeconds(10));
        }
    }

    @Test
    void takesAsManyR2tsAsItGaveCreditFor() {
        HostCommand write = IoCommands.write(7, 0, 16, data(8192));
        try (var wire = new MemoryWire(TcpOptions.DEFAULTS.withMaxR2t(1)).initialized()) {
            CompletableFuture<CommandResult> result = wire.queue().submit(write);
            assertThat(wire.sent()).hasSize(144);
            wire.feed("09 00 18 00 18000000 0000 0100 00000000 00100000 00000000");
            wire.feed("09 00 18 00 18000000 0000 0200 00100000 00080000 00000000");
            String data = wire.sent();
            assertThat(data).hasSize((24 + 4096 + 24 + 2048) * 2);
            assertThat(data.substring(20, 24)).isEqualTo("0100");
            wire.feed("09 00 18 00 18000000 0000 0300 00180000 00080000 00000000");
            assertThat(wire.sent().substring(20, 24)).isEqualTo("0300");
            wire.complete("0000", "0000");
            assertThat(result.join().succeeded()).isTrue();
        }
    }

    @Test
    void refusesMoreR2tsThanItGaveCreditFor() {
        refuses(
                IoCommands.write(7, 0, 16, data(8192)),
                "09 00 18 00 18000000 0000 0100 00000000 00100000 00000000"
                        + "09 00 18 00 18000000 0000 0200 00100000 00080000 00000000",
                5,
                0,
                "more than 1 R2Ts outstanding");
    }
}
