package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.host.tcp.ScriptedController.le32;

import java.lang.foreign.MemorySegment;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostQueue;
import org.jnvmet.host.IoCommands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the host refuses to take from a controller, and what H2CTermReq then says. */
class PduViolationTest {
    private static final String REST_OF_RESPONSE = "0000000000000000 0000 0000 0000 0000";

    private static MemorySegment data(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    /** Runs {@code command} against {@code answer} and expects this H2CTermReq and message. */
    private static void refuses(
            HostCommand command, String answer, int status, int information, String message) {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            assertThat(wire.read(72)).hasSize(72);
                            wire.send(answer);
                            wire.expect("02 00 18 00");
                            assertThat(wire.read(4)).hasSize(4);
                            wire.expect("0" + status + "00" + le32(information));
                        });
                HostQueue queue = TcpQueues.open(controller, TcpOptions.DEFAULTS)) {
            assertThatThrownBy(() -> queue.execute(command))
                    .isInstanceOf(PduViolation.class)
                    .hasMessageContaining(message);
            assertThat(queue.outstanding()).isZero();
        }
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
        try (var controller =
                new ScriptedController(wire -> {
                    assertThat(wire.read(128)).hasSize(128);
                    wire.send(response + "00".repeat(112));
                    if (information != 0) {
                        wire.expect("02 00 18 00");
                        assertThat(wire.read(4)).hasSize(4);
                        wire.expect("0100" + le32(information));
                    }
                })) {
            if (information == 0) {
                TcpQueues.open(controller, TcpOptions.DEFAULTS).close();
                return;
            }
            assertThatThrownBy(() -> TcpQueues.open(controller, TcpOptions.DEFAULTS))
                    .isInstanceOf(PduViolation.class)
                    .hasMessage("I/O queue 1: ICResp: " + message);
        }
    }

    @Test
    void refusesPdusBeforeIcResp() {
        try (var controller =
                new ScriptedController(wire -> {
                    assertThat(wire.read(128)).hasSize(128);
                    wire.send("05 00 18 00 18000000" + REST_OF_RESPONSE);
                    wire.expect("02 00 18 00");
                })) {
            assertThatThrownBy(() -> TcpQueues.open(controller, TcpOptions.DEFAULTS))
                    .isInstanceOf(PduViolation.class)
                    .hasMessage("I/O queue 1: unexpected CapsuleResp");
        }
    }

    @Test
    void refusesAWrongHeaderDigest() {
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize("00 01", 4096);
                            assertThat(wire.read(76)).hasSize(76);
                            wire.send("05 01 18 00 1c000000" + REST_OF_RESPONSE + "efbeadde");
                            wire.expect("02 00 18 00 34000000 0300 efbeadde");
                            assertThat(wire.read(10)).hasSize(10);
                            wire.expect("05 01 18 00 1c000000" + REST_OF_RESPONSE + "efbeadde");
                        });
                HostQueue queue =
                        TcpQueues.open(controller, TcpOptions.DEFAULTS.withDigests(true, false))) {
            assertThatThrownBy(() -> queue.execute(IoCommands.flush(7)))
                    .isInstanceOf(PduViolation.class)
                    .hasMessageContaining("header digest of CapsuleResp is deadbeefh");
        }
    }

    @Test
    void takesAsManyR2tsAsItGaveCreditAndNoMore() {
        String first = "09 00 18 00 18000000 0000 0100 00000000 00100000 00000000";
        String second = "09 00 18 00 18000000 0000 0200 00100000 00080000 00000000";
        String third = "09 00 18 00 18000000 0000 0300 00180000 00080000 00000000";
        HostCommand write = IoCommands.write(7, 0, 16, data(8192));
        try (var controller =
                        new ScriptedController(wire -> {
                            wire.initialize();
                            assertThat(wire.read(72)).hasSize(72);
                            wire.send(first + second);
                            assertThat(wire.read(24 + 4096)[10]).isEqualTo((byte) 1);
                            assertThat(wire.read(24 + 2048)[10]).isEqualTo((byte) 2);
                            wire.send(third);
                            assertThat(wire.read(24 + 2048)[10]).isEqualTo((byte) 3);
                            wire.complete("0000", "0000");
                        });
                HostQueue queue = TcpQueues.open(controller, TcpOptions.DEFAULTS.withMaxR2t(1))) {
            assertThat(queue.execute(write).succeeded()).isTrue();
        }
    }
}
