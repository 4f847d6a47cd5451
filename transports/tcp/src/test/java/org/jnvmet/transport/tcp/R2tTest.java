package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** R2Ts: how many, how long, and what they wait for (NVMe/TCP Transport, Data Transfers). */
class R2tTest {
    private static final int BLOCK = Pdus.BLOCK;

    private static TcpSettings settings(int r2tBytes, int creditBytes) {
        return TcpFixture.SETTINGS
                .withProtocol(new TcpSettings.Protocol(1 << 20, 8192, r2tBytes, 1 << 20, 0, 0))
                .withMemory(
                        new TcpSettings.Memory(64 << 10, 64 << 20, 1 << 20, 1 << 20, creditBytes));
    }

    @Test
    void asksOneByOneWhenTheHostTakesOneR2t() {
        assertThat(r2tsBeforeData(0, 1 << 20)).isEqualTo(1);
    }

    @Test
    void asksAsOftenAsTheHostTakesR2ts() {
        assertThat(r2tsBeforeData(1, 1 << 20)).isEqualTo(2);
        assertThat(r2tsBeforeData(2, 1 << 20)).isEqualTo(3);
    }

    @Test
    void asksForNoMoreThanItsOwnBoundWhateverTheHostTakes() {
        assertThat(r2tsBeforeData(-1, 1 << 20)).isEqualTo(TcpRequest.MAX_R2TS);
    }

    @Test
    void asksForNoMoreThanTheCreditOfTheConnection() {
        assertThat(r2tsBeforeData(3, 2 * 8192)).isEqualTo(2);
    }

    /** Writes 64 KiB by R2Ts of 8 KiB; the number that came before any data was sent. */
    private static int r2tsBeforeData(int maxR2t, int creditBytes) {
        try (TcpFixture target = new TcpFixture(settings(8192, creditBytes));
                RawHost admin = target.admin();
                RawHost io = target.dial()) {
            io.negotiate(0, 0, maxR2t);
            io.io(1, admin.controllerId(), 32);
            byte[] data = Pdus.pattern(maxR2t, 16 * BLOCK);
            io.send(io.pdus.write(1, 0, 16));
            ArrayDeque<Received> asked = new ArrayDeque<>();
            for (int round = 0; round <= TcpRequest.MAX_R2TS; round++) {
                collectR2tsBeforeRead(io, asked);
            }
            int before = asked.size();
            int sent = 0;
            while (sent < data.length) {
                Received r2t = asked.isEmpty() ? io.expect(Received.R2T) : asked.poll();
                assertThat(r2t.offset()).isEqualTo(sent);
                assertThat(r2t.length()).isEqualTo(8192);
                byte[] part = Arrays.copyOfRange(data, sent, sent + 8192);
                io.send(io.pdus.data(1, r2t.tag(), sent, part, true));
                sent += 8192;
            }
            io.expectStatus(1, 0);
            assertThat(io.read(3, 0, 16)).isEqualTo(data);
            return before;
        }
    }

    /** R2Ts that need no data first overtake the answers to reads, one with each at least. */
    private static void collectR2tsBeforeRead(RawHost io, ArrayDeque<Received> asked) {
        io.send(io.pdus.read(2, 64, 1));
        boolean answered = false;
        while (!answered) {
            Received pdu = Objects.requireNonNull(io.next());
            if (pdu.type() == Received.R2T) {
                asked.add(pdu);
            }
            answered = pdu.type() == Received.CAPSULE;
        }
    }

    @Test
    void takesDataInPieces() {
        try (TcpFixture target = new TcpFixture(settings(1 << 20, 1 << 20));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] data = Pdus.pattern(1, 8 * BLOCK);
            io.send(io.pdus.write(1, 0, 8));
            Received r2t = io.expect(Received.R2T);
            assertThat(r2t.length()).isEqualTo(data.length);
            int sent = 0;
            for (int size = 4; sent < data.length; size = Math.min(size * 3, 8192)) {
                int end = Math.min(sent + size, data.length);
                byte[] part = Arrays.copyOfRange(data, sent, end);
                io.send(io.pdus.data(1, r2t.tag(), sent, part, end == data.length));
                sent = end;
            }
            io.expectStatus(1, 0);
            assertThat(io.read(2, 0, 8)).isEqualTo(data);
        }
    }

    @Test
    void servesCommandsWhoseDataComesInAnyOrder() {
        try (TcpFixture target = new TcpFixture(settings(8192, 1 << 20));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            for (int cid = 0; cid < 8; cid++) {
                io.send(io.pdus.write(cid, cid * 2L, 2));
            }
            int[] tags = new int[8];
            for (int i = 0; i < 8; i++) {
                Received r2t = io.expect(Received.R2T);
                tags[r2t.cid()] = r2t.tag();
            }
            for (int cid = 7; cid >= 0; cid--) {
                io.send(io.pdus.data(cid, tags[cid], 0, Pdus.pattern(cid, 8192), true));
                io.expectStatus(cid, 0);
            }
            for (int cid = 0; cid < 8; cid++) {
                assertThat(io.read(cid, cid * 2L, 2)).isEqualTo(Pdus.pattern(cid, 8192));
            }
        }
    }

    @Test
    void refusesLongTransfersWithAStatusAndGoesOn() {
        try (TcpFixture target = new TcpFixture(settings(1 << 20, 1 << 20));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            io.send(io.pdus.write(1, 0, 257));
            assertThat(io.expect(Received.CAPSULE).status()).isNotZero();
            io.send(io.pdus.read(2, 0, 257));
            assertThat(io.expect(Received.CAPSULE).status()).isNotZero();
            assertThat(io.read(3, 0, 256)).hasSize(1 << 20);
        }
    }
}
