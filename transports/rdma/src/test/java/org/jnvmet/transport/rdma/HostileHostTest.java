package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.transport.rdma.RdmaFixture.eventually;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.wire.Sgl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A host that does what it may not costs itself a command, a connection or nothing; others notice nothing. */
class HostileHostTest {
    private static final int BLOCK = Commands.BLOCK;
    private static final int INVALID_FIELD = 0x002;
    private static final int INVALID_SEGMENT = 0x00d;
    private static final int INVALID_COUNT = 0x00e;
    private static final int INVALID_LENGTH = 0x00f;
    private static final int INVALID_TYPE = 0x011;
    private static final int INVALID_OFFSET = 0x016;

    private RdmaFixture target;
    private RawHost witness;

    @BeforeEach
    void open() {
        target = new RdmaFixture();
        witness = target.admin();
    }

    @AfterEach
    void close() {
        witness.expectStillOpen();
        witness.close();
        target.close();
    }

    @Test
    void isRejectedWithTheCodeOfTheStandard() {
        rejects(Commands.request(7, 0, 32, 31), 16, 2);
        rejects(Commands.request(129, 32), 16, 3);
        rejects(Commands.request(0, 33), 16, 4);
        rejects(Commands.request(1, 129), 16, 4);
        rejects(Commands.request(0, 1, 0, 31), 16, 5);
        rejects(Commands.request(1, 32), 0, 7);
        byte[] noise = new byte[56];
        new Random(1).nextBytes(noise);
        rejects(noise, 16, 2);
    }

    private void rejects(byte[] privateData, int depth, int code) {
        try (RawHost host = target.dial()) {
            CmEvent event = host.ask(privateData, depth);
            assertThat(event.type()).isEqualTo(EventType.RDMA_CM_EVENT_REJECTED);
            assertThat(event.getStatus()).isEqualTo(28);
            assertThat(Arrays.copyOf(event.parameters().privateData(), 4))
                    .isEqualTo(new byte[] {0, 0, (byte) code, 0});
        }
    }

    @Test
    void isAcceptedWithTheSizeOfOurReceiveQueue() {
        try (RawHost host = target.dial()) {
            CmEvent event = host.ask(Commands.request(3, 64), 16);
            assertThat(event.type()).isEqualTo(EventType.RDMA_CM_EVENT_ESTABLISHED);
            assertThat(Arrays.copyOf(event.parameters().privateData(), 32))
                    .isEqualTo(new Bytes(32).u16(2, 64).array());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63})
    void losesTheConnectionWithACapsuleThatIsNone(int bytes) {
        try (RawHost host = target.io(witness, 1, 32)) {
            host.send(new byte[bytes]);
            host.expectEnd();
        }
    }

    @Test
    void losesTheConnectionWithACapsuleThatIsTooLong() {
        try (RawHost host = target.io(witness, 1, 32)) {
            host.send(new byte[64 + 4097]);
            host.expectEnd();
        }
    }

    @Test
    void isToldWhatIsWrongWithItsDescriptors() {
        try (RawHost host = target.io(witness, 1, 32)) {
            byte[] data = new byte[64 + BLOCK];
            refuses(host, write(0, BLOCK, 0x00), data, INVALID_FIELD);
            refuses(host, write(0, BLOCK, 0x5a), data, INVALID_TYPE);
            refuses(host, write(0, BLOCK, 0x41), data, INVALID_FIELD);
            refuses(host, write(1, BLOCK, Sgl.DATA_BLOCK_OFFSET), data, INVALID_OFFSET);
            refuses(host, write(0, BLOCK + 1, Sgl.DATA_BLOCK_OFFSET), data, INVALID_OFFSET);
            refuses(host, write(0, 512, Sgl.DATA_BLOCK_OFFSET), data, INVALID_LENGTH);
            byte[] none = new byte[64];
            refuses(host, write(0, BLOCK, Sgl.DATA_BLOCK_OFFSET), none, INVALID_LENGTH);
            refuses(host, write(0, 0, Sgl.DATA_BLOCK_OFFSET), none, INVALID_LENGTH);
            refuses(host, write(0, 15, Sgl.LAST_SEGMENT_OFFSET), data, INVALID_SEGMENT);
            refuses(host, write(0, 17 * 16, Sgl.LAST_SEGMENT_OFFSET), data, INVALID_COUNT);
            refuses(host, write(4088, 16, Sgl.LAST_SEGMENT_OFFSET), data, INVALID_OFFSET);
            Bytes read = Commands.io(Commands.READ, 3, 0, 1);
            Commands.atOffset(read, 0, BLOCK, Sgl.DATA_BLOCK_OFFSET);
            refuses(host, read, data, INVALID_FIELD);

            Bytes wrongLength = Commands.io(Commands.WRITE, 3, 0, 1);
            Commands.keyed(wrongLength, host.address(0), BLOCK - 1, host.key());
            refuses(host, wrongLength, none, INVALID_LENGTH);
            Bytes physical = Commands.io(Commands.WRITE, 3, 0, 1).u8(1, 0);
            refuses(host, physical, none, INVALID_FIELD);

            assertThat(host.execute(host.blocks(Commands.READ, 1, 0, 1, 0)).status()).isZero();
            assertThat(host.read(0, BLOCK)).as("none was written").containsOnly(0);
        }
    }

