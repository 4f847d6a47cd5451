package org.jnvmet.app.nvme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import org.jnvmet.wire.Struct;
import org.jnvmet.wire.admin.IdentifyNamespace;

/**
 * Identify Namespace as {@code nvme id-ns} shows it.
 *
 * @param nsid the namespace
 * @param identity what the controller said of it
 */
record NamespaceReport(int nsid, IdentifyNamespace identity) implements Report {
    private static final int NAME_COLUMNS = 8;
    private static final int FORMATS = 64;

    /** In NSFEAT: the fields of preferred granularities and alignments are defined. */
    private static final int PREFERENCES = 3 << 4;

    private static final FieldTable<IdentifyNamespace> FIELDS =
            new FieldTable<IdentifyNamespace>(NAME_COLUMNS)
                    .bits("nsze", IdentifyNamespace.NSZE)
                    .bits("ncap", IdentifyNamespace.NCAP)
                    .bits("nuse", IdentifyNamespace.NUSE)
                    .bits("nsfeat", IdentifyNamespace.NSFEAT)
                    .count("nlbaf", IdentifyNamespace.NLBAF)
                    .bits("flbas", IdentifyNamespace.FLBAS)
                    .bits("mc", IdentifyNamespace.MC)
                    .bits("dpc", IdentifyNamespace.DPC)
                    .bits("dps", IdentifyNamespace.DPS)
                    .bits("nmic", IdentifyNamespace.NMIC)
                    .bits("rescap", IdentifyNamespace.RESCAP)
                    .bits("fpi", IdentifyNamespace.FPI)
                    .count("dlfeat", IdentifyNamespace.DLFEAT)
                    .count("nawun", IdentifyNamespace.NAWUN)
                    .count("nawupf", IdentifyNamespace.NAWUPF)
                    .count("nacwu", IdentifyNamespace.NACWU)
                    .count("nabsn", IdentifyNamespace.NABSN)
                    .count("nabo", IdentifyNamespace.NABO)
                    .count("nabspf", IdentifyNamespace.NABSPF)
                    .count("noiob", IdentifyNamespace.NOIOB)
                    .count("nvmcap", IdentifyNamespace.NVMCAP)
                    .when(NamespaceReport::hasPreferences)
                    .count("npwg", IdentifyNamespace.NPWG)
                    .count("npwa", IdentifyNamespace.NPWA)
                    .count("npdg", IdentifyNamespace.NPDG)
                    .count("npda", IdentifyNamespace.NPDA)
                    .count("nows", IdentifyNamespace.NOWS)
                    .always()
                    .count("mssrl", IdentifyNamespace.MSSRL)
                    .count("mcl", IdentifyNamespace.MCL)
                    .count("msrc", IdentifyNamespace.MSRC)
                    .count("kpios", IdentifyNamespace.KPIOS)
                    .count("nulbaf", IdentifyNamespace.NULBAF)
                    .count("kpiodaag", IdentifyNamespace.KPIODAAG)
                    .count("anagrpid", IdentifyNamespace.ANAGRPID)
                    .count("nsattr", IdentifyNamespace.NSATTR)
                    .count("nvmsetid", IdentifyNamespace.NVMSETID)
                    .count("endgid", IdentifyNamespace.ENDGID)
                    .digits("nguid", IdentifyNamespace.NGUID)
                    .digits("eui64", IdentifyNamespace.EUI64);

    private static boolean hasPreferences(IdentifyNamespace identity) {
        return (identity.getInt(IdentifyNamespace.NSFEAT) & PREFERENCES) != 0;
    }

    private int formats() {
        return Math.min(identity.formats(), FORMATS);
    }

    private long ofFormat(int index, Struct.Field field) {
        return identity.get(field.element(index, IdentifyNamespace.FORMAT_STRIDE));
    }

    @Override
    public String text() {
        StringBuilder text = new StringBuilder("NVME Identify Namespace %d:%n".formatted(nsid));
        text.append(FIELDS.text(identity));
        for (int index = 0; index < formats(); index++) {
            text.append(
                    "lbaf %2d : ms:%-3d lbads:%-2d rp:%s %s%n"
                            .formatted(
                                    index,
                                    ofFormat(index, IdentifyNamespace.LBAF0_MS),
                                    ofFormat(index, IdentifyNamespace.LBAF0_LBADS),
                                    FieldTable.hexadecimal(
                                            ofFormat(index, IdentifyNamespace.LBAF0_RP)),
                                    index == identity.formatIndex() ? "(in use)" : ""));
        }
        return text.toString();
    }

    @Override
    public JsonObject json() {
        JsonObject json = FIELDS.json(identity);
        JsonArray formats = new JsonArray();
        for (int index = 0; index < formats(); index++) {
            JsonObject format = new JsonObject();
            format.addProperty("ms", ofFormat(index, IdentifyNamespace.LBAF0_MS));
            format.addProperty("ds", ofFormat(index, IdentifyNamespace.LBAF0_LBADS));
            format.addProperty("rp", ofFormat(index, IdentifyNamespace.LBAF0_RP));
            formats.add(format);
        }
        json.add("lbafs", formats);
        return json;
    }
}
