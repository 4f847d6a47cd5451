package org.jnvmet.app.bench;

import java.util.List;

/** How many I/Os took how long, in fio's coarse steps: 2 ns to 2 s and more. */
final class LatencyShares {
    /** Upper ends of the steps below a thousand of each unit. */
    static final List<Integer> ENDS = List.of(2, 4, 10, 20, 50, 100, 250, 500, 750, 1000);

    /** Names of the last two steps, which only milliseconds have. */
    static final List<String> BEYOND = List.of("2000", ">=2000");

    private static final int UNITS = 3;
    private static final double LEAST = 0.01;

    private final long[][] counts = new long[UNITS][ENDS.size() + BEYOND.size()];
    private long total;

    void add(Latencies latencies) {
        latencies.forEach(this::add);
    }

    void add(long ns, long count) {
        total += count;
        long value = ns;
        int unit = 0;
        while (value >= 1000 && unit < UNITS - 1) {
            value /= 1000;
            unit++;
        }
        counts[unit][step(value)] += count;
    }

    private static int step(long value) {
        for (int i = 0; i < ENDS.size(); i++) {
            if (value < ENDS.get(i)) {
                return i;
            }
        }
        return value < 2000 ? ENDS.size() : ENDS.size() + 1;
    }

    /** Shares in percent of the steps of ns (0), us (1) or ms (2); what is not none is 0.01 at least. */
    double[] percent(int unit) {
        int steps = ENDS.size() + (unit == UNITS - 1 ? BEYOND.size() : 0);
        double[] shares = new double[steps];
        for (int i = 0; i < steps; i++) {
            shares[i] = counts[unit][i] == 0 ? 0 : Math.max(LEAST, 100.0 * counts[unit][i] / total);
        }
        return shares;
    }

    /** The name of a step. */
    static String name(int step) {
        return step < ENDS.size() ? String.valueOf(ENDS.get(step)) : BEYOND.get(step - ENDS.size());
    }
}
