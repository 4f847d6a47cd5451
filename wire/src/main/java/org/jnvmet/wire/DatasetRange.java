package org.jnvmet.wire;

/** One range of Dataset Management (NVM Command Set, Range Definition). */
public final class DatasetRange extends Struct<DatasetRange> {
    /** Bytes of a range. */
    public static final int BYTES = 16;

    public static final Field CONTEXT_ATTRIBUTES = number(0, 4);
    public static final Field BLOCKS = number(4, 4);
    public static final Field STARTING_LBA = number(8, 8);

    public DatasetRange() {
        super(BYTES);
    }

    @Override
    protected DatasetRange self() {
        return this;
    }
}
