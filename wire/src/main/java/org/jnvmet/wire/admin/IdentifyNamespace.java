package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Identify Namespace data structure of the NVM command set (NVM Command Set, same title). */
public final class IdentifyNamespace extends Struct<IdentifyNamespace> {
    /** Bytes of the structure. */
    public static final int BYTES = 4096;

    /** Bytes of one LBA format. */
    public static final int FORMAT_STRIDE = 4;

    public static final Field NSZE = number(0, 8);
    public static final Field NCAP = number(8, 8);
    public static final Field NUSE = number(16, 8);
    public static final Field NSFEAT = number(24, 1);
    public static final Field NLBAF = number(25, 1);
    public static final Field FLBAS = number(26, 1);
    public static final Field MC = number(27, 1);
    public static final Field DPC = number(28, 1);
    public static final Field DPS = number(29, 1);
    public static final Field NMIC = number(30, 1);
    public static final Field RESCAP = number(31, 1);
    public static final Field FPI = number(32, 1);
    public static final Field DLFEAT = number(33, 1);
    public static final Field NAWUN = number(34, 2);
    public static final Field NAWUPF = number(36, 2);
    public static final Field NACWU = number(38, 2);
    public static final Field NABSN = number(40, 2);
    public static final Field NABO = number(42, 2);
    public static final Field NABSPF = number(44, 2);
    public static final Field NOIOB = number(46, 2);
    public static final Field NVMCAP = number(48, 16);
    public static final Field NPWG = number(64, 2);
    public static final Field NPWA = number(66, 2);
    public static final Field NPDG = number(68, 2);
    public static final Field NPDA = number(70, 2);
    public static final Field NOWS = number(72, 2);
    public static final Field MSSRL = number(74, 2);
    public static final Field MCL = number(76, 4);
    public static final Field MSRC = number(80, 1);
    public static final Field KPIOS = number(81, 1);
    public static final Field NULBAF = number(82, 1);
    public static final Field KPIODAAG = number(84, 4);
    public static final Field ANAGRPID = number(92, 4);
    public static final Field NSATTR = number(99, 1);
    public static final Field NVMSETID = number(100, 2);
    public static final Field ENDGID = number(102, 2);
    public static final Raw NGUID = raw(104, 16);
    public static final Raw EUI64 = raw(120, 8);

    // LBA format 0; the other 63 follow, see the methods below
    public static final Field LBAF0_MS = number(128, 2);
    public static final Field LBAF0_LBADS = number(130, 1);
    public static final Field LBAF0_RP = number(131, 1);

    public IdentifyNamespace() {
        super(BYTES);
    }

    @Override
    protected IdentifyNamespace self() {
        return this;
    }

    /** Formats there are: those that any host may use, and those that need extended LBA formats. */
    public int formats() {
        return getInt(NLBAF) + 1 + getInt(NULBAF);
    }

    /** Bytes of a logical block in the format that {@link #FLBAS} selects; 0 if beyond an int. */
    public int blockBytes() {
        long power = get(LBAF0_LBADS.element(formatIndex(), FORMAT_STRIDE));
        return power < Integer.SIZE - 1 ? 1 << power : 0;
    }

    /** Bytes of metadata of a block in the format that {@link #FLBAS} selects. */
    public int metadataBytes() {
        return getInt(LBAF0_MS.element(formatIndex(), FORMAT_STRIDE));
    }

    /** Index of the format in use: FLBAS bits 6:5 and 3:0. */
    public int formatIndex() {
        int flbas = getInt(FLBAS);
        return (flbas >>> 1 & 0x30) | (flbas & 0x0f);
    }
}
