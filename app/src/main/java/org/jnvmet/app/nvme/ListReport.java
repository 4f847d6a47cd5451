package org.jnvmet.app.nvme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import org.jnvmet.app.console.TextTable;

/**
 * What a discovery service offers: its subsystems with their namespaces, and other discovery services.
 *
 * @param subsystems each along each way that the service names
 * @param referrals other discovery services
 */
record ListReport(List<Offer> subsystems, List<Place> referrals) implements Report {
    /**
     * Where a subsystem or a discovery service is.
     *
     * @param transport name of the transport
     * @param address traddr
     * @param service trsvcid
     */
    record Place(String transport, String address, String service) {
        @Override
        public String toString() {
            return transport + " " + address + ":" + service;
        }

        JsonObject json() {
            JsonObject json = new JsonObject();
            json.addProperty("Transport", transport);
            json.addProperty("Address", address);
            json.addProperty("ServiceId", service);
            return json;
        }
    }

    /** A subsystem along one way. */
    sealed interface Offer {
        String nqn();

        Place place();
    }

    /**
     * One that can be reached.
     *
     * @param nqn its name
     * @param place where it is
     * @param model its model, serial number and firmware revision
     * @param namespaces those that the host may use
     */
    record Reachable(String nqn, Place place, Model model, List<Disk> namespaces)
            implements Offer {}

    /** What a controller says of its make. */
    record Model(String number, String serial, String firmware) {}

    /**
     * One that cannot.
     *
     * @param nqn its name
     * @param place where it should be
     * @param why in a sentence
     */
    record Unreachable(String nqn, Place place, String why) implements Offer {}

    /**
     * A namespace.
     *
     * @param nsid its identifier
     * @param blocks its size in blocks
     * @param usedBlocks blocks that are allocated
     * @param blockBytes data bytes of a block
     * @param metadataBytes metadata bytes of a block
     */
    record Disk(int nsid, long blocks, long usedBlocks, int blockBytes, int metadataBytes) {
        String usage() {
            return DecimalSize.column(usedBlocks * blockBytes)
                    + " / "
                    + DecimalSize.column(blocks * blockBytes);
        }

        String format() {
            int shift = blockBytes % 1024 == 0 ? 10 : 0;
            return "%3d %2sB + %2d B"
                    .formatted(blockBytes >> shift, shift == 0 ? "" : "Ki", metadataBytes);
        }

        JsonObject json() {
            JsonObject json = new JsonObject();
            json.addProperty("NameSpace", Integer.toUnsignedLong(nsid));
            json.addProperty("UsedBytes", usedBlocks * blockBytes);
            json.addProperty("MaximumLBA", blocks);
            json.addProperty("PhysicalSize", blocks * blockBytes);
            json.addProperty("SectorSize", blockBytes);
            return json;
        }
    }

    @Override
    public String text() {
        TextTable table =
                new TextTable(
                        "Subsystem",
                        "Address",
                        "Model",
                        "SN",
                        "Namespace",
                        "Usage",
                        "Format",
                        "FW Rev");
        for (Offer offer : subsystems) {
            switch (offer) {
                case Reachable found -> add(table, found);
                case Unreachable lost ->
                        table.row(lost.nqn, lost.place.toString(), "unreachable: " + lost.why);
            }
        }
        StringBuilder text = new StringBuilder(table.text());
        for (Place referral : referrals) {
            text.append("Another discovery service: %s%n".formatted(referral));
        }
        return text.toString();
    }

    private static void add(TextTable table, Reachable found) {
        String place = found.place.toString();
        Model model = found.model;
        if (found.namespaces.isEmpty()) {
            table.row(found.nqn, place, model.number, model.serial, "none");
        }
        for (Disk disk : found.namespaces) {
            table.row(
                    found.nqn,
                    place,
                    model.number,
                    model.serial,
                    FieldTable.hexadecimal(Integer.toUnsignedLong(disk.nsid)),
                    disk.usage(),
                    disk.format(),
                    model.firmware);
        }
    }

    @Override
    public JsonObject json() {
        JsonArray offers = new JsonArray();
        for (Offer offer : subsystems) {
            JsonObject json = new JsonObject();
            json.addProperty("SubsystemNQN", offer.nqn());
            offer.place()
                    .json()
                    .entrySet()
                    .forEach(each -> json.add(each.getKey(), each.getValue()));
            switch (offer) {
                case Reachable found -> addTo(json, found);
                case Unreachable lost -> json.addProperty("Error", lost.why);
            }
            offers.add(json);
        }
        JsonArray others = new JsonArray();
        referrals.forEach(referral -> others.add(referral.json()));
        JsonObject json = new JsonObject();
        json.add("Subsystems", offers);
        json.add("Referrals", others);
        return json;
    }

    private static void addTo(JsonObject json, Reachable found) {
        json.addProperty("Firmware", found.model.firmware);
        json.addProperty("ModelNumber", found.model.number);
        json.addProperty("SerialNumber", found.model.serial);
        JsonArray namespaces = new JsonArray();
        found.namespaces.forEach(disk -> namespaces.add(disk.json()));
        json.add("Namespaces", namespaces);
    }
}
