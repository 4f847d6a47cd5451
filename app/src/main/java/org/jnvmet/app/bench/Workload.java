package org.jnvmet.app.bench;

import java.util.SplittableRandom;

/**
 * Which I/O comes next. Random units are chosen independently of each other, as fio does with {@code norandommap}:
 * in a run over the whole region some units come twice and some never. Sequential ones begin again at the end,
 * reads and writes each at their own place. Allocates nothing; owned by the job.
 */
final class Workload {
    private final ReadWrite readWrite;
    private final int readPercent;
    private final long units;
    private final SplittableRandom random;
    private final long[] next = new long[Direction.ALL.size()];

    /** Over {@code units} units; the same seed gives the same I/Os. */
    Workload(ReadWrite readWrite, int readPercent, long units, SplittableRandom random) {
        this.readWrite = readWrite;
        this.readPercent = readPercent;
        this.units = units;
        this.random = random;
    }

    Direction direction() {
        if (!readWrite.mixed()) {
            return readWrite.direction();
        }
        return below(100) < readPercent ? Direction.READ : Direction.WRITE;
    }

    /** The unit of an I/O in this direction. */
    long unit(Direction direction) {
        if (readWrite.random()) {
            return below(units);
        }
        int index = direction.index();
        long unit = next[index];
        next[index] = unit + 1 == units ? 0 : unit + 1;
        return unit;
    }

    // The high half of the product, as unlike a remainder it needs no division.
    private long below(long bound) {
        return Math.unsignedMultiplyHigh(random.nextLong(), bound);
    }
}
