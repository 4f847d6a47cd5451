package org.jnvmet.wire.fabrics;

import org.jnvmet.wire.BitField;

/** Controller properties (Base, Controller Properties): offsets and bit fields. */
public final class Properties {
    /** Controller capabilities, 8 bytes. */
    public static final int CAP = 0x00;

    /** Version, 4 bytes: major 31:16, minor 15:8, tertiary 7:0. */
    public static final int VS = 0x08;

    /** Controller configuration, 4 bytes. */
    public static final int CC = 0x14;

    /** Controller status, 4 bytes. */
    public static final int CSTS = 0x1c;

    /** NVM subsystem reset, 4 bytes. */
    public static final int NSSR = 0x20;

    /** Controller ready time-outs, 4 bytes. */
    public static final int CRTO = 0x68;

    // Bit fields of CAP.
    /** Maximum queue entries supported, 0's based. */
    public static final BitField CAP_MQES = new BitField(0, 16);

    /** Contiguous queues required. */
    public static final BitField CAP_CQR = new BitField(16, 1);

    /** Arbitration mechanisms supported. */
    public static final BitField CAP_AMS = new BitField(17, 2);

    /** Time-out in units of 500 ms. */
    public static final BitField CAP_TO = new BitField(24, 8);

    /** Doorbell stride. */
    public static final BitField CAP_DSTRD = new BitField(32, 4);

    /** NVM subsystem reset supported. */
    public static final BitField CAP_NSSRS = new BitField(36, 1);

    /** The NVM command set is supported. */
    public static final BitField CAP_CSS_NVM = new BitField(37, 1);

    /** One or more I/O command sets are supported, selected by Identify and CC.CSS 110b. */
    public static final BitField CAP_CSS_IOCSS = new BitField(43, 1);

    /** No I/O command set is supported. */
    public static final BitField CAP_CSS_NONE = new BitField(44, 1);

    /** Smallest memory page, 2^(12+n). */
    public static final BitField CAP_MPSMIN = new BitField(48, 4);

    /** Largest memory page, 2^(12+n). */
    public static final BitField CAP_MPSMAX = new BitField(52, 4);

    /** Controller ready modes supported: with media. */
    public static final BitField CAP_CRWMS = new BitField(59, 1);

    /** Controller ready modes supported: independent of media. */
    public static final BitField CAP_CRIMS = new BitField(60, 1);

    // Bit fields of CC.
    /** Enable. */
    public static final BitField CC_EN = new BitField(0, 1);

    /** I/O command set selected: 000b NVM, 110b all supported, 111b admin only. */
    public static final BitField CC_CSS = new BitField(4, 3);

    /** Memory page size, 2^(12+n). */
    public static final BitField CC_MPS = new BitField(7, 4);

    /** Arbitration mechanism selected. */
    public static final BitField CC_AMS = new BitField(11, 3);

    /** Shutdown notification: 00b none, 01b normal, 10b abrupt. */
    public static final BitField CC_SHN = new BitField(14, 2);

    /** Size of a submission queue entry, 2^n. */
    public static final BitField CC_IOSQES = new BitField(16, 4);

    /** Size of a completion queue entry, 2^n. */
    public static final BitField CC_IOCQES = new BitField(20, 4);

    /** Controller ready independent of media enable. */
    public static final BitField CC_CRIME = new BitField(24, 1);

    // Bit fields of CSTS.
    /** Ready. */
    public static final BitField CSTS_RDY = new BitField(0, 1);

    /** Controller fatal status. */
    public static final BitField CSTS_CFS = new BitField(1, 1);

    /** Shutdown status: 00b none, 01b in progress, 10b complete. */
    public static final BitField CSTS_SHST = new BitField(2, 2);

    /** NVM subsystem reset occurred. */
    public static final BitField CSTS_NSSRO = new BitField(4, 1);

    // Bit fields of CRTO.
    /** Ready with media time-out in units of 500 ms. */
    public static final BitField CRTO_CRWMT = new BitField(0, 16);

    /** Ready independent of media time-out in units of 500 ms. */
    public static final BitField CRTO_CRIMT = new BitField(16, 16);

    // Values.
    /** {@link #CC_CSS}: the NVM command set. */
    public static final int CSS_NVM = 0b000;

    /** {@link #CC_CSS}: all supported I/O command sets. */
    public static final int CSS_ALL = 0b110;

    /** {@link #CC_SHN}: normal shutdown. */
    public static final int SHN_NORMAL = 0b01;

    /** {@link #CSTS_SHST}: shutdown complete. */
    public static final int SHST_COMPLETE = 0b10;

    private Properties() {}

    /** Value of {@link #VS}. */
    public static int version(int major, int minor, int tertiary) {
        return major << 16 | minor << 8 | tertiary;
    }
}
