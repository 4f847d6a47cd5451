package org.jnvmet.wire;

/**
 * The command dwords that Read, Write, Compare, Write Zeroes and Dataset Management share (NVM
 * Command Set). Static functions over an {@link Sqe}: nothing to wrap on the data path.
 */
public final class IoCommand {
    /** Starting LBA, 8 bytes. */
    public static final int SLBA = Sqe.CDW10;

    /** Number of logical blocks, 0's based, 2 bytes. */
    public static final int NLB = Sqe.CDW12;

    /** In command dword 12: Limited Retry. */
    public static final int LIMITED_RETRY = 1 << 31;

    /** In command dword 12: Force Unit Access. */
    public static final int FORCE_UNIT_ACCESS = 1 << 30;

    /** In command dword 12 of Write Zeroes: Deallocate. */
    public static final int DEALLOCATE = 1 << 25;

    /** In command dword 11 of Dataset Management: Attribute – Integral Dataset for Read. */
    public static final int DSM_READ = 1;

    /** In command dword 11 of Dataset Management: Attribute – Integral Dataset for Write. */
    public static final int DSM_WRITE = 1 << 1;

    /** In command dword 11 of Dataset Management: Attribute – Deallocate. */
    public static final int DSM_DEALLOCATE = 1 << 2;

    /** Most ranges of one Dataset Management command. */
    public static final int DSM_MAX_RANGES = 256;

    private IoCommand() {}

    /** Starting LBA; unsigned 64 bits. */
    public static long startingLba(Sqe sqe) {
        return sqe.u64(SLBA);
    }

    /** Number of logical blocks, 1 to 65,536: the 0's based field plus one. */
    public static int blockCount(Sqe sqe) {
        return sqe.u16(NLB) + 1;
    }

    public static boolean forceUnitAccess(Sqe sqe) {
        return (sqe.cdw12() & FORCE_UNIT_ACCESS) != 0;
    }

    public static boolean deallocate(Sqe sqe) {
        return (sqe.cdw12() & DEALLOCATE) != 0;
    }

    /** Number of ranges of Dataset Management, 1 to 256: the 0's based field plus one. */
    public static int rangeCount(Sqe sqe) {
        return (sqe.cdw10() & 0xff) + 1;
    }

    /** Writes SLBA and NLB; {@code blocks} is the count itself, 1 to 65,536. */
    public static Sqe range(Sqe sqe, long startingLba, int blocks) {
        if (blocks < 1 || blocks > 1 << 16) {
            throw new IllegalArgumentException("no command moves " + blocks + " blocks");
        }
        return sqe.u64(SLBA, startingLba).u16(NLB, blocks - 1);
    }
}
