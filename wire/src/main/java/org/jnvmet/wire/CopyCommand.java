package org.jnvmet.wire;

/**
 * The command dwords of Copy (NVM Command Set, Copy command). Static functions over an {@link Sqe}; the
 * source ranges are data: {@link CopyRange}.
 */
public final class CopyCommand {
    /** Starting destination LBA, 8 bytes. */
    public static final int SDLBA = Sqe.CDW10;

    /** Number of source ranges, 0's based, 1 byte. */
    public static final int NR = Sqe.CDW12;

    /** Descriptor format (bits 3:0) and protection information of the reads (bits 7:4), 1 byte. */
    public static final int FORMAT = Sqe.CDW12 + 1;

    /** Protection information of the writes (bits 5:2), FUA (bit 6) and limited retry (bit 7), 1 byte. */
    public static final int PRINFOW = Sqe.CDW12 + 3;

    /** Most source ranges of one command. */
    public static final int MAX_RANGES = 256;

    /** Most blocks of one source range: NLB has 16 bits. */
    public static final int MAX_RANGE_BLOCKS = 1 << 16;

    /** Descriptor formats there are: 0h to 3h. */
    public static final int FORMATS = 4;

    private static final int FORMAT_SHIFT = 8;
    private static final int FORMAT_MASK = 0xf;
    private static final int PRINFOR_SHIFT = 12;
    private static final int PRINFOW_SHIFT = 26;
    private static final int PRINFO_MASK = 0xf;

    private CopyCommand() {}

    /** Starting destination LBA; unsigned 64 bits. */
    public static long destination(Sqe sqe) {
        return sqe.u64(SDLBA);
    }

    /** Number of source ranges, 1 to 256: the 0's based field plus one. */
    public static int rangeCount(Sqe sqe) {
        return sqe.u8(NR) + 1;
    }

    /** Format of the source ranges: 0 to 15, of which 0 to 3 exist. */
    public static int format(Sqe sqe) {
        return sqe.cdw12() >>> FORMAT_SHIFT & FORMAT_MASK;
    }

    /** Protection information of the reads: PRACT and PRCHK. */
    public static int readProtection(Sqe sqe) {
        return sqe.cdw12() >>> PRINFOR_SHIFT & PRINFO_MASK;
    }

    /** Protection information of the writes: PRACT and PRCHK. */
    public static int writeProtection(Sqe sqe) {
        return sqe.cdw12() >>> PRINFOW_SHIFT & PRINFO_MASK;
    }

    /** Whether the ranges of that format name a namespace each: 2h and 3h. */
    public static boolean namesNamespaces(int format) {
        return format == 2 || format == 3;
    }

    /** Writes SDLBA, NR and the descriptor format; {@code ranges} is the count itself, 1 to 256. */
    public static Sqe set(Sqe sqe, long destination, int ranges, int format) {
        if (ranges < 1 || ranges > MAX_RANGES) {
            throw new IllegalArgumentException("no command copies " + ranges + " ranges");
        }
        return sqe.u64(SDLBA, destination)
                .u32(Sqe.CDW12, (ranges - 1) | (format & FORMAT_MASK) << FORMAT_SHIFT);
    }
}
