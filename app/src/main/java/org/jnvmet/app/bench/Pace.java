package org.jnvmet.app.bench;

/**
 * Keeps a job at its rates as fio does: the n-th I/O of a direction is not begun before n times its share of a
 * second, counted from the start. What was lost in a pause is caught up. Allocates nothing; owned by the job.
 */
final class Pace {
    private final double[] nsPerIo = new double[Direction.ALL.size()];
    private final long[] begun = new long[Direction.ALL.size()];
    private long startNs;

    Pace(JobOptions.Limits limits, int blockBytes) {
        for (Direction direction : Direction.ALL) {
            nsPerIo[direction.index()] = limits.nsPerIo(direction, blockBytes);
        }
    }

    void start(long nowNs) {
        startNs = nowNs;
    }

    /** When the next I/O of this direction may begin. */
    long dueNs(Direction direction) {
        int index = direction.index();
        return startNs + (long) (begun[index] * nsPerIo[index]);
    }

    boolean allows(Direction direction, long nowNs) {
        return nsPerIo[direction.index()] == 0 || nowNs - dueNs(direction) >= 0;
    }

    void begun(Direction direction) {
        begun[direction.index()]++;
    }
}
