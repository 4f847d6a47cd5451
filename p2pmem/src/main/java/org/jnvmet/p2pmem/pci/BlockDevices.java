package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which PCI function does the DMA of a block device, and why none or no single one does. */
final class BlockDevices {
    /** The head of a namespace that the kernel reaches along several paths: nvme, subsystem, n, namespace. */
    private static final Pattern NVME_HEAD = Pattern.compile("nvme(\\d+)n(\\d+)");

    private final PciTree tree;

    BlockDevices(PciTree tree) {
        this.tree = tree;
    }

    Client client(String name, int major, int minor) {
        String number = major + ":" + minor;
        Path device = find(number);
        if (device == null) {
            return Client.none(
                    name, "there is no block device " + number + " below " + tree.root());
        }
        return clientOf(name, device);
    }

    /** The client that the block device of a directory, given without links, is. */
    Client clientOf(String name, Path device) {
        if (SysfsFiles.exists(device.resolve("partition"))) {
            Path disk = device.getParent();
            return disk == null
                    ? Client.none(name, "a partition of nothing")
                    : clientOf(name, disk);
        }
        String disk = SysfsFiles.name(device);
        if (DeviceLinks.isVirtual(tree, device)) {
            return isHead(device) ? head(name, device) : Client.none(name, virtual(disk, device));
        }
        PciFunction function = DeviceLinks.functionOf(tree, device);
        return function == null
                ? Client.none(name, "%s is the disk of no PCI function: %s".formatted(disk, device))
                : Client.of(name, function);
    }

    private @Nullable Path find(String number) {
        Path direct = SysfsFiles.real(tree.root().resolve("dev/block").resolve(number));
        if (direct != null) {
            return direct;
        }
        for (Path link : SysfsFiles.list(tree.root().resolve("class/block"))) {
            Path device = SysfsFiles.real(link);
            if (device != null) {
                if (number.equals(SysfsFiles.text(device.resolve("dev")))) {
                    return device;
                }
                // Copies of a tree may lack the links of partitions.
                for (Path part : SysfsFiles.list(device)) {
                    if (SysfsFiles.exists(part.resolve("partition"))
                            && number.equals(SysfsFiles.text(part.resolve("dev")))) {
                        return part;
                    }
                }
            }
        }
        return null;
    }

    private static boolean isHead(Path device) {
        Path above = device.getParent();
        return NVME_HEAD.matcher(SysfsFiles.name(device)).matches()
                && SysfsFiles.name(above).startsWith("nvme-subsys");
    }

    /**
     * A head has a path below each controller of its subsystem: nvme0n1 has nvme0c0n1, nvme0c1n1. I/O goes
     * along any of them, so that all have to lead through the same function.
     */
    private Client head(String name, Path head) {
        Matcher numbers = NVME_HEAD.matcher(SysfsFiles.name(head));
        if (!numbers.matches()) {
            throw new IllegalArgumentException(head + " is no head");
        }
        Pattern path =
                Pattern.compile("nvme%sc\\d+n%s".formatted(numbers.group(1), numbers.group(2)));
        Set<PciFunction> functions = new TreeSet<>((a, b) -> a.address().compareTo(b.address()));
        List<String> others = new ArrayList<>();
        for (Path device : paths(head, path)) {
            PciFunction function = DeviceLinks.functionOf(tree, device);
            if (function == null) {
                others.add(SysfsFiles.name(device));
            } else {
                functions.add(function);
            }
        }
        String disk = SysfsFiles.name(head);
        if (!others.isEmpty()) {
            return Client.none(
                    name,
                    "%s is reached through %s, which belongs to no PCI function (over a network?)"
                            .formatted(disk, String.join(" and ", others)));
        }
        if (functions.size() == 1) {
            return Client.of(name, functions.iterator().next());
        }
        return Client.none(
                name,
                functions.isEmpty()
                        ? disk + " is an NVMe multipath device without a path"
                        : "%s is reached along several paths, through %s: no single function does its DMA"
                                .formatted(
                                        disk,
                                        functions.stream()
                                                .map(each -> each.address().toString())
                                                .collect(Collectors.joining(" and "))));
    }

    private Set<Path> paths(Path head, Pattern name) {
        Set<Path> found = new TreeSet<>();
        Path subsystem = head.getParent();
        if (subsystem != null) {
            SysfsFiles.list(subsystem).forEach(link -> addMatching(link, name, found));
        }
        addMatching(tree.root().resolve("class/block"), name, found);
        addMatching(head.resolve("multipath"), name, found);
        return found;
    }

    private static void addMatching(Path directory, Pattern name, Set<Path> found) {
        for (Path entry : SysfsFiles.list(directory)) {
            Path device =
                    name.matcher(SysfsFiles.name(entry)).matches() ? SysfsFiles.real(entry) : null;
            if (device != null) {
                found.add(device);
            }
        }
    }

    private static String virtual(String disk, Path device) {
        if (disk.startsWith("dm-")) {
            return "%s is made %s by device-mapper, which does not pass peer memory on"
                    .formatted(disk, slaves(device));
        }
        if (disk.startsWith("md")) {
            return "%s is an array made %s by md: no single function does its DMA"
                    .formatted(disk, slaves(device));
        }
        if (disk.startsWith("loop")) {
            return disk + " is a file shown as a disk (loop): data is copied";
        }
        if (disk.startsWith("nbd")) {
            return disk + " is reached over a network (nbd): data is copied";
        }
        if (disk.startsWith("ram") || disk.startsWith("zram") || disk.startsWith("pmem")) {
            return disk + " is system memory shown as a disk: data is copied";
        }
        return disk + " is a device of software only: no PCI function does its DMA";
    }

    private static String slaves(Path device) {
        String names =
                SysfsFiles.list(device.resolve("slaves")).stream()
                        .map(SysfsFiles::name)
                        .collect(Collectors.joining(", "));
        return names.isEmpty() ? "of nothing we can see" : "of " + names;
    }
}
