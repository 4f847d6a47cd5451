package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Identify, I/O Command Set specific controller data of the NVM command set (CNS 06h, CSI 0). */
public final class NvmController extends Struct<NvmController> {
    /** Bytes of the structure. */
    public static final int BYTES = 4096;

    public static final Field VSL = number(0, 1);
    public static final Field WZSL = number(1, 1);
    public static final Field WUSL = number(2, 1);
    public static final Field DMRL = number(3, 1);
    public static final Field DMRSL = number(4, 4);
    public static final Field DMSL = number(8, 8);
    public static final Field KPIOCAP = number(16, 1);
    public static final Field WZDSL = number(17, 1);
    public static final Field AOCS = number(18, 2);
    public static final Field VER = number(20, 4);

    public NvmController() {
        super(BYTES);
    }

    @Override
    protected NvmController self() {
        return this;
    }
}
