package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Identify, I/O Command Set specific namespace data of the NVM command set (CNS 05h, CSI 0). */
public final class NvmNamespace extends Struct<NvmNamespace> {
    /** Bytes of the structure. */
    public static final int BYTES = 4096;

    public static final Field LBSTM = number(0, 8);
    public static final Field PIC = number(8, 1);
    public static final Field PIFA = number(9, 1);
    public static final Field ELBAF0 = number(12, 4);
    public static final Field NPDGL = number(268, 4);
    public static final Field NPRG = number(272, 4);
    public static final Field NPRA = number(276, 4);
    public static final Field NORS = number(280, 4);
    public static final Field NPDAL = number(284, 4);
    public static final Field LBAPSS = number(288, 4);
    public static final Field TLBAAG = number(292, 4);

    public NvmNamespace() {
        super(BYTES);
    }

    @Override
    protected NvmNamespace self() {
        return this;
    }
}
