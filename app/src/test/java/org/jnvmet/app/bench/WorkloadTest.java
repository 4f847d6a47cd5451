package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WorkloadTest {
    private static final long SEED = 7;

    private static Workload workload(ReadWrite pattern, int readPercent, long units) {
        return new Workload(pattern, readPercent, units, new SplittableRandom(SEED));
    }

    private static List<Long> units(Workload workload, Direction direction, int count) {
        return LongStream.range(0, count).mapToObj(_ -> workload.unit(direction)).toList();
    }

    @Test
    void goesThroughAllUnitsInTurnAndBeginsAgain() {
        Workload workload = workload(ReadWrite.READ, 0, 3);
        assertThat(workload.direction()).isEqualTo(Direction.READ);
        assertThat(units(workload, Direction.READ, 7)).containsExactly(0L, 1L, 2L, 0L, 1L, 2L, 0L);
    }

    @Test
    void readsAndWritesInTurnAtTheirOwnPlaces() {
        Workload workload = workload(ReadWrite.RW, 50, 10);
        assertThat(units(workload, Direction.READ, 3)).containsExactly(0L, 1L, 2L);
        assertThat(units(workload, Direction.WRITE, 2)).containsExactly(0L, 1L);
        assertThat(units(workload, Direction.READ, 1)).containsExactly(3L);
    }

    @Test
    void choosesRandomUnitsEvenlyAndWithinBounds() {
        Workload workload = workload(ReadWrite.RANDREAD, 0, 10);
        long[] hits = new long[10];
        for (int i = 0; i < 100_000; i++) {
            hits[(int) workload.unit(Direction.READ)]++;
        }
        for (long each : hits) {
            assertThat(each).isCloseTo(10_000, Percentage.withPercentage(5));
        }
    }

    @Test
    void givesTheSameForTheSameSeed() {
        List<Long> first = units(workload(ReadWrite.RANDWRITE, 0, 1L << 40), Direction.WRITE, 50);
        assertThat(units(workload(ReadWrite.RANDWRITE, 0, 1L << 40), Direction.WRITE, 50))
                .isEqualTo(first);
        Workload other =
                new Workload(ReadWrite.RANDWRITE, 0, 1L << 40, new SplittableRandom(SEED + 1));
        assertThat(units(other, Direction.WRITE, 50)).isNotEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 30, 70, 100})
    void mixesReadsAndWritesAsAsked(int percent) {
        Workload workload = workload(ReadWrite.RANDRW, percent, 10);
        int reads = 0;
        for (int i = 0; i < 100_000; i++) {
            reads += workload.direction() == Direction.READ ? 1 : 0;
        }
        assertThat(reads / 1000.0).isCloseTo(percent, within(percent % 100 == 0 ? 0.0 : 0.5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"readrandom", "", "R"})
    void listsThePatternsThereAre(String text) {
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> ReadWrite.parse(text)))
                .hasMessage(
                        "'"
                                + text
                                + "' is none of read, write, trim, randread, randwrite, randtrim, rw, randrw");
    }

    // ---- rates, of a job that asks each microsecond

    /** When I/Os begin within {@code untilNs}, by a clock that moves on by 1 us. */
    private static List<Long> begins(Pace pace, Direction direction, long fromNs, long untilNs) {
        List<Long> times = new ArrayList<>();
        for (long now = fromNs; now < untilNs; now += 1000) {
            while (pace.allows(direction, now) && times.size() < 1_000_000) {
                pace.begun(direction);
                times.add(now);
            }
        }
        return times;
    }

    @Test
    void keepsARateOfBytes() {
        Pace pace = new Pace(new JobOptions.Limits(Rates.parse("4m,1m"), Rates.UNLIMITED), 4096);
        pace.start(5_000);
        assertThat(begins(pace, Direction.READ, 5_000, 1_000_005_000)).hasSize(1024);
        assertThat(begins(pace, Direction.WRITE, 5_000, 1_000_005_000)).hasSize(256);
    }

    @Test
    void spacesIosEvenly() {
        Pace pace = new Pace(new JobOptions.Limits(Rates.UNLIMITED, Rates.parse("1000")), 4096);
        pace.start(0);
        assertThat(begins(pace, Direction.READ, 0, 5_000_000))
                .containsExactly(0L, 1_000_000L, 2_000_000L, 3_000_000L, 4_000_000L);
    }

    @Test
    void catchesUpAfterAPause() {
        Pace pace = new Pace(new JobOptions.Limits(Rates.UNLIMITED, Rates.parse("1000")), 4096);
        pace.start(0);
        assertThat(begins(pace, Direction.READ, 0, 10_000_000)).hasSize(10);
        assertThat(begins(pace, Direction.READ, 20_000_000, 20_001_000)).hasSize(11);
    }

    @Test
    void leavesDirectionsWithoutARateAlone() {
        Pace pace = new Pace(new JobOptions.Limits(Rates.UNLIMITED, Rates.parse(",10")), 4096);
        pace.start(0);
        pace.begun(Direction.READ);
        pace.begun(Direction.WRITE);
        assertThat(pace.allows(Direction.READ, 1)).isTrue();
        assertThat(pace.allows(Direction.WRITE, 1)).isFalse();
    }
}
