package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.tcp.Digest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Verification of units of two blocks of 512 bytes each, from block 8 on. */
final class VerifierTest {
    private static final int RUN = 0x1234_5678;
    private static final int BLOCK = 512;
    private static final Region REGION = new Region(8, 10, 2, BLOCK);

    private final VerifyStats stats = new VerifyStats();
    private final MemorySegment data = Arena.ofAuto().allocate(2 * BLOCK);
    private final ByteBuffer view = Digest.view(data);

    private Verifier verifier(ReadWrite pattern, Verification how, int run) {
        JobOptions options =
                new JobOptionsBuilder().pattern(pattern).blockBytes(1024).verify(how).build();
        return new Verifier(options, REGION, run, stats);
    }

    private Verifier verifier() {
        return verifier(ReadWrite.RANDRW, Verification.CRC32C, RUN);
    }

    private void write(Verifier verifier, long unit, boolean succeeded) {
        assertThat(verifier.begin(Direction.WRITE, unit)).isEqualTo(unit);
        verifier.seal(data, view, unit);
        verifier.endWrite(unit, succeeded);
    }

    private void read(Verifier verifier, long unit) {
        assertThat(verifier.begin(Direction.READ, unit)).isEqualTo(unit);
        verifier.endRead(data, view, unit, true);
    }

    private void flip(int at) {
        data.set(Le.U8, at, (byte) (data.get(Le.U8, at) ^ 1));
    }

    @ParameterizedTest
    @EnumSource(names = {"CRC32C", "PATTERN"})
    void findsEachFlippedByte(Verification how) {
        Verifier verifier = verifier(ReadWrite.RANDRW, how, RUN);
        write(verifier, 3, true);
        for (int at = 0; at < 2 * BLOCK; at++) {
            flip(at);
            read(verifier, 3);
            flip(at);
            assertThat(stats.wrongBlocks()).as("byte %d", at).isEqualTo(at + 1);
        }
        read(verifier, 3);
        assertThat(stats.wrongBlocks()).isEqualTo(2 * BLOCK);
        assertThat(stats.details()).hasSize(VerifyStats.MAX_DETAILS);
    }

    @Test
    void saysWhereAndWhatIsWrong() {
        Verifier verifier = verifier();
        write(verifier, 3, true);
        int expected = Byte.toUnsignedInt(data.get(Le.U8, BLOCK + 100));
        int crc = data.get(Le.U32, BLOCK + 24);
        flip(BLOCK + 100);
        read(verifier, 3);
        assertThat(stats.rightBlocks()).isEqualTo(1);
        assertThat(stats.details())
                .singleElement()
                .asString()
                .startsWith(
                        "crc32c: verify failed at offset 7680, length 512 (requested block: offset=7168, length=1024):"
                                + " expected block 15, generation 1, got damaged content; expected CRC 0x%08x, got 0x"
                                        .formatted(crc))
                .endsWith(
                        "; first at byte 7780: expected 0x%02x, got 0x%02x"
                                .formatted(expected, expected ^ 1));
    }

    @Test
    void noticesALostWrite() {
        Verifier verifier = verifier();
        write(verifier, 0, true);
        byte[] old = data.toArray(Le.U8);
        write(verifier, 0, true);
        MemorySegment.copy(MemorySegment.ofArray(old), 0, data, 0, old.length);
        read(verifier, 0);
        assertThat(stats.wrongBlocks()).isEqualTo(2);
        assertThat(stats.details().getFirst())
                .endsWith("expected block 8, generation 2, got generation 1");
    }

    @Test
    void noticesAMisplacedWrite() {
        Verifier verifier = verifier();
        write(verifier, 1, true);
        write(verifier, 2, true);
        read(verifier, 1);
        assertThat(stats.details().getFirst())
                .endsWith("expected block 10, generation 1, got block 12");
    }

    @Test
    void noticesThatAWrittenBlockIsGone() {
        Verifier verifier = verifier();
        write(verifier, 1, true);
        data.fill((byte) 0);
        read(verifier, 1);
        assertThat(stats.details().getFirst())
                .endsWith("expected block 10, generation 1, got no block of this run");
    }

    @Test
    void allowsEachBlockOfAFailedWriteToBeOldOrNew() {
        Verifier verifier = verifier();
        write(verifier, 4, true);
        byte[] old = data.toArray(Le.U8);
        write(verifier, 4, false);
        read(verifier, 4);
        MemorySegment.copy(MemorySegment.ofArray(old), 0, data, 0, BLOCK);
        read(verifier, 4);
        assertThat(stats.rightBlocks()).isEqualTo(4);
        assertThat(stats.inDoubtBlocks()).isEqualTo(2);
        assertThat(stats.wrongBlocks()).isZero();

        write(verifier, 4, true);
        MemorySegment.copy(MemorySegment.ofArray(old), 0, data, 0, BLOCK);
        read(verifier, 4);
        assertThat(stats.wrongBlocks()).isEqualTo(1);
        assertThat(stats.details().getFirst())
                .endsWith("expected block 16, generation 3, got generation 1");
    }

    @Test
    void doesNotJudgeWhatItHasNotWritten() {
        Verifier verifier = verifier();
        read(verifier, 5);
        verifier(ReadWrite.RANDWRITE, Verification.CRC32C, RUN + 1).seal(data, view, 5);
        read(verifier, 5);
        assertThat(stats.unknownBlocks()).isEqualTo(4);
        assertThat(stats.wrongBlocks()).isZero();
    }

    @Test
    void checksBlocksOfAnyRunWhereItOnlyReads() {
        write(verifier(), 6, true);
        Verifier reader = verifier(ReadWrite.READ, Verification.CRC32C, RUN + 1);
        read(reader, 6);
        assertThat(stats.rightBlocks()).isEqualTo(2);
        read(reader, 7);
        flip(0);
        read(reader, 6);
        assertThat(stats.details())
                .hasSize(3)
                .satisfies(details -> {
                    assertThat(details.get(0))
                            .endsWith("expected block 22 of any run, got block 20");
                    assertThat(details.get(2))
                            .endsWith("expected block 20 of any run, got no sealed block");
                });
    }

    @Test
    void movesOnWhereAUnitIsInUse() {
        Verifier verifier = verifier();
        assertThat(verifier.begin(Direction.WRITE, 9)).isEqualTo(9);
        assertThat(verifier.begin(Direction.WRITE, 9)).isZero();
        assertThat(verifier.begin(Direction.READ, 9)).isEqualTo(1);
        assertThat(verifier.begin(Direction.READ, 1)).isEqualTo(1);
        assertThat(verifier.begin(Direction.WRITE, 1)).isEqualTo(2);
    }

    @Test
    void readsBackWhatItHasWritten() {
        Verifier verifier = verifier();
        write(verifier, 2, true);
        write(verifier, 7, false);
        assertThat(verifier.written(0)).isEqualTo(2);
        assertThat(verifier.written(3)).isEqualTo(7);
        assertThat(verifier.written(8)).isNegative();
    }
}
