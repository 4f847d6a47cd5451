package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What happens when there is not enough of something: everybody waits, and everybody is served. */
class BackPressureTest {
    private static final int BLOCK = Pdus.BLOCK;
    private static final int DEPTH = 32;
    private static final int ABORT_REQUESTED = 0x07;

    /** One transfer of the greatest size is the whole pool. */
    private static final TcpSettings TINY =
            TcpFixture.SETTINGS
                    .withMemory(
                            new TcpSettings.Memory(64 << 10, 1 << 20, 1 << 20, 256 << 10, 64 << 10))
                    .withProtocol(
                            new TcpSettings.Protocol(
                                    64 << 10, 16 << 10, 32 << 10, 16 << 10, 16384, 0));

    @Test
    void servesManyBusyConnectionsFromATinyPool() throws Exception {
        int connections = 64;
        try (TcpFixture target = new TcpFixture(TINY);
                RawHost admin = target.admin();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> busy = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                int queue = i + 1;
                busy.add(
                        threads.submit(() -> {
                            try (RawHost io = target.io(admin, queue, DEPTH)) {
                                exercise(io, queue);
                            }
                        }));
            }
            admin.send(admin.pdus.identifyController(9));
            admin.expect(Received.DATA);
            for (Future<?> one : busy) {
                Object _ = one.get();
            }
        }
    }

    /** Keeps the queue full with in-capsule writes, solicited writes and reads; checks all data at the end. */
    private static void exercise(RawHost io, int queue) {
        Map<Integer, byte[]> solicited = new HashMap<>();
        long base = queue * 64L;
        for (int cid = 0; cid < DEPTH; cid++) {
            byte[] data = Pdus.pattern(queue + cid, BLOCK * (1 + cid % 3));
            switch (cid % 3) {
                case 0 -> io.send(io.pdus.writeInline(cid, base + cid, data));
                case 1 -> {
                    solicited.put(cid, data);
                    io.send(io.pdus.write(cid, base + cid, 2));
                }
                default -> io.send(io.pdus.read(cid, base, 3));
            }
        }
        int completed = 0;
        while (completed < DEPTH) {
            Received pdu = Objects.requireNonNull(io.next());
            if (pdu.type() == Received.R2T) {
                byte[] data = Objects.requireNonNull(solicited.get(pdu.cid()));
                int end = pdu.offset() + pdu.length();
                byte[] part = Arrays.copyOfRange(data, pdu.offset(), end);
                io.send(io.pdus.data(pdu.cid(), pdu.tag(), pdu.offset(), part, true));
            } else if (pdu.type() == Received.CAPSULE) {
                assertThat(pdu.status()).isZero();
                completed++;
            }
        }
        assertThat(io.read(1, base + 31, 2)).isEqualTo(Pdus.pattern(queue + 31, 2 * BLOCK));
    }

    @Test
    void waitsWithCommandsBeyondTheEntriesOfTheQueue() {
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 16)) {
            byte[][] reads = new byte[200][];
            for (int cid = 0; cid < reads.length; cid++) {
                reads[cid] = io.pdus.read(cid, cid, 1);
            }
            io.send(reads);
            int completed = 0;
            while (completed < reads.length) {
                if (Objects.requireNonNull(io.next()).type() == Received.CAPSULE) {
                    completed++;
                }
            }
        }
    }

    @Test
    void endsAConnectionWhoseCommandsCanNeverBeTaken() {
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 16)) {
            for (int cid = 0; cid < 16; cid++) {
                io.send(io.pdus.write(cid, cid, 1));
                io.expect(Received.R2T);
            }
            byte[] oneMore = io.pdus.write(16, 16, 1);
            io.send(oneMore);
            Received answer = io.expect(Received.TERM_REQ);
            assertThat(answer.u16(8)).isEqualTo(2);
            assertThat(Arrays.copyOfRange(answer.bytes(), 24, 24 + 72)).isEqualTo(oneMore);
            io.expectClose();
        }
    }

    @Test
    void answersAdminCommandsWhileTheIoPoolIsExhausted() {
        try (TcpFixture target = new TcpFixture(TINY);
                RawHost admin = target.admin();
                RawHost hog = target.io(admin, 1, 128)) {
            for (int cid = 0; cid < 64; cid++) {
                hog.send(hog.pdus.write(cid, 0, 16));
            }
            hog.expect(Received.R2T);
            admin.send(admin.pdus.identifyController(7));
            admin.expect(Received.DATA);
            admin.expectStatus(7, 0);
            try (RawHost another = target.io(admin, 2, 32)) {
                // In-capsule writes and reads never wait for a host's data.
                another.send(another.pdus.writeInline(1, 99, Pdus.pattern(3, BLOCK)));
                another.expectStatus(1, 0);
                assertThat(another.read(2, 99, 1)).isEqualTo(Pdus.pattern(3, BLOCK));
            }
            assertThat(target.usage().heldBytes()).isLessThanOrEqualTo(512 << 10);
        }
    }

    @Test
    void abortsACommandThatWaitsForItsTurn() {
        try (TcpFixture target = new TcpFixture(TINY);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 128)) {
            for (int cid = 0; cid < 64; cid++) {
                io.send(io.pdus.write(cid, 0, 16));
            }
            io.send(
                    io.pdus.read(
                            100, Long.MAX_VALUE, 1)); // fails at once: all before it have arrived
            assertThat(firstResponse(io).cid()).isEqualTo(100);
            admin.send(admin.pdus.abort(5, 1, 60));
            assertThat(admin.expectStatus(5, 0).u32(8)).as("not aborted").isZero();
            Received pdu = firstResponse(io);
            assertThat(pdu.cid()).isEqualTo(60);
            assertThat(pdu.status()).isEqualTo(ABORT_REQUESTED);
        }
    }

    /** The next response; R2Ts before it are for other commands than 60. */
    private static Received firstResponse(RawHost io) {
        Received pdu = Objects.requireNonNull(io.next());
        while (pdu.type() == Received.R2T) {
            assertThat(pdu.cid()).isNotEqualTo(60);
            pdu = Objects.requireNonNull(io.next());
        }
        return pdu;
    }

    @Test
    void givesEverythingBackWhenHostsVanishInTheMiddle() {
        try (TcpFixture target = new TcpFixture(TINY);
                RawHost admin = target.admin()) {
            for (int queue = 1; queue <= 40; queue++) {
                try (RawHost io = target.io(admin, queue, 32)) {
                    byte[] inline = io.pdus.writeInline(3, 0, Pdus.pattern(1, 3 * BLOCK));
                    for (int cid = 0; cid < 20; cid++) {
                        io.send(io.pdus.write(cid, 0, 16), io.pdus.read(100 + cid, 0, 16));
                    }
                    io.expect(Received.R2T);
                    io.send(Arrays.copyOf(inline, 72 + queue * 100));
                }
            }
            while (target.usage().connections() > 1) {
                Thread.onSpinWait();
            }
            TcpLoop.Usage usage = target.usage();
            assertThat(usage.buffers()).isZero();
            assertThat(usage.heldBytes()).isZero();
            assertThat(usage.spilledBytes()).isZero();
        }
    }

    @Test
    void closesWithCommandsUnderWay() {
        try (TcpFixture target = new TcpFixture(TINY);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 128)) {
            for (int cid = 0; cid < 100; cid++) {
                io.send(
                        cid % 2 == 0
                                ? io.pdus.write(cid, 0, 16)
                                : io.pdus.writeInline(cid, 0, Pdus.pattern(cid, BLOCK)));
            }
            io.expect(Received.R2T);
        }
    }
}
