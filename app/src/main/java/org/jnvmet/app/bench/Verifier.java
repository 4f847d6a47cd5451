package org.jnvmet.app.bench;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Seals what a job writes and checks what it reads. Each logical block is sealed for itself, since a write that was
 * cut short may have changed some of its blocks and others not. Owned by the job; allocates for wrong blocks only.
 *
 * <p>In a job that writes, what it has not written itself is not checked. In a job that only reads, each block must be
 * a whole one of any run.
 */
final class Verifier {
    private static final String DAMAGED = "damaged content";

    private final Verification how;
    private final boolean writes;
    private final Region region;
    private final Generations generations;
    private final int run;
    private final VerifyStats stats;
    private final SealedBlock block;

    /**
     * Of one job.
     *
     * @param run tells the blocks of this run from those of others
     */
    Verifier(JobOptions options, Region region, int run, VerifyStats stats) {
        how = options.verify().how();
        writes = options.readWrite().writes();
        this.region = region;
        generations = new Generations(writes ? Math.toIntExact(region.units()) : 0);
        this.run = run;
        this.stats = stats;
        block = new SealedBlock(region.blockBytes());
    }

    /** A unit at or behind this one, round the end, that may be used in this direction now; it is in use then. */
    long begin(Direction direction, long from) {
        if (!writes) {
            return from;
        }
        int unit = (int) from;
        while (!(direction == Direction.READ
                ? generations.tryRead(unit)
                : generations.tryWrite(unit))) {
            unit = unit + 1 == generations.units() ? 0 : unit + 1;
        }
        return unit;
    }

    /** The first unit at or behind this one that this job has written; -1 if there is none. */
    long written(long from) {
        for (int unit = (int) from; unit < generations.units(); unit++) {
            if (generations.everWritten(unit)) {
                return unit;
            }
        }
        return -1;
    }

    /** Fills the data of a write. */
    void seal(MemorySegment data, ByteBuffer view, long unit) {
        int generation = generations.next((int) unit);
        long lba = region.lba(unit);
        for (int i = 0; i < region.blocksPerUnit(); i++) {
            block.wrap(data, view, i * region.blockBytes()).write(lba + i, run, generation);
        }
    }

    /** A write has ended. */
    void endWrite(long unit, boolean succeeded) {
        if (succeeded) {
            generations.written((int) unit);
        } else {
            generations.failed((int) unit);
            stats.inDoubt(region.blocksPerUnit());
        }
    }

    /** A read has ended; with success its data is checked. */
    void endRead(MemorySegment data, ByteBuffer view, long unit, boolean succeeded) {
        if (succeeded) {
            for (int i = 0; i < region.blocksPerUnit(); i++) {
                check(block.wrap(data, view, i * region.blockBytes()), unit, i);
            }
        }
        if (writes) {
            generations.endRead((int) unit);
        }
    }

    private void check(SealedBlock read, long unit, int index) {
        long lba = region.lba(unit) + index;
        if (!read.hasMagic() || (writes && read.run() != run)) {
            if (writes && generations.allows((int) unit, Generations.UNKNOWN)) {
                stats.unknown();
            } else {
                wrong(read, unit, lba, writes ? "no block of this run" : "no sealed block");
            }
        } else if (read.lba() != lba) {
            wrong(read, unit, lba, "block " + read.lba());
        } else if (writes && !generations.allows((int) unit, read.generation())) {
            wrong(read, unit, lba, "generation " + read.generation());
        } else if (damaged(read)) {
            wrong(read, unit, lba, DAMAGED);
        } else {
            stats.right();
        }
    }

    private boolean damaged(SealedBlock read) {
        return read.checksum() != read.computedChecksum()
                || (how == Verification.PATTERN && read.firstWrongByte() >= 0);
    }

    private String difference(SealedBlock read, long lba) {
        StringBuilder text = new StringBuilder();
        if (read.checksum() != read.computedChecksum()) {
            text.append(
                    "; expected CRC 0x%08x, got 0x%08x"
                            .formatted(read.checksum(), read.computedChecksum()));
        }
        int at = read.firstWrongByte();
        if (at >= 0) {
            text.append(
                    "; first at byte %d: expected 0x%02x, got 0x%02x"
                            .formatted(
                                    lba * region.blockBytes() + at,
                                    read.expectedByteAt(at),
                                    read.byteAt(at)));
        }
        return text.toString();
    }

    private void wrong(SealedBlock read, long unit, long lba, String got) {
        if (!stats.wrong()) {
            return;
        }
        String expected =
                writes
                        ? "block %d, generation %s".formatted(lba, generations.expected((int) unit))
                        : "block %d of any run".formatted(lba);
        stats.detail(
                "%s: verify failed at offset %d, length %d (requested block: offset=%d, length=%d): expected %s, got %s%s"
                        .formatted(
                                how.text(),
                                lba * region.blockBytes(),
                                region.blockBytes(),
                                region.lba(unit) * region.blockBytes(),
                                region.unitBytes(),
                                expected,
                                got,
                                got.equals(DAMAGED) ? difference(read, lba) : ""));
    }
}
