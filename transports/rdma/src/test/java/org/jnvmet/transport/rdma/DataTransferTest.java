package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.transport.rdma.RdmaFixture.eventually;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jnvmet.wire.Sgl;
import org.junit.jupiter.api.Test;

/** What a host sees of the ways of its data. */
class DataTransferTest {
    private static final int BLOCK = Commands.BLOCK;

    @Test
    void writesFromAndReadsToTheHostsMemory() {
        try (RdmaFixture target = new RdmaFixture();
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] data = Commands.pattern(3, 256 * BLOCK);
            io.write(0, data);

            assertThat(io.execute(io.blocks(Commands.WRITE, 1, 5, 256, 0)).status()).isZero();
            assertThat(io.execute(io.blocks(Commands.READ, 2, 5, 256, 1 << 20)).status()).isZero();

            assertThat(io.read(1 << 20, data.length)).isEqualTo(data);
            assertThat(io.execute(RawHost.inCapsule(3, 7, Commands.pattern(9, BLOCK))).status())
                    .isZero();
            assertThat(io.execute(io.blocks(Commands.READ, 4, 7, 1, 0)).status()).isZero();
            assertThat(io.read(0, BLOCK)).isEqualTo(Commands.pattern(9, BLOCK));
        }
    }

    /** Sixteen blocks of different lengths in the host's memory, in a segment in the capsule. */
    @Test
    void gathersAndScattersWhatSeveralDescriptorsSay() {
        try (RdmaFixture target = new RdmaFixture();
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] data = Commands.pattern(1, 16 * BLOCK);
            byte[] write = scattered(io, Commands.WRITE, 1, 0);
            byte[] read = scattered(io, Commands.READ, 2, 1 << 20);
            int at = 0;
            for (int i = 0; i < 16; i++) {
                io.write(i * 10_000L, Arrays.copyOfRange(data, at, at + length(i)));
                at += length(i);
            }

            assertThat(io.execute(write).status()).isZero();
            assertThat(io.execute(read).status()).isZero();

            assertThat(io.execute(io.blocks(Commands.READ, 3, 0, 16, 2 << 20)).status()).isZero();
            assertThat(io.read(2 << 20, data.length)).isEqualTo(data);
            at = 0;
            for (int i = 0; i < 16; i++) {
                assertThat(io.read((1 << 20) + i * 10_000L, length(i)))
                        .as("block %d", i)
                        .isEqualTo(Arrays.copyOfRange(data, at, at + length(i)));
                at += length(i);
            }
        }
    }

    /** They add up to sixteen blocks. */
    private static int length(int descriptor) {
        return descriptor % 2 == 0 ? BLOCK - 512 : BLOCK + 512;
    }

    private static byte[] scattered(RawHost io, int opcode, int cid, long base) {
        Bytes sqe = Commands.io(opcode, cid, 0, 16);
        Commands.atOffset(sqe, 32, 256, Sgl.LAST_SEGMENT_OFFSET);
        Bytes capsule = new Bytes(64 + 32 + 256).put(0, sqe.array());
        for (int i = 0; i < 16; i++) {
            Commands.descriptor(
                    capsule,
                    96 + i * 16,
                    io.address(base + i * 10_000L),
                    length(i),
                    io.key(),
                    Sgl.KEYED);
        }
        return capsule.array();
    }

    /** The host's key is of no use any more when it has the response. */
    @Test
    void invalidatesTheKeyThatItIsToldTo() {
        try (RdmaFixture target = new RdmaFixture();
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            Bytes sqe = Commands.io(Commands.READ, 1, 0, 1);
            byte[] read = Commands.keyed(sqe, io.address(0), BLOCK, io.anotherKey()).array();
            byte[] last = read.clone();
            last[39] = (byte) Sgl.KEYED_INVALIDATE;
            assertThat(io.execute(read).status()).isZero();
            assertThat(io.execute(last).status()).isZero();

            io.send(read);

            io.expectEnd();
        }
    }

    /** Data at another offset than the start is not where media could take it from; it is copied. */
    @Test
    void takesInCapsuleDataAtAnOffset() {
        try (RdmaFixture target = new RdmaFixture(inline(16 << 10));
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] data = Commands.pattern(5, BLOCK);
            Bytes sqe = Commands.io(Commands.WRITE, 1, 3, 1);
            Commands.atOffset(sqe, 24, BLOCK, Sgl.DATA_BLOCK_OFFSET);
            byte[] capsule = new Bytes(64 + 24 + BLOCK).put(0, sqe.array()).put(88, data).array();

            assertThat(io.execute(capsule).status()).isZero();

            assertThat(io.execute(io.blocks(Commands.READ, 2, 3, 1, 0)).status()).isZero();
            assertThat(io.read(0, BLOCK)).isEqualTo(data);
        }
    }

    private static RdmaSettings inline(int bytes) {
        return RdmaFixture.SETTINGS.withProtocol(new RdmaSettings.Protocol(1 << 20, bytes));
    }

    /** A host may send as soon as it is connected, which is before the target hears of that. */
    @Test
    void servesCommandsThatCameBeforeTheConnectionWasThere() {
        try (RdmaFixture target = new RdmaFixture();
                RawHost host = target.dial()) {
            CountDownLatch loopMay = new CountDownLatch(1);
            CountDownLatch controlMay = new CountDownLatch(1);
            target.loop().execute(() -> await(loopMay));
            host.request(Commands.request(0, 32), 16);
            eventually(() -> target.fabric.resources().queuePairs() == 2);
            target.onControl(() -> true); // the request is with the loop now
            target.loop().execute(() -> target.transport.cm().execute(() -> await(controlMay)));

            loopMay.countDown(); // accepts; but for the host's answer nobody listens
            assertThat(host.outcome().type()).isEqualTo(EventType.RDMA_CM_EVENT_ESTABLISHED);
            host.send(host.connectCommand(0, 32, 0xffff));
            host.awaitSent(1);
            controlMay.countDown();

            assertThat(Objects.requireNonNull(host.next()).status()).isZero();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** As many commands as the queue takes at once, again and again: more than buffers and work requests. */
    @Test
    void keepsCommandsApartThatRunTogether() {
        RdmaSettings small =
                RdmaFixture.SETTINGS.withMemory(new RdmaSettings.Memory(1 << 20, 64 << 10));
        try (RdmaFixture target = new RdmaFixture(small);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            for (int round = 0; round < 50; round++) {
                for (int i = 0; i < 31; i++) {
                    io.write(i * 131_072L, Commands.pattern(round * 31 + i, 16 * BLOCK));
                    io.send(io.blocks(Commands.WRITE, i, i * 16L, 16, i * 131_072L));
                }
                awaitSuccesses(io, 31);
                for (int i = 0; i < 31; i++) {
                    io.send(io.blocks(Commands.READ, i, i * 16L, 16, i * 131_072L + 65_536));
                }
                awaitSuccesses(io, 31);
                for (int i = 0; i < 31; i++) {
                    assertThat(io.read(i * 131_072L + 65_536, 16 * BLOCK))
                            .isEqualTo(Commands.pattern(round * 31 + i, 16 * BLOCK));
                }
            }
        }
    }

    private static void awaitSuccesses(RawHost io, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(Objects.requireNonNull(io.next()).status()).isZero();
        }
    }

    @Test
    void aSharedReceiveQueueServesAllQueues() {
        RdmaSettings shared =
                RdmaFixture.SETTINGS.withQueues(new RdmaSettings.Queues(16, 64, 4096, 16));
        try (RdmaFixture target = new RdmaFixture(shared);
                RawHost admin = target.admin();
                RawHost one = target.io(admin, 1, 32);
                RawHost two = target.io(admin, 2, 32)) {
            for (int i = 0; i < 200; i++) {
                RawHost host = i % 2 == 0 ? one : two;
                byte[] data = Commands.pattern(i, BLOCK);
                assertThat(host.execute(RawHost.inCapsule(i, i, data)).status()).isZero();
                assertThat(host.execute(host.blocks(Commands.READ, i, i, 1, 0)).status()).isZero();
                assertThat(host.read(0, BLOCK)).isEqualTo(data);
            }
        }
    }
}
