package org.jnvmet.p2pmem.emulated;

import java.nio.file.Path;
import java.util.List;

/**
 * A machine that does not exist, written as the directory that sysfs would show of it. What each call adds
 * is on the disk when the call returns, so that a program that looks at the tree sees devices come and go.
 * A thread at a time; an {@link java.io.UncheckedIOException} says what could not be written.
 *
 * <pre>{@code
 * EmulatedTree tree = EmulatedTree.in(directory).cpu("GenuineIntel", 6);
 * EmulatedBus socket = tree.hostBridge(0, 0x00);
 * EmulatedBus fabric = socket.rootPort().below().upstreamPort().below();
 * fabric.downstreamPort().below().endpoint().nic().networkInterface("eth0");
 * fabric.downstreamPort().below().endpoint().nvme().memory(64 << 20).blockDevice("nvme0n1", 259, 0);
 * }</pre>
 */
public final class EmulatedTree {
    private final Path root;

    private EmulatedTree(Path root) {
        this.root = root;
    }

    /** An empty machine, in a directory that is made if need be. */
    public static EmulatedTree in(Path root) {
        Path absolute = SysfsDirectory.make(root.toAbsolutePath().normalize());
        SysfsDirectory.make(absolute.resolve("bus/pci/devices"));
        SysfsDirectory.make(absolute.resolve("class/block"));
        SysfsDirectory.make(absolute.resolve("class/net"));
        SysfsDirectory.make(absolute.resolve("dev/block"));
        return new EmulatedTree(absolute);
    }

    /** What to give for {@code /sys}. */
    public Path root() {
        return root;
    }

    /**
     * The processors, as {@code cpuinfo} in the root.
     *
     * @param vendor "AuthenticAMD", "GenuineIntel"
     * @param family decimal in the file; 0x17 is the first Zen
     */
    public EmulatedTree cpu(String vendor, int family) {
        SysfsDirectory.write(
                root.resolve("cpuinfo"),
                "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %d\nmodel\t\t: 1\n"
                        .formatted(vendor, family));
        return this;
    }

    /**
     * A host bridge with its root bus.
     *
     * @param domain 0 .. 0xffffffff
     * @param bus number of the root bus; the buses below take the numbers that follow
     */
    public EmulatedBus hostBridge(int domain, int bus) {
        Path directory = root.resolve("devices").resolve(EmulatedBus.name(domain, bus));
        return new EmulatedBus(this, SysfsDirectory.make(directory), domain, new int[] {bus});
    }

    /**
     * A block device that is not a PCI function's own: device-mapper, md, loop.
     *
     * @param slaves names of the block devices that it is made of
     */
    public EmulatedTree virtualBlockDevice(String name, int major, int minor, String... slaves) {
        Path directory = SysfsDirectory.make(root.resolve("devices/virtual/block").resolve(name));
        block(directory, major, minor);
        for (String slave : slaves) {
            SysfsDirectory.link(
                    directory.resolve("slaves").resolve(slave),
                    root.resolve("class/block").resolve(slave));
        }
        return this;
    }

    /**
     * A network interface that is made of others or of nothing.
     *
     * @param type what {@code uevent} calls it: "bond", "vlan", "bridge"; or "" as for lo
     * @param lower names of the interfaces below it
     */
    public EmulatedTree virtualNetworkInterface(String name, String type, String... lower) {
        Path directory = SysfsDirectory.make(root.resolve("devices/virtual/net").resolve(name));
        String devtype = type.isEmpty() ? "" : "DEVTYPE=" + type + "\n";
        SysfsDirectory.write(directory.resolve("uevent"), devtype + "INTERFACE=" + name);
        for (String each : lower) {
            SysfsDirectory.link(
                    directory.resolve("lower_" + each), root.resolve("class/net").resolve(each));
        }
        SysfsDirectory.link(root.resolve("class/net").resolve(name), directory);
        return this;
    }

    /**
     * An RDMA device of software only: rxe, siw.
     *
     * @param interfaces whose addresses it carries
     */
    public EmulatedTree virtualRdmaDevice(String name, String... interfaces) {
        Path directory =
                SysfsDirectory.make(root.resolve("devices/virtual/infiniband").resolve(name));
        gids(directory, interfaces);
        SysfsDirectory.link(root.resolve("class/infiniband").resolve(name), directory);
        return this;
    }

    /** The interface of each GID of the one port; those behind them are not in use, and read as nothing here. */
    static void gids(Path device, String... interfaces) {
        Path ndevs = SysfsDirectory.make(device.resolve("ports/1/gid_attrs/ndevs"));
        for (int i = 0; i < interfaces.length; i++) {
            SysfsDirectory.write(ndevs.resolve(Integer.toString(i)), interfaces[i]);
        }
        SysfsDirectory.write(ndevs.resolve(Integer.toString(interfaces.length)), "");
    }

    /**
     * A namespace of an NVMe subsystem that the kernel reaches through one controller or more (native
     * multipath): the head {@code nvme<subsystem>n<nsid>} and, below each controller, a device of the path.
     *
     * @param subsystem number of the subsystem
     * @param nsid the number in the names
     * @param controllers functions that lead there; controller <i>i</i> is {@code nvme<subsystem + i>}
     */
    public EmulatedTree multipathHead(
            int subsystem, int nsid, int major, int minor, List<EmulatedFunction> controllers) {
        Path home =
                SysfsDirectory.make(
                        root.resolve("devices/virtual/nvme-subsystem/nvme-subsys" + subsystem));
        for (int i = 0; i < controllers.size(); i++) {
            int number = subsystem + i;
            Path controller =
                    SysfsDirectory.make(
                            controllers.get(i).directory().resolve("nvme/nvme" + number));
            Path path =
                    SysfsDirectory.make(
                            controller.resolve("nvme%dc%dn%d".formatted(subsystem, number, nsid)));
            SysfsDirectory.link(home.resolve("nvme" + number), controller);
            SysfsDirectory.link(
                    root.resolve("class/block").resolve(String.valueOf(path.getFileName())), path);
        }
        block(
                SysfsDirectory.make(home.resolve("nvme%dn%d".formatted(subsystem, nsid))),
                major,
                minor);
        return this;
    }

    /** Writes the number of a block device, and the links that lead to its directory. */
    void block(Path directory, int major, int minor) {
        String number = major + ":" + minor;
        SysfsDirectory.write(directory.resolve("dev"), number);
        SysfsDirectory.link(
                root.resolve("class/block").resolve(String.valueOf(directory.getFileName())),
                directory);
        SysfsDirectory.link(root.resolve("dev/block").resolve(number), directory);
    }
}
