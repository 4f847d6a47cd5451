package org.jnvmet.wire;

/**
 * One source range of Copy (NVM Command Set, Copy – Source Range Entries). The four formats have these
 * fields in common; the tags of protection information that end an entry are not listed, as they mean
 * nothing for namespaces without it.
 */
public final class CopyRange extends Struct<CopyRange> {
    /** Bytes that every format has; how many an entry takes says {@link #bytes}. */
    public static final int BYTES = 32;

    private static final int LARGE_BYTES = 40;

    /** Namespace of the source, in formats 2h and 3h. */
    public static final Field SNSID = number(0, 4);

    public static final Field SLBA = number(8, 8);

    /** Number of blocks, 0's based. */
    public static final Field NLB = number(16, 2);

    /** Source options, in formats 2h and 3h. */
    public static final Field SOPT = number(22, 2);

    /** In {@link #SOPT}: Fast Copy Only. */
    public static final int FAST_COPY_ONLY = 1 << 15;

    public CopyRange() {
        super(BYTES);
    }

    @Override
    protected CopyRange self() {
        return this;
    }

    /** Bytes of an entry: formats 1h and 3h have room for larger tags. */
    public static int bytes(int format) {
        return (format & 1) == 0 ? BYTES : LARGE_BYTES;
    }

    /** Number of blocks, 1 to 65,536. */
    public int blocks() {
        return getInt(NLB) + 1;
    }
}
