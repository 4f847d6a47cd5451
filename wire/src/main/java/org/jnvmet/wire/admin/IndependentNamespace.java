package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** I/O Command Set Independent Identify Namespace data structure (CNS 08h). */
public final class IndependentNamespace extends Struct<IndependentNamespace> {
    /** Bytes of the structure. */
    public static final int BYTES = 4096;

    /** In {@link #NSTAT}: Namespace Ready. */
    public static final int READY = 1;

    public static final Field NSFEAT = number(0, 1);
    public static final Field NMIC = number(1, 1);
    public static final Field RESCAP = number(2, 1);
    public static final Field FPI = number(3, 1);
    public static final Field ANAGRPID = number(4, 4);
    public static final Field NSATTR = number(8, 1);
    public static final Field NVMSETID = number(10, 2);
    public static final Field ENDGID = number(12, 2);
    public static final Field NSTAT = number(14, 1);

    public IndependentNamespace() {
        super(BYTES);
    }

    @Override
    protected IndependentNamespace self() {
        return this;
    }
}