    private static Bytes write(long offset, int length, int type) {
        return Commands.atOffset(Commands.io(Commands.WRITE, 3, 0, 1), offset, length, type);
    }

    private static void refuses(RawHost host, Bytes sqe, byte[] capsule, int status) {
        byte[] whole = capsule.clone();
        System.arraycopy(sqe.array(), 0, whole, 0, 64);
        RawHost.Completion completion = host.execute(whole);
        assertThat(completion.commandId()).isEqualTo(3);
        assertThat(completion.status()).isEqualTo(status);
        assertThat(completion.doNotRetry()).isTrue();
    }

    /** Its own device refuses the access; ours reports an error, and the queue is over. */
    @ParameterizedTest
    @ValueSource(ints = {Commands.READ, Commands.WRITE})
    void losesTheConnectionWithMemoryThatIsNotItsOwn(int opcode) {
        try (RawHost wrongKey = target.io(witness, 1, 32)) {
            Bytes sqe = Commands.io(opcode, 1, 0, 1);
            Commands.keyed(sqe, wrongKey.address(0), BLOCK, wrongKey.key() + 1);
            wrongKey.send(sqe.array());
            wrongKey.expectEnd();
        }
        try (RawHost beyond = target.io(witness, 2, 32)) {
            Bytes sqe = Commands.io(opcode, 1, 0, 1);
            Commands.keyed(sqe, beyond.address(RawHost.DATA_BYTES - 1), BLOCK, beyond.key());
            beyond.send(sqe.array());
            beyond.expectEnd();
        }
    }

    /** Event requests are answered when something happens: a queue full of them has no entry left. */
    @Test
    void losesTheConnectionWithMoreCommandsThanTheQueueHas() {
        try (RawHost host = target.dial().connect(1, 4)) {
            assertThat(host.execute(host.connectCommand(1, 2, witness.controllerId())).status())
                    .isZero(); // two entries, though four may be received
            target.onLoop(() -> {
                // While the loop is here it serves nobody: all are there when it comes back.
                for (int cid = 0; cid < 4; cid++) {
                    host.send(host.blocks(Commands.WRITE, cid, 0, 1, 0));
                }
                host.awaitSent(5);
                return true;
            });
            host.expectEnd();
        }
    }

    @Test
    void mayLeaveAtAnyPoint() {
        try (RawHost host = target.dial()) {
            host.request(Commands.request(1, 32), 16);
        }
        try (RawHost host = target.dial()) {
            host.connect(1, 32);
        }
        try (RawHost host = target.dial()) {
            host.connect(1, 32);
            host.send(host.connectCommand(1, 32, witness.controllerId()));
        }
        for (int commands = 1; commands < 31; commands++) {
            try (RawHost host = target.io(witness, 1, 32)) {
                for (int cid = 0; cid < commands; cid++) {
                    int opcode = cid % 2 == 0 ? Commands.READ : Commands.WRITE;
                    host.send(host.blocks(opcode, cid, cid, 64, 0));
                }
                if (commands % 2 == 0) {
                    assertThat(host.next()).isNotNull();
                }
                host.disconnect();
            }
            eventually(() -> target.usage().connections() == 1);
        }
    }

    /** It may say nothing for as long as a queue may take to connect; when it leaves, it is gone. */
    @Test
    void mayBeSilent() {
        try (RawHost host = target.dial()) {
            host.connect(1, 32);
            witness.expectStillOpen();
            assertThat(target.usage().connections()).isEqualTo(2);
        }
        eventually(() -> target.usage().connections() == 1);
    }

    /** Whatever it sends as a capsule is answered, or ends its connection. */
    @Test
    void maySendNoise() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            try (RawHost host = target.io(witness, 1, 32)) {
                boolean more = true;
                for (int j = 0; j < 20 && more; j++) {
                    byte[] capsule = new byte[64 + random.nextInt(512)];
                    random.nextBytes(capsule);
                    int[] opcodes = {0, 1, 2, 5, 8, 9, 0x19, 0x7f};
                    capsule[0] = (byte) opcodes[random.nextInt(opcodes.length)];
                    capsule[1] = 0x40;
                    capsule[4] = 1;
                    host.send(capsule);
                    more = host.next() != null;
                }
            }
            eventually(() -> target.usage().connections() == 1);
        }
        assertThat(target.usage().buffers()).as("seed %d", seed).isZero();
    }

    @Test
    void mayAbortWhatWaitsForABuffer() {
        // Nothing is left for data: the command waits in line.
        var held =
                target.onLoop(() -> {
                    var pool = target.loop().buffers();
                    var all = new ArrayList<DataBuffer>();
                    var buffer = pool.tryAcquire(1 << 20);
                    while (buffer != null) {
                        all.add(buffer);
                        buffer = pool.tryAcquire(1 << 20);
                    }
                    return all;
                });
        try (RawHost host = target.io(witness, 1, 32)) {
            host.send(host.blocks(Commands.WRITE, 5, 0, 1, 0));
            host.awaitSent(2);
            RawHost.Completion abort = witness.execute(Commands.abort(9, 1, 5).array());
            assertThat(abort.result() & 1).as("it was aborted").isZero();
            RawHost.Completion aborted = Objects.requireNonNull(host.next());
            assertThat(aborted.commandId()).isEqualTo(5);
            assertThat(aborted.status()).isEqualTo(0x007);
        }
        target.onLoop(() -> {
            held.forEach(DataBuffer::release);
            return true;
        });
    }
}
