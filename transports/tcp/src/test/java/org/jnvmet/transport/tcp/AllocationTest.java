package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After warm-up a loop allocates nothing for reads and writes. */
class AllocationTest {
    private static final int DEPTH = 32;
    private static final int WARM_UP_ROUNDS = 3000;
    private static final int MOST_RUNS = 20;
    private static final int ROUNDS = 1000;

    /** What the virtual machine itself may do on the thread meanwhile, per command. */
    private static final double TOLERANCE_BYTES = 1;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @ValueSource(ints = {0, Pdus.HDGST | Pdus.DDGST})
    void allocatesNothingForReadsAndInCapsuleWrites(int digests) throws IOException {
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS);
                RawHost admin = target.admin();
                RawHost io = target.dial()) {
            io.negotiate(0, digests, 0);
            io.io(1, admin.controllerId(), 128);
            byte[] commands = readsAndWrites(io.pdus);
            io.send(commands);
            byte[] answers = new byte[answersOfOneRound(io)];
            rounds(io, commands, answers, WARM_UP_ROUNDS);
            assertAllocatesNothing(
                    target, ROUNDS * DEPTH, () -> rounds(io, commands, answers, ROUNDS));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, Pdus.HDGST | Pdus.DDGST})
    void allocatesNothingForSolicitedWrites(int digests) throws IOException {
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS);
                RawHost admin = target.admin();
                RawHost io = target.dial()) {
            io.negotiate(0, digests, 0);
            io.io(1, admin.controllerId(), 128);
            byte[] command = io.pdus.write(1, 0, 8);
            io.send(command);
            Received r2t = io.expect(Received.R2T);
            byte[] data = io.pdus.data(1, r2t.tag(), 0, Pdus.pattern(1, 8 * Pdus.BLOCK), true);
            io.send(data);
            io.expectStatus(1, 0);
            byte[] one = new byte[r2t.bytes().length];
            solicited(io, command, data, one, WARM_UP_ROUNDS);
            assertAllocatesNothing(target, ROUNDS, () -> solicited(io, command, data, one, ROUNDS));
        }
    }

    private static byte[] readsAndWrites(Pdus pdus) {
        byte[] commands = new byte[0];
        for (int cid = 0; cid < DEPTH; cid++) {
            byte[] command =
                    cid % 2 == 0
                            ? pdus.read(cid, cid, 1)
                            : pdus.writeInline(cid, cid, Pdus.pattern(cid, Pdus.BLOCK));
            commands = Pdus.join(commands, command);
        }
        return commands;
    }

    /**
     * Measures until a run stays below the tolerance: the compiler may take longer than the warm-up on a
     * busy machine. What every command allocates shows in every run.
     */
    private void assertAllocatesNothing(TcpFixture target, int commands, Exchange exchange)
            throws IOException {
        long thread = target.onLoop(() -> Thread.currentThread().threadId());
        double least = Double.MAX_VALUE;
        for (int run = 0; run < MOST_RUNS && least >= TOLERANCE_BYTES; run++) {
            long before = threads.getThreadAllocatedBytes(thread);
            exchange.run();
            long after = threads.getThreadAllocatedBytes(thread);
            least = Math.min(least, (double) (after - before) / commands);
        }
        assertThat(least).as("bytes per command").isLessThan(TOLERANCE_BYTES);
    }

    private static void solicited(RawHost io, byte[] command, byte[] data, byte[] answer, int count)
            throws IOException {
        for (int round = 0; round < count; round++) {
            rounds(io, command, answer, 1);
            rounds(io, data, answer, 1);
        }
    }

    private static int answersOfOneRound(RawHost io) {
        int bytes = 0;
        int completed = 0;
        while (completed < DEPTH) {
            Received pdu = Objects.requireNonNull(io.next());
            bytes += pdu.bytes().length;
            completed += pdu.type() == Received.CAPSULE ? 1 : 0;
        }
        return bytes;
    }

    private static void rounds(RawHost io, byte[] commands, byte[] answers, int count)
            throws IOException {
        DataInputStream in = io.input();
        for (int round = 0; round < count; round++) {
            io.socket().getOutputStream().write(commands);
            in.readFully(answers);
        }
    }

    /** Commands and their answers. */
    @FunctionalInterface
    private interface Exchange {
        void run() throws IOException;
    }
}
