package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sgl;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After warm-up a loop allocates nothing for commands, wherever their data is. */
class AllocationTest {
    private static final int DEPTH = 24;
    private static final int WARM_UP_ROUNDS = 1000;
    private static final int MOST_RUNS = 5;

    /** Times {@link #DEPTH}: more than 100,000 commands. */
    private static final int ROUNDS = 4200;

    /** What the virtual machine itself may do on the thread meanwhile, per command. */
    private static final double TOLERANCE_BYTES = 0.1;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Measures until a run stays below the tolerance: what every command allocates shows in every run. */
    @ParameterizedTest
    @ValueSource(ints = {0, 256})
    void allocatesNothing(int sharedReceives) {
        RdmaSettings settings =
                RdmaFixture.SETTINGS.withQueues(
                        new RdmaSettings.Queues(16, sharedReceives, 16_384, 16));
        try (RdmaFixture target = new RdmaFixture(settings);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[][] commands = commands(io);
            long thread = target.onLoop(() -> Thread.currentThread().threadId());
            rounds(io, commands, WARM_UP_ROUNDS);
            double least = Double.MAX_VALUE;
            for (int run = 0; run < MOST_RUNS && least >= TOLERANCE_BYTES; run++) {
                long before = threads.getThreadAllocatedBytes(thread);
                rounds(io, commands, ROUNDS);
                long after = threads.getThreadAllocatedBytes(thread);
                least = Math.min(least, (double) (after - before) / (ROUNDS * DEPTH));
            }
            assertThat(least).as("bytes per command").isLessThan(TOLERANCE_BYTES);
        }
    }

    /** Reads, writes by RDMA READ, writes in the capsule, and reads into two blocks of the host's. */
    private static byte[][] commands(RawHost io) {
        byte[][] commands = new byte[DEPTH][];
        for (int cid = 0; cid < DEPTH; cid++) {
            commands[cid] =
                    switch (cid % 4) {
                        case 0 -> io.blocks(Commands.READ, cid, cid, 1, 0);
                        case 1 -> io.blocks(Commands.WRITE, cid, cid, 1, 0);
                        case 2 -> RawHost.inCapsule(cid, cid, new byte[Commands.BLOCK]);
                        default -> scattered(io, cid);
                    };
        }
        return commands;
    }

    private static byte[] scattered(RawHost io, int cid) {
        Bytes sqe = Commands.io(Commands.READ, cid, 0, 2);
        Commands.atOffset(sqe, 0, 32, Sgl.LAST_SEGMENT_OFFSET);
        Bytes capsule = new Bytes(64 + 32).put(0, sqe.array());
        Commands.descriptor(capsule, 64, io.address(0), 4096, io.key(), Sgl.KEYED);
        Commands.descriptor(capsule, 80, io.address(8192), 4096, io.key(), Sgl.KEYED);
        return capsule.array();
    }

    private static void rounds(RawHost io, byte[][] commands, int count) {
        for (int round = 0; round < count; round++) {
            for (byte[] command : commands) {
                io.send(command);
            }
            for (int i = 0; i < commands.length; i++) {
                Cqe response = Objects.requireNonNull(io.nextEntry());
                assertThat(response.status()).isZero();
            }
        }
    }
}
