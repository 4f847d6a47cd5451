package org.jnvmet.app.nvme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.PowerState;

/**
 * Identify Controller as {@code nvme id-ctrl} shows it.
 *
 * @param identity what the controller said
 */
record ControllerReport(IdentifyController identity) implements Report {
    private static final int NAME_COLUMNS = 10;
    private static final FieldTable<IdentifyController> FIELDS = fields();

    private static FieldTable<IdentifyController> fields() {
        FieldTable<IdentifyController> table = new FieldTable<>(NAME_COLUMNS);
        addCapabilities(table);
        addAdminAttributes(table);
        addNvmAttributes(table);
        addFabrics(table);
        return table;
    }

    /** Controller capabilities and features. */
    private static void addCapabilities(FieldTable<IdentifyController> table) {
        table.bits("vid", IdentifyController.VID)
                .bits("ssvid", IdentifyController.SSVID)
                .padded("sn", IdentifyController.SN)
                .padded("mn", IdentifyController.MN)
                .padded("fr", IdentifyController.FR)
                .count("rab", IdentifyController.RAB)
                .oui("ieee", IdentifyController.IEEE)
                .bits("cmic", IdentifyController.CMIC)
                .count("mdts", IdentifyController.MDTS)
                .bits("cntlid", IdentifyController.CNTLID)
                .bits("ver", IdentifyController.VER)
                .bits("rtd3r", IdentifyController.RTD3R)
                .bits("rtd3e", IdentifyController.RTD3E)
                .bits("oaes", IdentifyController.OAES)
                .bits("ctratt", IdentifyController.CTRATT)
                .bits("rrls", IdentifyController.RRLS)
                .bits("bpcap", IdentifyController.BPCAP)
                .bits("nssl", IdentifyController.NSSL)
                .count("plsi", IdentifyController.PLSI)
                .count("cntrltype", IdentifyController.CNTRLTYPE)
                .uuid("fguid", IdentifyController.FGUID)
                .count("crdt1", IdentifyController.CRDT1)
                .count("crdt2", IdentifyController.CRDT2)
                .count("crdt3", IdentifyController.CRDT3)
                .count("crcap", IdentifyController.CRCAP)
                .count("nvmsr", IdentifyController.NVMSR)
                .count("vwci", IdentifyController.VWCI)
                .count("mec", IdentifyController.MEC);
    }

    /** Admin command set attributes. */
    private static void addAdminAttributes(FieldTable<IdentifyController> table) {
        table.bits("oacs", IdentifyController.OACS)
                .count("acl", IdentifyController.ACL)
                .count("aerl", IdentifyController.AERL)
                .bits("frmw", IdentifyController.FRMW)
                .bits("lpa", IdentifyController.LPA)
                .count("elpe", IdentifyController.ELPE)
                .count("npss", IdentifyController.NPSS)
                .bits("avscc", IdentifyController.AVSCC)
                .bits("apsta", IdentifyController.APSTA)
                .count("wctemp", IdentifyController.WCTEMP)
                .count("cctemp", IdentifyController.CCTEMP)
                .count("mtfa", IdentifyController.MTFA)
                .count("hmpre", IdentifyController.HMPRE)
                .count("hmmin", IdentifyController.HMMIN)
                .count("tnvmcap", IdentifyController.TNVMCAP)
                .count("unvmcap", IdentifyController.UNVMCAP)
                .bits("rpmbs", IdentifyController.RPMBS)
                .count("edstt", IdentifyController.EDSTT)
                .count("dsto", IdentifyController.DSTO)
                .count("fwug", IdentifyController.FWUG)
                .count("kas", IdentifyController.KAS)
                .bits("hctma", IdentifyController.HCTMA)
                .count("mntmt", IdentifyController.MNTMT)
                .count("mxtmt", IdentifyController.MXTMT)
                .bits("sanicap", IdentifyController.SANICAP)
                .count("hmminds", IdentifyController.HMMINDS)
                .count("hmmaxd", IdentifyController.HMMAXD)
                .count("nsetidmax", IdentifyController.NSETIDMAX)
                .count("endgidmax", IdentifyController.ENDGIDMAX)
                .count("anatt", IdentifyController.ANATT)
                .count("anacap", IdentifyController.ANACAP)
                .count("anagrpmax", IdentifyController.ANAGRPMAX)
                .count("nanagrpid", IdentifyController.NANAGRPID)
                .count("pels", IdentifyController.PELS)
                .count("domainid", IdentifyController.DID)
                .count("kpioc", IdentifyController.KPIOC)
                .count("mptfawr", IdentifyController.MPTFAWR)
                .count("megcap", IdentifyController.MEGCAP)
                .bits("tmpthha", IdentifyController.TMPTHHA)
                .count("cqt", IdentifyController.CQT);
    }

