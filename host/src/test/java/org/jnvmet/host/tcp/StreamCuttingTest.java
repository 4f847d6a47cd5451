package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.QueueOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same streams mean the same however they are cut, in both directions, whatever the data lies in.
 * The controller here is made by hand and knows nothing of the host's code. Run one seed again with
 * {@code -Dseed=}.
 */
class StreamCuttingTest {
    private static final int ROUNDS = 30;
    private static final int MOST_BYTES = 100_000;

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    @ParameterizedTest
    @CsvSource({
        "0, 0, 1",
        "0, 0, 70000",
        "1, 3, 100",
        "2, 31, 20000",
        "3, 0, 1000",
        "3, 7, 300000"
    })
    void meansTheSameHoweverItIsCut(int digests, int alignment, int mostBytesAPiece) {
        boolean header = (digests & 1) != 0;
        boolean data = (digests & 2) != 0;
        var options = new QueueOptions(1, 17, 8192, true, 1000);
        var tcp = TcpOptions.DEFAULTS.withAlignment(alignment).withMaxR2t(2);
        try (var wire = new MemoryWire(tcp, header, data, options);
                Arena arena = Arena.ofShared()) {
            wire.initialized("%02x%02x".formatted(alignment, digests), 8192);
            var controller = new Controller(header, data, alignment);
            int rounds = mostBytesAPiece < 1000 ? ROUNDS / 10 : ROUNDS;
            for (int round = 0; round < rounds; round++) {
                List<Exchange> exchanges = submit(wire, arena);
                while (exchanges.stream().anyMatch(each -> !each.result().isDone())) {
                    assertThat(wire.errors()).as("seed %d", seed).isEmpty();
                    controller.take(
                            wire.sent(1 + random.nextInt(200_000), pieceBytes(mostBytesAPiece)));
                    feed(wire, controller.answers(), mostBytesAPiece);
                }
                exchanges.forEach(each -> each.check(controller.disk, seed));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void survivesWhateverComes(int digests) {
        var options = new QueueOptions(1, 17, 8192, true, 1000);
        for (int round = 0; round < ROUNDS; round++) {
            try (var wire =
                            new MemoryWire(
                                    TcpOptions.DEFAULTS,
                                    (digests & 1) != 0,
                                    (digests & 2) != 0,
                                    options);
                    Arena arena = Arena.ofShared()) {
                wire.initialized("000%d".formatted(digests), 8192);
                var controller = new Controller((digests & 1) != 0, (digests & 2) != 0, 0);
                List<Exchange> exchanges = submit(wire, arena);
                controller.take(wire.sent());
                byte[] answers = controller.answers();
                spoil(answers);
                feed(wire, answers, answers.length);
                wire.feedEnd();
                assertThat(wire.errors()).as("seed %d", seed).hasSize(1);
                assertThat(wire.errors().getFirst())
                        .as("seed %d", seed)
                        .matches(e -> e.getCause() == null, "is no error of the host's own");
                wire.passErrorsOn();
                for (Exchange each : exchanges) {
                    assertThat(each.result().handle((_, _) -> true))
                            .as("seed %d", seed)
                            .succeedsWithin(Duration.ofSeconds(20));
                }
            }
        }
    }

    /** Changes one bit of the header of some PDU. */
    private void spoil(byte[] answers) {
        ByteBuffer stream = ByteBuffer.wrap(answers).order(ByteOrder.LITTLE_ENDIAN);
        int position = 0;
        while (random.nextInt(4) != 0 && position + stream.getInt(position + 4) < answers.length) {
            position += stream.getInt(position + 4);
        }
        answers[position + random.nextInt(24)] ^= (byte) (1 << random.nextInt(8));
    }

    private int pieceBytes(int most) {
        return 1 + random.nextInt(most);
    }

    private void feed(MemoryWire wire, byte[] stream, int mostBytesAPiece) {
        int position = 0;
        while (position < stream.length) {
            int part = Math.min(pieceBytes(mostBytesAPiece), stream.length - position);
            wire.feed(Arrays.copyOfRange(stream, position, position + part));
            position += part;
        }
    }

    /** Up to 16 commands, no two of which touch the same blocks. */
    private List<Exchange> submit(MemoryWire wire, Arena arena) {
        List<Exchange> exchanges = new ArrayList<>();
        int commands = 1 + random.nextInt(16);
        for (int i = 0; i < commands; i++) {
            byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 8192 : MOST_BYTES)];
            List<MemorySegment> memory = scatter(arena, bytes.length);
            HostCommand command = HostCommand.io(random.nextBoolean() ? 1 : 2).dword(40, i);
            if (command.sqe().opcode() == 1) {
                random.nextBytes(bytes);
                command.send(memory)
                        .data()
                        .copyIn(0, MemorySegment.ofArray(bytes), 0, bytes.length);
            } else {
                command.receive(memory);
            }
            CompletableFuture<CommandResult> result = wire.queue().submit(command);
            exchanges.add(new Exchange(command, i, result));
        }
        return exchanges;
    }

    /** {@code bytes} of memory in up to 5 segments, some of them in the heap. */
    private List<MemorySegment> scatter(Arena arena, int bytes) {
        List<MemorySegment> segments = new ArrayList<>();
        int left = bytes;
        while (left > 0) {
            int part = segments.size() == 4 ? left : 1 + random.nextInt(left);
            segments.add(
                    random.nextInt(3) == 0
                            ? MemorySegment.ofArray(new byte[part])
                            : arena.allocate(part));
            left -= part;
        }
        return segments;
    }

    /** A command and what it is about: the object of the controller's that it names. */
    private record Exchange(
            HostCommand command, int object, CompletableFuture<CommandResult> result) {
        void check(byte[][] disk, long seed) {
            assertThat(result.join().succeeded()).as("seed %d", seed).isTrue();
            byte[] data = new byte[(int) command.data().bytes()];
            command.data().copyOut(0, MemorySegment.ofArray(data), 0, data.length);
            assertThat(data)
                    .as("seed %d, object %d", seed, object)
                    .isEqualTo(Arrays.copyOf(disk[object], data.length));
        }
    }

    /** Keeps objects; cuts data into PDUs and R2Ts as it likes. */
    private final class Controller {
        private final byte[][] disk = new byte[16][];
        private final boolean headerDigest;
        private final boolean dataDigest;
        private final int alignment;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
        private final int[] missing = new int[1 << 16];
        private final int[] asked = new int[1 << 16];
        private final int[] tagObject = new int[1 << 16];

        Controller(boolean headerDigest, boolean dataDigest, int alignment) {
            this.headerDigest = headerDigest;
            this.dataDigest = dataDigest;
            this.alignment = alignment;
        }

        byte[] answers() {
            byte[] all = answers.toByteArray();
            answers.reset();
            return all;
        }

        void take(String hex) {
            received.writeBytes(HexFormat.of().parseHex(hex));
            byte[] all = received.toByteArray();
            ByteBuffer stream = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
            int position = 0;
            while (all.length - position >= 8
                    && all.length - position >= stream.getInt(position + 4)) {
                int length = stream.getInt(position + 4);
                ByteBuffer pdu = stream.slice(position, length).order(ByteOrder.LITTLE_ENDIAN);
                takePdu(pdu);
                position += length;
            }
            received.reset();
            received.write(all, position, all.length - position);
        }

        private void takePdu(ByteBuffer pdu) {
            int headerLength = pdu.get(2);
            int dataOffset = Byte.toUnsignedInt(pdu.get(3));
            if (headerDigest) {
                assertThat(pdu.getInt(headerLength)).isEqualTo(crc(pdu, 0, headerLength));
            }
            int dataLength = dataOffset == 0 ? 0 : pdu.limit() - dataOffset - (dataDigest ? 4 : 0);
            if (dataDigest && dataLength > 0) {
                assertThat(pdu.getInt(pdu.limit() - 4)).isEqualTo(crc(pdu, dataOffset, dataLength));
            }
            if (dataLength > 0) {
                assertThat(dataOffset % ((alignment + 1) * 4)).isZero();
            }
            if (pdu.get(0) == 4) {
                takeCommand(pdu, dataOffset, dataLength);
            } else {
                takeData(pdu, dataOffset, dataLength);
            }
        }

        private void takeCommand(ByteBuffer pdu, int dataOffset, int dataLength) {
            int id = Short.toUnsignedInt(pdu.getShort(10));
            int object = pdu.getInt(8 + 40);
            int length = pdu.getInt(8 + 32);
            if (pdu.get(8) == 2) {
                disk[object] = new byte[length];
                random.nextBytes(disk[object]);
                sendData(id, disk[object]);
                complete(id);
            } else if (dataLength > 0) {
                disk[object] = new byte[length];
                pdu.get(dataOffset, disk[object]);
                complete(id);
            } else {
                disk[object] = new byte[length];
                missing[id] = length;
                asked[id] = 0;
                tagObject[id] = object;
                ask(id);
            }
        }

        /** Asks for data in up to three R2Ts at a time. */
        private void ask(int id) {
            int total = disk[tagObject[id]].length;
            if (asked[id] > total - missing[id]) {
                return; // until all that was asked for is here
            }
            for (int i = 0; i < 3 && asked[id] < total; i++) {
                int part = 1 + random.nextInt(total - asked[id]);
                ByteBuffer r2t = header(9, 24).putShort(8, (short) id).putShort(10, (short) id);
                send(r2t.putInt(12, asked[id]).putInt(16, part), new byte[0]);
                asked[id] += part;
            }
        }

        private void takeData(ByteBuffer pdu, int dataOffset, int dataLength) {
            int id = Short.toUnsignedInt(pdu.getShort(8));
            assertThat(pdu.getShort(10)).isEqualTo((short) id);
            assertThat(pdu.getInt(16)).isEqualTo(dataLength).isLessThanOrEqualTo(8192);
            byte[] target = disk[tagObject[id]];
            assertThat(pdu.getInt(12)).isEqualTo(target.length - missing[id]);
            pdu.get(dataOffset, target, pdu.getInt(12), dataLength);
            missing[id] -= dataLength;
            if (missing[id] == 0) {
                complete(id);
            } else {
                ask(id);
            }
        }

        private void sendData(int id, byte[] data) {
            int position = 0;
            while (position < data.length) {
                int part = 1 + random.nextInt(data.length - position);
                ByteBuffer header = header(7, 24).putShort(8, (short) id);
                header.putInt(12, position).putInt(16, part);
                if (position + part == data.length) {
                    header.put(1, (byte) 4);
                }
                send(header, Arrays.copyOfRange(data, position, position + part));
                position += part;
            }
        }

        private void complete(int id) {
            send(header(5, 24).putShort(20, (short) id), new byte[0]);
        }

        private ByteBuffer header(int type, int length) {
            ByteBuffer header = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            return header.put(0, (byte) type).put(2, (byte) length);
        }

        private void send(ByteBuffer header, byte[] data) {
            int unit = (alignment + 1) * 4;
            int end = header.capacity() + (headerDigest ? 4 : 0);
            int offset = data.length == 0 ? end : (end + unit - 1) / unit * unit;
            boolean withDigest = dataDigest && data.length > 0;
            int flags = (headerDigest ? 1 : 0) | (withDigest ? 2 : 0);
            header.put(1, (byte) (header.get(1) | flags));
            header.put(3, (byte) (data.length == 0 ? 0 : offset));
            header.putInt(4, offset + data.length + (withDigest ? 4 : 0));
            ByteBuffer pdu = ByteBuffer.allocate(offset + data.length + 4);
            pdu.order(ByteOrder.LITTLE_ENDIAN).put(header.duplicate().clear());
            if (headerDigest) {
                pdu.putInt(crc(header, 0, header.capacity()));
            }
            pdu.position(offset).put(data);
            if (withDigest) {
                pdu.putInt(crc(pdu, offset, data.length));
            }
            answers.write(pdu.array(), 0, pdu.position());
        }

        private int crc(ByteBuffer bytes, int from, int length) {
            CRC32C crc = new CRC32C();
            crc.update(bytes.slice(from, length));
            return (int) crc.getValue();
        }
    }
}
