package org.jnvmet.app.bench;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a job has done, or several together. The job writes while it runs; others read when it has ended. */
final class JobStats {
    /** Steps of the outstanding I/Os: 1, 2, 4, 8, 16, 32, 64 and more. */
    static final int DEPTHS = 7;

    private final Map<Direction, DirectionStats> directions = new EnumMap<>(Direction.class);
    private final long[] depths = new long[DEPTHS];
    private final VerifyStats verify = new VerifyStats();
    private int jobs = 1;
    private long submitted;
    private long completed;
    private long failed;
    private long beganNs;
    private long endedNs;
    private @Nullable String firstError;

    JobStats(int blockBytes) {
        for (Direction direction : Direction.ALL) {
            directions.put(direction, new DirectionStats(blockBytes));
        }
    }

    DirectionStats of(Direction direction) {
        DirectionStats stats = directions.get(direction);
        if (stats == null) {
            throw new IllegalStateException("no statistics of " + direction);
        }
        return stats;
    }

    VerifyStats verify() {
        return verify;
    }

    /** A command is handed over. */
    void submitted() {
        submitted++;
    }

    /** An I/O began while so many were outstanding, itself included. */
    void began(int outstanding) {
        depths[Math.min(31 - Integer.numberOfLeadingZeros(outstanding), DEPTHS - 1)]++;
    }

    /** A command has ended with success. */
    void completed() {
        completed++;
    }

    /** A command has ended with anything else. */
    void failed() {
        failed++;
    }

    void firstError(String why) {
        firstError = why;
    }

    /** When what is measured began. */
    void begin(long nowNs) {
        beganNs = nowNs;
        endedNs = nowNs;
    }

    /** When what is measured has ended up to now. */
    void lasts(long nowNs) {
        endedNs = nowNs;
    }

    /** Adds another job. */
    void add(JobStats other) {
        directions.forEach((direction, stats) -> stats.add(other.of(direction)));
        for (int i = 0; i < DEPTHS; i++) {
            depths[i] += other.depths[i];
        }
        verify.add(other.verify);
        jobs += other.jobs;
        submitted += other.submitted;
        completed += other.completed;
        failed += other.failed;
        beganNs = Math.min(beganNs, other.beganNs);
        endedNs = Math.max(endedNs, other.endedNs);
        if (firstError == null) {
            firstError = other.firstError;
        }
    }

    int jobs() {
        return jobs;
    }

    long submittedCommands() {
        return submitted;
    }

    long completedCommands() {
        return completed;
    }

    long failedCommands() {
        return failed;
    }

    /** Why the first command failed; null if none has. */
    @Nullable String firstError() {
        return firstError;
    }

    /** Milliseconds of what is measured, 1 or more. */
    long runtimeMs() {
        return Math.max(1, Math.round((endedNs - beganNs) / 1e6));
    }

    /** Shares of the I/Os in percent that began while so many were outstanding; 0.1 at least of what is not none. */
    double[] depthPercent() {
        long total = 0;
        for (long count : depths) {
            total += count;
        }
        double[] shares = new double[DEPTHS];
        for (int i = 0; i < DEPTHS; i++) {
            shares[i] = depths[i] == 0 ? 0 : Math.max(0.1, 100.0 * depths[i] / total);
        }
        return shares;
    }
}
