package org.jnvmet.target.command;

/**
 * How much one Copy may copy (NVM Command Set, Identify Namespace: MSSRL, MCL). A command must end long
 * before its host takes the controller for dead: Linux waits for 30 seconds. Half a GiB is copied in that
 * time by a rotating disk too, and is more than enough for the cost of a command not to count. The number
 * of ranges is bounded by the command only (MSRC 255, 0's based).
 */
final class CopyLimits {
    private static final long BYTES = 512L << 20;

    /** The field has 16 bits. */
    private static final int MAX_RANGE_BLOCKS = 0xffff;

    private CopyLimits() {}

    /** MCL: most blocks of all ranges together. */
    static long blocks(int blockShift) {
        return BYTES >>> blockShift;
    }

    /** MSSRL: most blocks of one range. */
    static long rangeBlocks(int blockShift) {
        return Math.min(MAX_RANGE_BLOCKS, blocks(blockShift));
    }
}
