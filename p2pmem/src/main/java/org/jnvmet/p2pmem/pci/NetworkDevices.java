package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which PCI function does the DMA of a network interface, and why none does. */
final class NetworkDevices {
    private static final String LOWER = "lower_";

    private final PciTree tree;

    NetworkDevices(PciTree tree) {
        this.tree = tree;
    }

    Client networkInterface(String name, String networkInterface) {
        Path device = find("class/net", networkInterface);
        if (device == null) {
            return Client.none(
                    name,
                    "there is no network interface '%s' below %s"
                            .formatted(networkInterface, tree.root()));
        }
        if (!DeviceLinks.isVirtual(tree, device)) {
            return physical(name, networkInterface, device);
        }
        if (type(device).equals("vlan")) {
            return vlan(name, networkInterface, device);
        }
        return Client.none(name, virtual(networkInterface, device));
    }

    private Client physical(String name, String device, Path directory) {
        return DeviceLinks.physical(tree, name, device, directory);
    }

    /** A tagged view of one interface, whose function does the DMA. */
    private Client vlan(String name, String networkInterface, Path device) {
        List<String> lower = lower(device);
        Path below = lower.size() == 1 ? find("class/net", lower.getFirst()) : null;
        if (below == null || DeviceLinks.isVirtual(tree, below)) {
            return Client.none(
                    name,
                    "%s is a VLAN on %s, which is no PCI function"
                            .formatted(networkInterface, names(lower)));
        }
        return physical(name, networkInterface, below);
    }

    private @Nullable Path find(String group, String name) {
        Path link = DeviceLinks.child(tree.root().resolve(group), name);
        return link == null ? null : SysfsFiles.place(link);
    }

    /** What the kernel calls an interface that is made of others. */
    private static String type(Path device) {
        String uevent = SysfsFiles.text(device.resolve("uevent"));
        return uevent == null
                ? ""
                : uevent.lines()
                        .filter(line -> line.startsWith("DEVTYPE="))
                        .map(line -> line.substring("DEVTYPE=".length()))
                        .findFirst()
                        .orElse("");
    }

    private static String virtual(String networkInterface, Path device) {
        if (networkInterface.equals("lo")) {
            return "lo is the loopback interface: data is copied, no device does DMA";
        }
        String type = type(device);
        List<String> lower = lower(device);
        boolean bridge = type.equals("bridge") || SysfsFiles.exists(device.resolve("bridge"));
        boolean bond = type.equals("bond") || SysfsFiles.exists(device.resolve("bonding"));
        if (bond || bridge || !lower.isEmpty()) {
            return "%s is a %s of %s: no single function does its DMA"
                    .formatted(
                            networkInterface,
                            bond ? "bond" : bridge ? "bridge" : "combination",
                            names(lower));
        }
        return networkInterface
                + " is an interface of software only (dummy, veth, tun): no PCI function does its DMA";
    }

    private static List<String> lower(Path device) {
        return SysfsFiles.list(device).stream()
                .map(SysfsFiles::name)
                .filter(entry -> entry.startsWith(LOWER))
                .map(entry -> entry.substring(LOWER.length()))
                .toList();
    }

    private static String names(List<String> names) {
        return names.isEmpty() ? "no interface that we can see" : String.join(", ", names);
    }
}
