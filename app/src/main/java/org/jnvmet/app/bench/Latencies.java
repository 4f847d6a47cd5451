package org.jnvmet.app.bench;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** How long I/Os took, in nanoseconds: a histogram, and exact figures. Allocates nothing; owned by one thread. */
final class Latencies {
    /** Where the histogram ends, as fio's does about there; what takes longer is counted as this. */
    private static final long MAX_NS = 17_000_000_000L;

    /** Errors below 1 % of a value; 26 KiB, which a processor's cache holds. */
    private static final int DIGITS = 2;

    private final Histogram histogram = new Histogram(MAX_NS, DIGITS);
    private final Spread spread = new Spread();

    /** Is told of each step of the histogram that has something in it. */
    interface Steps {
        void onStep(long ns, long count);
    }

    void add(long ns) {
        long value = Math.max(ns, 0);
        spread.add(value);
        histogram.recordValue(Math.min(value, MAX_NS));
    }

    void add(Latencies other) {
        spread.add(other.spread);
        histogram.add(other.histogram);
    }

    Spread spread() {
        return spread;
    }

    /** The latency within which {@code percent} of the I/Os ended; 0 without any. */
    long percentile(double percent) {
        return spread.count() == 0
                ? 0
                : histogram.medianEquivalentValue(histogram.getValueAtPercentile(percent));
    }

    /** All steps that have something in them, in their order. */
    void forEach(Steps steps) {
        for (HistogramIterationValue step : histogram.recordedValues()) {
            steps.onStep(
                    histogram.medianEquivalentValue(step.getValueIteratedTo()),
                    step.getCountAtValueIteratedTo());
        }
    }
}
