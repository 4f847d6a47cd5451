package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Header and data digests (NVMe/TCP Transport, Digests). */
class DigestTest {
    private static final int TRANSIENT_TRANSPORT_ERROR = 0x22;
    private static final int BLOCK = Pdus.BLOCK;

    private final TcpFixture target =
            new TcpFixture(
                    TcpFixture.SETTINGS.withProtocol(
                            new TcpSettings.Protocol(
                                    1 << 20, 4 * BLOCK, 8 * BLOCK, 2 * BLOCK, 16384, 0)));
    private final RawHost admin = target.admin();

    @AfterEach
    void close() {
        admin.close();
        target.close();
    }

    private RawHost io(int digests) {
        RawHost io = target.dial();
        Received response = io.negotiate(0, digests, 0);
        assertThat(response.bytes()[11]).isEqualTo((byte) digests);
        return io.io(1, admin.controllerId(), 32);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, Pdus.HDGST, Pdus.DDGST, Pdus.HDGST | Pdus.DDGST})
    void guardsEveryPduBothWays(int digests) {
        try (RawHost io = io(digests)) {
            byte[] small = Pdus.pattern(1, BLOCK);
            io.send(io.pdus.writeInline(1, 0, small));
            check(io.expectStatus(1, 0), digests);
            byte[] large = Pdus.pattern(2, 4 * BLOCK);
            io.send(io.pdus.write(2, 1, 4));
            Received r2t = io.expect(Received.R2T);
            check(r2t, digests);
            io.send(io.pdus.data(2, r2t.tag(), 0, large, true));
            check(io.expectStatus(2, 0), digests);
            io.send(io.pdus.read(3, 0, 5));
            byte[] all = Pdus.join(small, large);
            for (int got = 0; got < all.length; ) {
                Received data = io.expect(Received.DATA);
                check(data, digests);
                assertThat(data.data())
                        .isEqualTo(Arrays.copyOfRange(all, got, got + data.length()));
                got += data.length();
            }
            check(io.expectStatus(3, 0), digests);
        }
    }

    private static void check(Received pdu, int digests) {
        byte[] bytes = pdu.bytes();
        boolean data = pdu.type() == Received.DATA;
        int expected = data ? digests : digests & Pdus.HDGST;
        assertThat(pdu.flags() & 3).as("digest flags").isEqualTo(expected);
        if ((expected & Pdus.HDGST) != 0) {
            assertThat(pdu.u32(24)).isEqualTo(Pdus.crc(Arrays.copyOf(bytes, 24)));
        }
        if ((expected & Pdus.DDGST) != 0) {
            assertThat(pdu.u32(bytes.length - 4)).isEqualTo(Pdus.crc(pdu.data()));
        }
    }

    @Test
    void failsTheCommandOnlyWhenInCapsuleDataIsCorrupt() {
        try (RawHost io = io(Pdus.HDGST | Pdus.DDGST)) {
            byte[] pdu = io.pdus.writeInline(1, 0, Pdus.pattern(1, BLOCK));
            pdu[pdu.length - 100] ^= 1;
            io.send(pdu, io.pdus.writeInline(2, 1, Pdus.pattern(2, BLOCK)));
            io.expectStatus(1, TRANSIENT_TRANSPORT_ERROR);
            io.expectStatus(2, 0);
            assertThat(io.read(3, 0, 1)).isEqualTo(new byte[BLOCK]);
            assertThat(io.read(4, 1, 1)).isEqualTo(Pdus.pattern(2, BLOCK));
        }
    }

    @Test
    void takesTheRestOfTheDataBeforeItFailsTheCommand() {
        try (RawHost io = io(Pdus.DDGST)) {
            io.send(io.pdus.write(1, 0, 8));
            Received r2t = io.expect(Received.R2T);
            assertThat(r2t.length()).isEqualTo(8 * BLOCK);
            byte[] first = io.pdus.data(1, r2t.tag(), 0, Pdus.pattern(1, 4 * BLOCK), false);
            first[first.length - 1] ^= 1;
            io.send(first);
            io.send(io.pdus.read(2, 100, 1)); // the connection goes on meanwhile
            io.expect(Received.DATA);
            io.expectStatus(2, 0);
            io.send(io.pdus.data(1, r2t.tag(), 4 * BLOCK, Pdus.pattern(2, 4 * BLOCK), true));
            io.expectStatus(1, TRANSIENT_TRANSPORT_ERROR);
            assertThat(io.read(3, 0, 1)).isEqualTo(new byte[BLOCK]);
        }
    }

    @Test
    void asksForNoMoreDataOfACorruptCommand() {
        try (RawHost io = io(Pdus.DDGST)) {
            io.send(io.pdus.write(1, 0, 16)); // two R2Ts of eight blocks
            Received r2t = io.expect(Received.R2T);
            byte[] first = io.pdus.data(1, r2t.tag(), 0, Pdus.pattern(1, 4 * BLOCK), false);
            first[first.length - 1] ^= 1;
            io.send(first);
            io.send(io.pdus.data(1, r2t.tag(), 4 * BLOCK, Pdus.pattern(2, 4 * BLOCK), true));
            io.expectStatus(1, TRANSIENT_TRANSPORT_ERROR);
        }
    }
}
