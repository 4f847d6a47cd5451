package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CopyTest extends CopyFixture {
    private static final int BLOCKS = 256;
    private static final int NO_LOCATION = 0xffff;

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void putsRangesOneBehindTheOther(int format) {
        byte[] data = pattern(200, 1);
        write(1, 0, data);

        TestQueue.Completion copied =
                copy(
                        format,
                        1,
                        210,
                        new Source(0, 7, 3),
                        new Source(0, 100, 1),
                        new Source(0, 7, 9));

        assertThat(copied.status()).isZero();
        assertThat(copied.result()).isZero();
        assertThat(read(1, 210, 3)).isEqualTo(Arrays.copyOfRange(data, 7 * BLOCK, 10 * BLOCK));
        assertThat(read(1, 213, 1)).isEqualTo(Arrays.copyOfRange(data, 100 * BLOCK, 101 * BLOCK));
        assertThat(read(1, 214, 9)).isEqualTo(Arrays.copyOfRange(data, 7 * BLOCK, 16 * BLOCK));
        assertThat(read(1, 223, 1)).containsOnly(0);
        assertThat(read(1, 0, 200)).isEqualTo(data);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void copiesAcrossNamespacesOnceTheHostHasEnabledThat(int format) {
        byte[] data = pattern(100, 1);
        write(1, 0, data);
        write(2, 0, pattern(100, 2));
        Source[] sources = {new Source(1, 10, 70), new Source(2, 5, 2), new Source(1, 0, 1)};
        TestQueue.Completion early = copy(format, 2, 120, sources);
        assertThat(early.is(Status.INVALID_FIELD)).isTrue();
        assertThat(location()).isEqualTo(CopyCommand.FORMAT);
        enable(1 << format);

        assertThat(copy(format, 2, 120, sources).status()).isZero();

        assertThat(read(2, 120, 70)).isEqualTo(Arrays.copyOfRange(data, 10 * BLOCK, 80 * BLOCK));
        assertThat(read(2, 190, 2))
                .isEqualTo(Arrays.copyOfRange(pattern(100, 2), 5 * BLOCK, 7 * BLOCK));
        assertThat(read(2, 192, 1)).isEqualTo(Arrays.copyOf(data, BLOCK));
        assertThat(read(2, 193, 1)).containsOnly(0);
    }

    /** Destination, ranges as namespace, first block and count; status; location of the error. */
    @ParameterizedTest
    @CsvSource({
        "1, 256, 1 0 1, LBA_OUT_OF_RANGE, 40",
        "1, 250, 1 0 7, LBA_OUT_OF_RANGE, 40",
        "1, -1, 1 0 1, LBA_OUT_OF_RANGE, 40",
        "1, 0, 1 255 2, LBA_OUT_OF_RANGE, -1",
        "1, 0, 1 10 1 1 -1 1, LBA_OUT_OF_RANGE, -1",
        "1, 10, 1 5 6, OVERLAPPING_IO_RANGE, -1",
        "1, 10, 1 12 1 1 50 2, OVERLAPPING_IO_RANGE, -1",
        "1, 10, 1 50 2 1 11 1, OVERLAPPING_IO_RANGE, -1",
        "1, 10, 1 10 1, OVERLAPPING_IO_RANGE, -1",
        "1, 0, 9 0 1, INVALID_NAMESPACE, -1",
        "1, 0, 0 0 1, INVALID_NAMESPACE, -1",
        "1, 0, -1 0 1, INVALID_NAMESPACE, -1",
        "9, 0, 1 0 1, INVALID_NAMESPACE, 4",
        "1, 0, 3 0 1, INCOMPATIBLE_NAMESPACE, -1",
        "3, 0, 1 0 1, INCOMPATIBLE_NAMESPACE, -1",
        "1, 0, 4 0 65536, COMMAND_SIZE_LIMIT_EXCEEDED, -1",
        "4, 300000, 4 0 65535 4 0 65535 4 0 3, COMMAND_SIZE_LIMIT_EXCEEDED, -1"
    })
    void refusesAndTouchesNothing(
            int nsid, long to, String ranges, Status expected, int errorByte) {
        enable(1 << 2);
        write(1, 0, pattern(BLOCKS, 1));
        fixture.media.operations.clear();
        String[] numbers = ranges.split(" ", -1);
        Source[] sources = new Source[numbers.length / 3];
        for (int i = 0; i < sources.length; i++) {
            sources[i] =
                    new Source(
                            Integer.parseInt(numbers[3 * i]),
                            Long.parseLong(numbers[3 * i + 1]),
                            Integer.parseInt(numbers[3 * i + 2]));
        }

        TestQueue.Completion refused = copy(2, nsid, to, sources);

        assertThat(refused.is(expected)).as(refused.toString()).isTrue();
        assertThat(refused.result()).isZero();
        assertThat(location()).isEqualTo(errorByte < 0 ? NO_LOCATION : errorByte);
        assertThat(fixture.media.operations).isEmpty();
    }

    @Test
    void copiesAsMuchAsItSays() {
        enable(1 << 2);
        fixture.media.noting = false;
        int blocks = 512 << 8;

        TestQueue.Completion most =
                copy(
                        2,
                        4,
                        300_000,
                        new Source(4, 0, 65_535),
                        new Source(4, 0, 65_535),
                        new Source(4, 9, 2));

        assertThat(blocks).isEqualTo(65_535 + 65_535 + 2);
        assertThat(most.status()).isZero();
    }

    /** Bits of command dword 12, and the byte that holds them. */
    @ParameterizedTest
    @CsvSource({
        "0x400, 49",
        "0xf00, 49",
        "0x1000, 49",
        "0x8000, 49",
        "0x4000000, 51",
        "0x20000000, 51"
    })
    void refusesFormatsAndProtectionThatItHasNot(String bits, int errorByte) {
        TestQueue.Completion refused =
                io.write(
                        command(0, 1, 0, 1)
                                .andThen(sqe ->
                                        sqe.u32(Sqe.CDW12, sqe.cdw12() | Integer.decode(bits))),
                        list(0, List.of(new Source(0, 10, 1))));

        assertThat(refused.is(Status.INVALID_FIELD)).isTrue();
        assertThat(location()).isEqualTo(errorByte);
    }

    @ParameterizedTest
    @CsvSource({"0, 32", "0, 96", "0, 0", "1, 64", "1, 120"})
    void refusesAListOfAnotherLength(int format, int bytes) {
        TestQueue.Completion refused = io.run(command(format, 1, 0, 2), bytes, new byte[4096]);

        assertThat(refused.is(Status.SGL_DATA_LENGTH_INVALID)).isTrue();
    }

    @Test
    void takesNoNamespaceThatThisPathDoesNotLeadTo() {
        enable(1 << 2);
        Namespace other = Objects.requireNonNull(fixture.subsystem.namespace(2));
        fixture.port.createAnaGroup(2);
        other.anaGroup(2);
        fixture.port.anaState(2, AnaState.INACCESSIBLE);

        // The state of the source is none of the destination, for which a host might look
        // elsewhere.
        assertThat(copy(2, 1, 0, new Source(2, 0, 1)).is(Status.NAMESPACE_NOT_REACHABLE)).isTrue();
        assertThat(copy(2, 2, 0, new Source(1, 0, 1)).is(Status.ANA_INACCESSIBLE)).isTrue();
        fixture.port.anaState(2, AnaState.OPTIMIZED);
        other.disable();
        assertThat(copy(2, 1, 0, new Source(2, 0, 1)).is(Status.NAMESPACE_NOT_REACHABLE)).isTrue();
    }

    @Test
    void flushesOnceWhenTheHostForcesUnitAccess() {
        fixture.media.operations.clear();
        fixture.media.flags.clear();

        TestQueue.Completion copied =
                io.write(
                        command(0, 1, 100, 2)
                                .andThen(sqe -> sqe.u32(Sqe.CDW12, sqe.cdw12() | 1 << 30)),
                        list(0, List.of(new Source(0, 0, 65), new Source(0, 70, 1))));

        assertThat(copied.status()).isZero();
        assertThat(fixture.media.operations)
                .containsExactly(
                        Kind.READ, Kind.WRITE, Kind.READ, Kind.READ, Kind.WRITE, Kind.FLUSH);
        assertThat(fixture.media.flags).containsOnly("");
        fixture.media.failure = Status.WRITE_FAULT;
        fixture.media.failing = operation -> operation.kind() == Kind.FLUSH;
        TestQueue.Completion lost =
                io.write(
                        command(0, 1, 100, 2)
                                .andThen(sqe -> sqe.u32(Sqe.CDW12, sqe.cdw12() | 1 << 30)),
                        list(0, List.of(new Source(0, 0, 65), new Source(0, 70, 1))));
        assertThat(lost.is(Status.WRITE_FAULT)).isTrue();
        assertThat(lost.result()).isZero();
        fixture.media.failure = null;
    }

    /** Ranges of 2, 64 and 64 blocks; pieces of 64. */
    @ParameterizedTest
    @CsvSource({
        "READ, 0, 0, 0",
        "READ, 2, 0, 0",
        "READ, 66, 1, 64",
        "WRITE, 64, 1, 64",
        "READ, 129, 2, 128",
        "WRITE, 128, 2, 128"
    })
    void saysHowFarItCame(Kind kind, int block, int lowest, int written) {
        byte[] data = pattern(130, 1);
        write(1, 0, data);
        enable(1 << 2);
        fixture.media.failure = Status.UNRECOVERED_READ_ERROR;
        fixture.media.failing =
                operation ->
                        operation.kind() == kind
                                && operation.offset() / BLOCK <= block
                                && block < (operation.offset() + operation.length()) / BLOCK;

        TestQueue.Completion failed =
                copy(2, 2, 0, new Source(1, 0, 2), new Source(1, 2, 64), new Source(1, 66, 64));

        fixture.media.failure = null;
        assertThat(failed.is(Status.UNRECOVERED_READ_ERROR)).as(failed.toString()).isTrue();
        assertThat(failed.result()).isEqualTo(lowest);
        byte[] there = read(2, 0, 130);
        assertThat(Arrays.copyOf(there, written * BLOCK))
                .isEqualTo(Arrays.copyOf(data, written * BLOCK));
        assertThat(Arrays.copyOfRange(there, written * BLOCK, 130 * BLOCK)).containsOnly(0);
    }

    /** Against arrays; ranges may overlap each other, and the source may be any of two namespaces. */
    @Test
    void copiesLikeAModel() {
        enable(1 << 2 | 1 << 3);
        fixture.media.noting = false;
        RandomGenerator random = Seed.random(19);
        Map<Integer, byte[]> model = new HashMap<>();
        for (int nsid = 1; nsid <= 2; nsid++) {
            byte[] data = new byte[BLOCKS * BLOCK];
            random.nextBytes(data);
            write(nsid, 0, data);
            model.put(nsid, data);
        }
        for (int i = 0; i < 400; i++) {
            copyAtRandom(random, model);
        }
        model.forEach((nsid, data) -> assertThat(read(nsid, 0, BLOCKS)).isEqualTo(data));
    }

    private void copyAtRandom(RandomGenerator random, Map<Integer, byte[]> model) {
        int format = random.nextInt(4);
        int nsid = 1 + random.nextInt(2);
        Source[] sources = new Source[1 + random.nextInt(random.nextInt(8) == 0 ? 256 : 6)];
        long total = 0;
        for (int i = 0; i < sources.length; i++) {
            int blocks = 1 + random.nextInt(sources.length > 6 ? 2 : 30);
            int from = CopyCommand.namesNamespaces(format) ? 1 + random.nextInt(2) : nsid;
            sources[i] = new Source(from, random.nextInt(BLOCKS + 2 - blocks), blocks);
            total += blocks;
        }
        long to = random.nextInt(BLOCKS);
        byte[] before = model.get(nsid);
        TestQueue.Completion copied = copy(format, nsid, to, sources);
        if (wrong(nsid, to, total, sources)) {
            assertThat(copied.status()).isNotZero();
            return;
        }
        assertThat(copied.status()).isZero();
        int at = (int) to * BLOCK;
        for (Source source : sources) {
            int bytes = source.blocks() * BLOCK;
            System.arraycopy(
                    model.get(source.nsid()), (int) source.lba() * BLOCK, before, at, bytes);
            at += bytes;
        }
    }

    private static boolean wrong(int nsid, long to, long total, Source[] sources) {
        boolean wrong = to + total > BLOCKS;
        for (Source source : sources) {
            wrong |= source.lba() + source.blocks() > BLOCKS;
            wrong |=
                    source.nsid() == nsid
                            && source.lba() < to + total
                            && to < source.lba() + source.blocks();
        }
        return wrong;
    }
}