    /** NVM command set attributes. */
    private static void addNvmAttributes(FieldTable<IdentifyController> table) {
        table.bits("sqes", IdentifyController.SQES)
                .bits("cqes", IdentifyController.CQES)
                .count("maxcmd", IdentifyController.MAXCMD)
                .count("nn", IdentifyController.NN)
                .bits("oncs", IdentifyController.ONCS)
                .bits("fuses", IdentifyController.FUSES)
                .bits("fna", IdentifyController.FNA)
                .bits("vwc", IdentifyController.VWC)
                .count("awun", IdentifyController.AWUN)
                .count("awupf", IdentifyController.AWUPF)
                .count("icsvscc", IdentifyController.NVSCC)
                .count("nwpc", IdentifyController.NWPC)
                .count("acwu", IdentifyController.ACWU)
                .bits("ocfs", IdentifyController.OCFS)
                .bits("sgls", IdentifyController.SGLS)
                .count("mnan", IdentifyController.MNAN)
                .count("maxdna", IdentifyController.MAXDNA)
                .count("maxcna", IdentifyController.MAXCNA)
                .count("oaqd", IdentifyController.OAQD)
                .count("rhiri", IdentifyController.RHIRI)
                .count("hirt", IdentifyController.HIRT)
                .count("cmmrtd", IdentifyController.CMMRTD)
                .count("nmmrtd", IdentifyController.NMMRTD)
                .count("minmrtg", IdentifyController.MINMRTG)
                .count("maxmrtg", IdentifyController.MAXMRTG)
                .count("trattr", IdentifyController.TRATTR)
                .count("mcudmq", IdentifyController.MCUDMQ)
                .count("mnsudmq", IdentifyController.MNSUDMQ)
                .count("mcmr", IdentifyController.MCMR)
                .count("nmcmr", IdentifyController.NMCMR)
                .count("mcdqpc", IdentifyController.MCDQPC)
                .text("subnqn", IdentifyController.SUBNQN);
    }

    /** Fabrics specific. */
    private static void addFabrics(FieldTable<IdentifyController> table) {
        table.count("ioccsz", IdentifyController.IOCCSZ)
                .count("iorcsz", IdentifyController.IORCSZ)
                .count("icdoff", IdentifyController.ICDOFF)
                .bits("fcatt", IdentifyController.FCATT)
                .count("msdbd", IdentifyController.MSDBD)
                .count("ofcs", IdentifyController.OFCS);
    }

    @Override
    public String text() {
        StringBuilder text = new StringBuilder("NVME Identify Controller:%n".formatted());
        text.append(FIELDS.text(identity));
        for (int index = 0; index < powerStates(); index++) {
            text.append(PowerStateText.of(index, identity.powerState(index)));
        }
        return text.toString();
    }

    @Override
    public JsonObject json() {
        JsonObject json = FIELDS.json(identity);
        JsonArray states = new JsonArray();
        for (int index = 0; index < powerStates(); index++) {
            states.add(PowerStateText.json(identity.powerState(index)));
        }
        json.add("psds", states);
        return json;
    }

    /** Descriptors there are; a controller that claims more than fit has as many as fit. */
    private int powerStates() {
        return Math.min(identity.getInt(IdentifyController.NPSS) + 1, PowerState.MAX_COUNT);
    }
}
