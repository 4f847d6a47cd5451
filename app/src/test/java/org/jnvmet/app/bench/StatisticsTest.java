package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

final class StatisticsTest {
    private static Spread spread(long... values) {
        Spread spread = new Spread();
        Arrays.stream(values).forEach(spread::add);
        return spread;
    }

    @Test
    void computesWhatFioComputes() {
        Spread spread = spread(2, 4, 4, 4, 5, 5, 7, 9);
        assertThat(spread.count()).isEqualTo(8);
        assertThat(spread.min()).isEqualTo(2);
        assertThat(spread.max()).isEqualTo(9);
        assertThat(spread.mean()).isEqualTo(5);
        assertThat(spread.standardDeviation()).isCloseTo(2.13809, within(1e-5));
    }

    @Test
    void isZeroWithoutValues() {
        Spread none = new Spread();
        assertThat(none.min()).isZero();
        assertThat(none.max()).isZero();
        assertThat(none.mean()).isZero();
        assertThat(none.standardDeviation()).isZero();
        assertThat(new Latencies().percentile(50)).isZero();
    }

    @Test
    void addsUpJobsOneAfterTheOther() {
        Spread sum = spread(2, 4, 4, 4);
        sum.add(spread(5, 5, 7, 9));
        assertThat(sum.standardDeviation())
                .isEqualTo(spread(2, 4, 4, 4, 5, 5, 7, 9).standardDeviation());
    }

    @Test
    void addsUpSamplesThatWereTakenAtTheSameTimes() {
        Spread sum = spread(100, 110, 120);
        sum.addBeside(spread(200, 200, 200));
        sum.addBeside(new Spread());
        assertThat(sum.count()).isEqualTo(3);
        assertThat(sum.min()).isEqualTo(300);
        assertThat(sum.max()).isEqualTo(320);
        assertThat(sum.mean()).isCloseTo(310, within(1e-9));
        assertThat(sum.standardDeviation()).isCloseTo(10, within(1e-6));
    }

    @Test
    void knowsPercentilesToOnePercent() {
        SplittableRandom random = new SplittableRandom(3);
        long[] values = random.longs(100_000, 0, 50_000_000).toArray();
        Latencies latencies = new Latencies();
        Arrays.stream(values).forEach(latencies::add);
        Arrays.sort(values);
        for (double percent : RunReport.PERCENTILES) {
            long exact = values[(int) Math.ceil(percent / 100 * values.length) - 1];
            assertThat(latencies.percentile(percent))
                    .isCloseTo(exact, Percentage.withPercentage(1));
        }
    }

    @Test
    void countsWhatTakesLongerThanTheHistogramKnows() {
        Latencies latencies = new Latencies();
        latencies.add(Long.MAX_VALUE / 4);
        latencies.add(-1);
        assertThat(latencies.spread().max()).isEqualTo(Long.MAX_VALUE / 4);
        assertThat(latencies.spread().min()).isZero();
        assertThat(latencies.percentile(99))
                .isCloseTo(17_000_000_000L, Percentage.withPercentage(1));
    }

    @Test
    void sortsLatenciesIntoFiosSteps() {
        LatencyShares shares = new LatencyShares();
        shares.add(1, 1); // below 2 ns
        shares.add(249, 1);
        shares.add(250, 1); // of 500
        shares.add(1_999, 1); // 1 us: below 2 us
        shares.add(999_999, 1);
        shares.add(3_000_000, 1);
        shares.add(1_999_999_999L, 1);
        shares.add(2_000_000_000L, 99_993);
        assertThat(shares.percent(0)).containsExactly(0.01, 0, 0, 0, 0, 0, 0.01, 0.01, 0, 0);
        assertThat(shares.percent(1)).containsExactly(0.01, 0, 0, 0, 0, 0, 0, 0, 0, 0.01);
        assertThat(shares.percent(2))
                .containsExactly(0, 0.01, 0, 0, 0, 0, 0, 0, 0, 0, 0.01, 99.993);
    }

    @Test
    void countsTheRampInProgressButNotInResults() {
        DirectionStats stats = new DirectionStats(4096);
        stats.add(1000, false);
        stats.add(3000, true);
        assertThat(stats.iosSoFar()).isEqualTo(2);
        assertThat(stats.ios()).isEqualTo(1);
        assertThat(stats.bytes()).isEqualTo(4096);
        assertThat(stats.latencies().spread().mean()).isEqualTo(3000);
    }

    @Test
    void samplesWhatWasDoneSinceTheLastSample() {
        DirectionStats stats = new DirectionStats(4096);
        stats.add(1, true);
        stats.skipSample();
        for (int i = 0; i < 10; i++) {
            stats.add(1, true);
        }
        stats.sample(500_000_000);
        stats.sample(500_000_000);
        assertThat(stats.rate().max()).isEqualTo(20);
        assertThat(stats.rate().min()).isZero();
        assertThat(stats.bandwidth().max()).isEqualTo(80);
        assertThat(stats.bandwidth().count()).isEqualTo(2);
    }

    @Test
    void sharesOutTheDepths() {
        JobStats stats = new JobStats(4096);
        for (int depth : new int[] {1, 2, 3, 4, 7, 8, 16, 32, 63, 64, 1000}) {
            stats.began(depth);
        }
        double each = 100.0 / 11;
        assertThat(stats.depthPercent())
                .containsExactly(each, 2 * each, 2 * each, each, each, 2 * each, 2 * each);
    }
}
