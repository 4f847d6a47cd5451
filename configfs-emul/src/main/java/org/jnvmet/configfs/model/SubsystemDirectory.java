package org.jnvmet.configfs.model;

import static org.jnvmet.configfs.model.Parse.bool;
import static org.jnvmet.configfs.model.Parse.line;
import static org.jnvmet.configfs.model.Parse.saturatedU32;
import static org.jnvmet.configfs.model.Parse.scannedU16;
import static org.jnvmet.configfs.model.Parse.u16;
import static org.jnvmet.configfs.model.Parse.version;

import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Subsystem;

/** {@code subsystems/<nqn>}. Replayed in this order any saved values are accepted: cntlid_max before cntlid_min. */
final class SubsystemDirectory {
    private SubsystemDirectory() {}

    static DirectorySpec of(Subsystem s) {
        return DirectorySpec.of(s)
                .readWrite(
                        "attr_allow_any_host",
                        () -> Show.bool(s.allowAnyHost()),
                        t -> s.allowAnyHost(bool("attr_allow_any_host", t)))
                .readWrite(
                        "attr_version",
                        () -> Show.version(s.version()),
                        t -> s.version(version("attr_version", t)))
                .readWrite("attr_serial", () -> Show.serial(s.serial()), t -> s.serial(line(t)))
                .readWrite("attr_model", s::model, t -> s.model(line(t)))
                .readWrite("attr_firmware", s::firmware, t -> s.firmware(line(t)))
                .readWrite(
                        "attr_ieee_oui",
                        () -> Show.oui(s.ieeeOui()),
                        t -> s.ieeeOui(saturatedU32("attr_ieee_oui", t)))
                .readWrite(
                        "attr_vendor_id",
                        () -> Show.hex(s.vendorId()),
                        t -> s.vendorId(u16("attr_vendor_id", t)))
                .readWrite(
                        "attr_subsys_vendor_id",
                        () -> Show.hex(s.subsystemVendorId()),
                        t -> s.subsystemVendorId(u16("attr_subsys_vendor_id", t)))
                .readWrite(
                        "attr_cntlid_max",
                        () -> Integer.toString(s.maxControllerId()),
                        t -> s.maxControllerId(scannedU16("attr_cntlid_max", t)))
                .readWrite(
                        "attr_cntlid_min",
                        () -> Integer.toString(s.minControllerId()),
                        t -> s.minControllerId(scannedU16("attr_cntlid_min", t)))
                .readWrite(
                        "attr_qid_max",
                        () -> Integer.toString(s.maxQueueId()),
                        t -> s.maxQueueId(scannedU16("attr_qid_max", t)))
                .group("allowed_hosts", AllowedHostsDirectory.of(s))
                .group("namespaces", NamespacesDirectory.of(s))
                .rmdir(() -> s.target().removeSubsystem(s))
                .build();
    }
}
