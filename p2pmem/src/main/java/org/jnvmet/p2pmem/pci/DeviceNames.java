package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What the machine calls the disks and interfaces of its functions. */
final class DeviceNames {
    /** A path of a multipath head: nobody uses it by that name. */
    private static final Pattern NVME_PATH = Pattern.compile("nvme\\d+c\\d+n\\d+");

    private final PciTree tree;
    private final Map<PciAddress, List<String>> names = new TreeMap<>();

    DeviceNames(PciTree tree) {
        this.tree = tree;
    }

    Map<PciAddress, List<String>> all() {
        BlockDevices disks = new BlockDevices(tree);
        for (Path link : entries("class/block")) {
            Path device = SysfsFiles.place(link);
            String name = SysfsFiles.name(link);
            boolean part = device != null && SysfsFiles.exists(device.resolve("partition"));
            if (device != null && !part && !NVME_PATH.matcher(name).matches()) {
                add(disks.clientOf(name, device));
            }
        }
        NetworkDevices interfaces = new NetworkDevices(tree);
        for (Path link : entries("class/net")) {
            String name = SysfsFiles.name(link);
            add(interfaces.networkInterface(name, name));
        }
        RdmaDevices rdma = new RdmaDevices(tree);
        for (String name : rdma.names()) {
            add(rdma.device(name, name));
        }
        return names;
    }

    private List<Path> entries(String group) {
        return SysfsFiles.list(tree.root().resolve(group));
    }

    private void add(Client client) {
        if (client.function() != null) {
            names.computeIfAbsent(client.function().address(), _ -> new ArrayList<>())
                    .add(client.name());
        }
    }
}
