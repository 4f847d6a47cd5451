package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** In-capsule data and its limits (NVMe/TCP Transport, Data Transfers). */
class InlineDataTest {
    private static final int INVALID_FIELD = 0x02;
    private static final int INVALID_NAMESPACE = 0x0b;
    private static final int SGL_OFFSET_INVALID = 0x16;
    private static final int BLOCK = Pdus.BLOCK;

    private static TcpSettings inline(int bytes) {
        return TcpFixture.SETTINGS.withProtocol(
                new TcpSettings.Protocol(1 << 20, 1 << 20, 1 << 20, 1 << 20, bytes, 0));
    }

    @Test
    void failsOnlyTheCommandWhenItsDataIsLongerThanThePortAllows() {
        try (TcpFixture target = new TcpFixture(inline(8192));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            io.send(
                    io.pdus.writeInline(1, 0, Pdus.pattern(1, 3 * BLOCK)),
                    io.pdus.writeInline(2, 8, Pdus.pattern(2, 2 * BLOCK)));
            io.expectStatus(1, SGL_OFFSET_INVALID);
            io.expectStatus(2, 0);
            assertThat(io.read(3, 0, 3)).isEqualTo(new byte[3 * BLOCK]);
            assertThat(io.read(4, 8, 2)).isEqualTo(Pdus.pattern(2, 2 * BLOCK));
        }
    }

    @Test
    void takesConnectInTheCapsuleWhateverThePortAllows() {
        try (TcpFixture target = new TcpFixture(inline(0));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            io.send(io.pdus.writeInline(1, 0, Pdus.pattern(1, BLOCK)));
            io.expectStatus(1, SGL_OFFSET_INVALID);
            assertThat(io.read(2, 0, 1)).isEqualTo(new byte[BLOCK]);
        }
    }

    @Test
    void takesConnectDataByR2tAlso() {
        try (TcpFixture target = new TcpFixture(inline(8192));
                RawHost host = target.dial()) {
            host.negotiate();
            byte[] capsule = host.pdus.connect(1, 0, 0xffff, 32, 0);
            byte[] sqe = Arrays.copyOfRange(capsule, 8, 72);
            sqe[39] = 0x5a;
            host.send(host.pdus.capsule(sqe, new byte[0]));
            Received r2t = host.expect(Received.R2T);
            assertThat(r2t.length()).isEqualTo(1024);
            host.send(host.pdus.data(1, r2t.tag(), 0, Pdus.connectData(0xffff), true));
            host.expectStatus(1, 0);
        }
    }

    @Test
    void drainsTheDataOfACommandThatIsRefusedBefore() {
        try (TcpFixture target = new TcpFixture(inline(8192));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] pdu = io.pdus.writeInline(1, 0, Pdus.pattern(1, BLOCK));
            pdu[8 + 4] = 99; // no such namespace
            io.send(pdu, io.pdus.writeInline(2, 0, Pdus.pattern(2, BLOCK)));
            io.expectStatus(1, INVALID_NAMESPACE);
            io.expectStatus(2, 0);
        }
    }

    @Test
    void refusesAReadWithADescriptorOfInCapsuleData() {
        try (TcpFixture target = new TcpFixture(inline(8192));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            Bytes sqe = Pdus.readSqe(1, 0, 1).u8(39, 0x01);
            io.send(io.pdus.capsule(sqe.array(), new byte[0]));
            io.expectStatus(1, INVALID_FIELD);
            assertThat(io.read(2, 0, 1)).isEqualTo(new byte[BLOCK]);
        }
    }
}
