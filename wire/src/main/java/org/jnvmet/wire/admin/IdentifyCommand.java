package org.jnvmet.wire.admin;

import org.jnvmet.wire.Sqe;

/** Command dwords of Identify (Base, Identify command). */
public final class IdentifyCommand {
    /** Bytes of every Identify data structure. */
    public static final int DATA_BYTES = 4096;

    /** Offset of the CNS field. */
    public static final int CNS = Sqe.CDW10;

    /** Offset of the controller identifier. */
    public static final int CNTID = Sqe.CDW10 + 2;

    /** Offset of the command set identifier. */
    public static final int CSI = Sqe.CDW11 + 3;

    private IdentifyCommand() {}

    /** What is asked for; see {@link Cns}. */
    public static int cns(Sqe sqe) {
        return sqe.u8(CNS);
    }

    public static int controllerId(Sqe sqe) {
        return sqe.u16(CNTID);
    }

    public static int commandSet(Sqe sqe) {
        return sqe.u8(CSI);
    }
}
