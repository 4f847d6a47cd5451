package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Supported Log Pages log page (Base, same title). */
public final class SupportedPages extends Struct<SupportedPages> {
    /** Bytes of the page. */
    public static final int BYTES = 1024;

    /** The page is supported. */
    public static final int SUPPORTED = 1;

    /** The page may be read by index offset. */
    public static final int INDEX_OFFSET = 1 << 1;

    /** Descriptor of page 0; the others follow. */
    public static final Field PAGE0 = number(0, 4);

    public SupportedPages() {
        super(BYTES);
    }

    @Override
    protected SupportedPages self() {
        return this;
    }

    /** Descriptor of a page: {@link #SUPPORTED}, {@link #INDEX_OFFSET}, page specific bits 31:16. */
    public int page(int logId) {
        return getInt(PAGE0.element(logId, 4));
    }

    public SupportedPages page(int logId, int descriptor) {
        return set(PAGE0.element(logId, 4), Integer.toUnsignedLong(descriptor));
    }
}
