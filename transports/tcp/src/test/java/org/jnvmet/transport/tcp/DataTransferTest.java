package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Reads and writes over a socket, by every way that data can take. */
class DataTransferTest {
    @Test
    void readsBackWhatWasWrittenInTheCapsule() {
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] data = Pdus.pattern(1, 8192);
            io.send(io.pdus.writeInline(7, 16, data));
            io.expectStatus(7, 0);
            assertThat(io.read(8, 16, 2)).isEqualTo(data);
        }
    }

    @Test
    void readsBackWhatWasWrittenByR2t() {
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] data = Pdus.pattern(2, 1 << 20);
            io.send(io.pdus.write(7, 0, 256));
            Received r2t = io.expect(Received.R2T);
            assertThat(r2t.offset()).isZero();
            assertThat(r2t.length()).isEqualTo(data.length);
            io.send(io.pdus.data(7, r2t.tag(), 0, data, true));
            io.expectStatus(7, 0);
            assertThat(io.read(8, 0, 256)).isEqualTo(data);
        }
    }
}
