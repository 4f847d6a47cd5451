package org.jnvmet.wire.admin;

import java.util.Objects;
import org.jnvmet.wire.Struct;

/** Identify Controller data structure (Base, Identify Controller Data Structure). */
public final class IdentifyController extends Struct<IdentifyController> {
    /** Bytes of the structure. */
    public static final int BYTES = 4096;

    // Controller capabilities and features
    public static final Field VID = number(0, 2);
    public static final Field SSVID = number(2, 2);
    public static final Text SN = ascii(4, 20);
    public static final Text MN = ascii(24, 40);
    public static final Text FR = ascii(64, 8);
    public static final Field RAB = number(72, 1);
    public static final Raw IEEE = raw(73, 3);
    public static final Field CMIC = number(76, 1);
    public static final Field MDTS = number(77, 1);
    public static final Field CNTLID = number(78, 2);
    public static final Field VER = number(80, 4);
    public static final Field RTD3R = number(84, 4);
    public static final Field RTD3E = number(88, 4);
    public static final Field OAES = number(92, 4);
    public static final Field CTRATT = number(96, 4);
    public static final Field RRLS = number(100, 2);
    public static final Field BPCAP = number(102, 1);
    public static final Field NSSL = number(104, 4);
    public static final Field PLSI = number(110, 1);
    public static final Field CNTRLTYPE = number(111, 1);
    public static final Raw FGUID = raw(112, 16);
    public static final Field CRDT1 = number(128, 2);
    public static final Field CRDT2 = number(130, 2);
    public static final Field CRDT3 = number(132, 2);
    public static final Field CRCAP = number(134, 1);
    public static final Field NVMSR = number(253, 1);
    public static final Field VWCI = number(254, 1);
    public static final Field MEC = number(255, 1);

    // Admin command set attributes and optional controller capabilities
    public static final Field OACS = number(256, 2);
    public static final Field ACL = number(258, 1);
    public static final Field AERL = number(259, 1);
    public static final Field FRMW = number(260, 1);
    public static final Field LPA = number(261, 1);
    public static final Field ELPE = number(262, 1);
    public static final Field NPSS = number(263, 1);
    public static final Field AVSCC = number(264, 1);
    public static final Field APSTA = number(265, 1);
    public static final Field WCTEMP = number(266, 2);
    public static final Field CCTEMP = number(268, 2);
    public static final Field MTFA = number(270, 2);
    public static final Field HMPRE = number(272, 4);
    public static final Field HMMIN = number(276, 4);
    public static final Field TNVMCAP = number(280, 16);
    public static final Field UNVMCAP = number(296, 16);
    public static final Field RPMBS = number(312, 4);
    public static final Field EDSTT = number(316, 2);
    public static final Field DSTO = number(318, 1);
    public static final Field FWUG = number(319, 1);
    public static final Field KAS = number(320, 2);
    public static final Field HCTMA = number(322, 2);
    public static final Field MNTMT = number(324, 2);
    public static final Field MXTMT = number(326, 2);
    public static final Field SANICAP = number(328, 4);
    public static final Field HMMINDS = number(332, 4);
    public static final Field HMMAXD = number(336, 2);
    public static final Field NSETIDMAX = number(338, 2);
    public static final Field ENDGIDMAX = number(340, 2);
    public static final Field ANATT = number(342, 1);
    public static final Field ANACAP = number(343, 1);
    public static final Field ANAGRPMAX = number(344, 4);
    public static final Field NANAGRPID = number(348, 4);
    public static final Field PELS = number(352, 4);
    public static final Field DID = number(356, 2);
    public static final Field KPIOC = number(358, 1);
    public static final Field MPTFAWR = number(360, 2);
    public static final Field MEGCAP = number(368, 16);
    public static final Field TMPTHHA = number(384, 1);
    public static final Field CQT = number(386, 2);

    // NVM command set attributes
    public static final Field SQES = number(512, 1);
    public static final Field CQES = number(513, 1);
    public static final Field MAXCMD = number(514, 2);
    public static final Field NN = number(516, 4);
    public static final Field ONCS = number(520, 2);
    public static final Field FUSES = number(522, 2);
    public static final Field FNA = number(524, 1);
    public static final Field VWC = number(525, 1);
    public static final Field AWUN = number(526, 2);
    public static final Field AWUPF = number(528, 2);
    public static final Field NVSCC = number(530, 1);
    public static final Field NWPC = number(531, 1);
    public static final Field ACWU = number(532, 2);
    public static final Field OCFS = number(534, 2);
    public static final Field SGLS = number(536, 4);
    public static final Field MNAN = number(540, 4);
    public static final Field MAXDNA = number(544, 16);
    public static final Field MAXCNA = number(560, 4);
    public static final Field OAQD = number(564, 4);
    public static final Field RHIRI = number(568, 1);
    public static final Field HIRT = number(569, 1);
    public static final Field CMMRTD = number(570, 2);
    public static final Field NMMRTD = number(572, 2);
    public static final Field MINMRTG = number(574, 1);
    public static final Field MAXMRTG = number(575, 1);
    public static final Field TRATTR = number(576, 1);
    public static final Field MCUDMQ = number(578, 2);
    public static final Field MNSUDMQ = number(580, 2);
    public static final Field MCMR = number(582, 2);
    public static final Field NMCMR = number(584, 2);
    public static final Field MCDQPC = number(586, 2);
    public static final Text SUBNQN = terminated(768, 256);

    // Fabrics specific
    public static final Field IOCCSZ = number(1792, 4);
    public static final Field IORCSZ = number(1796, 4);
    public static final Field ICDOFF = number(1800, 2);
    public static final Field FCATT = number(1802, 1);
    public static final Field MSDBD = number(1803, 1);
    public static final Field OFCS = number(1804, 2);
    public static final Field DCTYPE = number(1806, 1);

    // Power state descriptor 0: maximum power in centiwatts, and the rest of its 32 bytes
    public static final Field PSD0_MP = number(2048, 2);
    public static final Raw PSD0 = raw(2048, 32);

    public IdentifyController() {
        super(BYTES);
    }

    @Override
    protected IdentifyController self() {
        return this;
    }

    /** A view of the power state descriptor {@code index}: 0 to {@link #NPSS}. */
    public PowerState powerState(int index) {
        Objects.checkIndex(index, PowerState.MAX_COUNT);
        return new PowerState()
                .wrap(memory(), base() + PSD0.offset() + (long) index * PowerState.BYTES);
    }
}
