package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where data begins in its PDU, both ways (NVMe/TCP Transport, PDU Data Offset). */
class AlignmentTest {
    static IntStream alignments() {
        return IntStream.rangeClosed(0, 31);
    }

    @ParameterizedTest
    @MethodSource("alignments")
    void keepsTheAlignmentOfBothSides(int alignment) {
        TcpSettings.Protocol usual = TcpFixture.SETTINGS.protocol();
        TcpSettings settings =
                TcpFixture.SETTINGS.withProtocol(
                        new TcpSettings.Protocol(
                                usual.maxTransferBytes(),
                                usual.maxH2cDataBytes(),
                                usual.maxR2tBytes(),
                                usual.maxC2hDataBytes(),
                                usual.inlineBytes(),
                                alignment));
        try (TcpFixture target = new TcpFixture(settings)) {
            for (int digests = 0; digests < 4; digests++) {
                try (RawHost admin = target.dial();
                        RawHost io = target.dial()) {
                    assertThat(admin.negotiate(alignment, digests, 0).bytes()[10])
                            .as("CPDA")
                            .isEqualTo((byte) alignment);
                    admin.admin();
                    io.negotiate(alignment, digests, 0);
                    io.io(1, admin.controllerId(), 32);
                    checkQueue(io, alignment, digests);
                }
            }
        }
    }

    private static void checkQueue(RawHost io, int alignment, int digests) {
        byte[] first = Pdus.pattern(alignment, Pdus.BLOCK);
        byte[] second = Pdus.pattern(alignment + 1, Pdus.BLOCK);
        io.send(io.pdus.writeInline(1, 0, first));
        io.expectStatus(1, 0);
        io.send(io.pdus.write(2, 1, 1));
        Received r2t = io.expect(Received.R2T);
        io.send(io.pdus.data(2, r2t.tag(), 0, second, true));
        io.expectStatus(2, 0);
        io.send(io.pdus.read(3, 0, 2));
        Received data = io.expect(Received.DATA);
        int unit = (alignment + 1) * 4;
        int header = 24 + ((digests & Pdus.HDGST) != 0 ? 4 : 0);
        assertThat(data.pdo()).as("PDO").isEqualTo((header + unit - 1) / unit * unit);
        assertThat(Arrays.copyOfRange(data.bytes(), header, data.pdo()))
                .as("padding")
                .containsOnly(data.pdo() == header ? new byte[0] : new byte[] {0});
        assertThat(data.data()).isEqualTo(Pdus.join(first, second));
        io.expectStatus(3, 0);
    }
}
