package org.jnvmet.app.bench;

import org.jnvmet.app.console.CommandFailure;

/**
 * The part of a namespace that a job works on, in units of one I/O each.
 *
 * @param firstLba where it begins
 * @param units number of I/Os that fit, 1 or more
 * @param blocksPerUnit logical blocks of one I/O
 * @param blockBytes bytes of a logical block
 */
record Region(long firstLba, long units, int blocksPerUnit, int blockBytes) {
    /** Beyond this the generations of all units need too much memory. */
    private static final long MAX_VERIFIED_UNITS = 1 << 26;

    /**
     * The region of one job.
     *
     * @param blocks size of the namespace
     * @throws CommandFailure when there is no room for it
     */
    static Region of(JobOptions options, int job, long blocks, int blockBytes) {
        int bytes = options.blockBytes();
        require(
                bytes % blockBytes == 0,
                "--bs=%d is no multiple of the namespace's blocks of %d bytes"
                        .formatted(bytes, blockBytes));
        require(
                options.offset() % blockBytes == 0 && options.offsetIncrement() % blockBytes == 0,
                "--offset and --offset_increment must be multiples of the namespace's blocks of %d bytes"
                        .formatted(blockBytes));
        long whole = blocks * blockBytes;
        long room = whole - options.offset();
        require(
                room >= bytes,
                "--offset=%d is behind the end of the namespace of %d bytes"
                        .formatted(options.offset(), whole));
        boolean apart = options.verifiesWrites() && options.jobs() > 1;
        long increment = options.offsetIncrement();
        long size = size(options, whole, room, apart && increment == 0);
        if (apart && increment == 0) {
            increment = size;
        }
        require(
                !apart || increment >= size,
                "--verify: jobs %d bytes apart would overwrite %d bytes of each other"
                        .formatted(increment, size - increment));
        long start = options.offset() + job * increment;
        require(
                start + size <= whole,
                "job %d would need bytes %d to %d, the namespace has %d"
                        .formatted(job + 1, start, start + size, whole));
        Region region =
                new Region(start / blockBytes, size / bytes, bytes / blockBytes, blockBytes);
        region.check(options, size);
        return region;
    }

    private static long size(JobOptions options, long whole, long room, boolean shared) {
        boolean all = options.size().equals(Portion.ALL);
        long size = all ? room - (options.jobs() - 1) * options.offsetIncrement() : 0;
        if (!all) {
            return aligned(options.size().of(whole), options.blockBytes());
        }
        return aligned(shared ? room / options.jobs() : size, options.blockBytes());
    }

    private static long aligned(long size, int bytes) {
        return size / bytes * bytes;
    }

    private void check(JobOptions options, long size) {
        require(
                units > 0,
                "--bs=%d does not fit into %d bytes".formatted(options.blockBytes(), size));
        if (options.verifiesWrites()) {
            require(
                    units >= options.depth(),
                    "--verify: %d I/Os at a time need as many blocks, and there are %d"
                            .formatted(options.depth(), units));
            require(
                    units <= MAX_VERIFIED_UNITS,
                    "--verify: %d blocks are more than the %d whose state fits into memory; use --size"
                            .formatted(units, MAX_VERIFIED_UNITS));
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new CommandFailure(otherwise);
        }
    }

    long lba(long unit) {
        return firstLba + unit * blocksPerUnit;
    }

    int unitBytes() {
        return blocksPerUnit * blockBytes;
    }
}
