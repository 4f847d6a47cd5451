package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which PCI function does the DMA of an RDMA device, which device carries an interface's addresses, and why none does. */
final class RdmaDevices {
    private static final String CLASS = "class/infiniband";

    /** What siw says of itself on kernels that show it below the interface's function. */
    private static final String SOFTWARE_IWARP = "Software iWARP";

    private final PciTree tree;

    RdmaDevices(PciTree tree) {
        this.tree = tree;
    }

    List<String> names() {
        return SysfsFiles.list(tree.root().resolve(CLASS)).stream().map(SysfsFiles::name).toList();
    }

    /** The client that the device of that name is. */
    Client device(String name, String device) {
        Path directory = find(CLASS, device);
        if (directory == null) {
            return Client.none(
                    name, "there is no RDMA device '%s' below %s".formatted(device, tree.root()));
        }
        if (isSoftware(directory)) {
            return Client.none(
                    name,
                    device
                            + " is an RDMA device of software only (rxe, siw): the processor copies, nothing does DMA");
        }
        return DeviceLinks.physical(tree, name, device, directory);
    }

    /**
     * The client that carries the addresses of an interface: the device one of whose GIDs is of the interface, or
     * that is the same function. Where a software device lies on an interface that has one of its own, that one.
     */
    Client of(String networkInterface) {
        Client software = null;
        for (String device : carriers(networkInterface)) {
            Client client =
                    device(
                            "RDMA device %s of interface %s".formatted(device, networkInterface),
                            device);
            if (client.function() != null) {
                return client;
            }
            software = client;
        }
        return software == null
                ? Client.none(
                        "interface " + networkInterface,
                        "no RDMA device below %s/%s carries it".formatted(tree.root(), CLASS))
                : software;
    }

    private List<String> carriers(String networkInterface) {
        List<String> carriers = new ArrayList<>();
        List<String> all = names();
        for (String device : all) {
            if (hasGidOf(device, networkInterface)) {
                carriers.add(device);
            }
        }
        if (carriers.isEmpty()) { // GIDs of InfiniBand name no interface, nor did those of iWARP
            PciFunction function =
                    new NetworkDevices(tree)
                            .networkInterface(networkInterface, networkInterface)
                            .function();
            for (String device : all) {
                if (function != null && function.equals(device(device, device).function())) {
                    carriers.add(device);
                }
            }
        }
        return carriers;
    }

    private boolean hasGidOf(String device, String networkInterface) {
        Path directory = find(CLASS, device);
        if (directory == null) {
            return false;
        }
        for (Path port : SysfsFiles.list(directory.resolve("ports"))) {
            for (Path entry : SysfsFiles.list(port.resolve("gid_attrs/ndevs"))) {
                if (networkInterface.equals(SysfsFiles.text(entry))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** rxe alone tells on which interface it lies, by {@code parent}. */
    private boolean isSoftware(Path directory) {
        String description = SysfsFiles.text(directory.resolve("node_desc"));
        return DeviceLinks.isVirtual(tree, directory)
                || SysfsFiles.exists(directory.resolve("parent"))
                || (description != null && description.startsWith(SOFTWARE_IWARP));
    }

    private @Nullable Path find(String group, String name) {
        Path link = DeviceLinks.child(tree.root().resolve(group), name);
        return link == null ? null : SysfsFiles.place(link);
    }
}
