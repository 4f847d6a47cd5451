package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** From the directory of a device up to the PCI function that does its DMA. */
final class DeviceLinks {
    private DeviceLinks() {}

    /** The nearest function of the tree at or above a directory, given without links; null: there is none. */
    static @Nullable PciFunction functionOf(PciTree tree, @Nullable Path device) {
        for (Path at = device; at != null; at = at.getParent()) {
            PciAddress address = PciAddress.parse(SysfsFiles.name(at));
            if (address != null) {
                return tree.function(address);
            }
        }
        return null;
    }

    /**
     * The client that a device with that directory is.
     *
     * @param name of the client
     * @param device its own name
     */
    static Client physical(PciTree tree, String name, String device, Path directory) {
        PciFunction function = functionOf(tree, directory);
        if (function == null) {
            // Directories of copied trees need not be where the kernel had them; the link says it
            // too.
            function = functionOf(tree, SysfsFiles.real(directory.resolve("device")));
        }
        return function == null
                ? Client.none(
                        name, "%s belongs to no PCI function: %s".formatted(device, directory))
                : Client.of(name, function);
    }

    /** Whether a directory, given without links, is that of a device that exists in software only. */
    static boolean isVirtual(PciTree tree, Path device) {
        Path root = SysfsFiles.real(tree.root());
        return root != null && device.startsWith(root.resolve("devices/virtual"));
    }

    /** A name that someone gave us, as the name of a file in a directory; null: it is none. */
    static @Nullable Path child(Path directory, String name) {
        boolean plain =
                !name.isEmpty()
                        && !name.equals(".")
                        && !name.equals("..")
                        && name.indexOf('/') < 0
                        && name.indexOf('\0') < 0;
        return plain ? directory.resolve(name) : null;
    }
}
