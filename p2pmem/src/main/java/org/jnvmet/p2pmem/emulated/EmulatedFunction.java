package org.jnvmet.p2pmem.emulated;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jspecify.annotations.Nullable;

/** A PCI function of an emulated machine: what it is, what its driver shows of it. */
public final class EmulatedFunction {
    private static final Pattern NVME = Pattern.compile("(nvme\\d+)n\\d+");

    private final EmulatedTree tree;
    private final EmulatedBus bus;
    private final Path directory;
    private final PciAddress address;
    private final EmulatedConfig config;
    private @Nullable EmulatedBus below;

    EmulatedFunction(
            EmulatedTree tree, EmulatedBus bus, Path directory, PciAddress address, int portType) {
        this.tree = tree;
        this.bus = bus;
        this.directory = SysfsDirectory.make(directory);
        this.address = address;
        this.config = new EmulatedConfig(portType);
        SysfsDirectory.link(
                tree.root().resolve("bus/pci/devices").resolve(address.toString()), directory);
    }

    public PciAddress address() {
        return address;
    }

    /** Where its attributes are. */
    public Path directory() {
        return directory;
    }

    /** The bus behind it, if it is a bridge; the same one at each call. */
    public EmulatedBus below() {
        if (below == null) {
            below = bus.secondary(directory);
        }
        return below;
    }

    /** A domain of its own behind it, as a Volume Management Device has. */
    public EmulatedBus domainBehind(int domain, int rootBus) {
        return EmulatedBus.domainBehind(tree, directory, domain, rootBus);
    }

    /** Vendor and device identifier. */
    public EmulatedFunction ids(int vendor, int device) {
        config.ids(vendor, device);
        SysfsDirectory.write(directory.resolve("vendor"), "0x%04x".formatted(vendor));
        SysfsDirectory.write(directory.resolve("device"), "0x%04x".formatted(device));
        return writeConfig();
    }

    /** Class, subclass and programming interface. */
    public EmulatedFunction classCode(int code) {
        config.classCode(code);
        SysfsDirectory.write(directory.resolve("class"), "0x%06x".formatted(code));
        return writeConfig();
    }

    /** Is an NVMe controller. */
    public EmulatedFunction nvme() {
        return classCode(0x010802).ids(0x1b36, 0x0010);
    }

    /** Is an Ethernet controller. */
    public EmulatedFunction nic() {
        return classCode(0x020000).ids(0x15b3, 0x1019);
    }

    /** Has Access Control Services with this control register. */
    public EmulatedFunction acs(int control) {
        config.acs(control);
        return writeConfig();
    }

    /** Shows the first bytes of its configuration space only: 64 without privileges, 256 before PCI Express. */
    public EmulatedFunction configBytes(int bytes) {
        config.visible(bytes);
        return writeConfig();
    }

    /**
     * Has peer memory, published, all of it free; {@code allocate} is a sparse file of that size.
     *
     * @param bytes a multiple of 4,096
     */
    public EmulatedFunction memory(long bytes) {
        Path group = SysfsDirectory.make(directory.resolve("p2pmem"));
        SysfsDirectory.write(group.resolve("size"), Long.toString(bytes));
        SysfsDirectory.write(group.resolve("available"), Long.toString(bytes));
        try (RandomAccessFile file =
                new RandomAccessFile(group.resolve("allocate").toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return published(true);
    }

    /** Whether others may use its memory. */
    public EmulatedFunction published(boolean published) {
        SysfsDirectory.write(directory.resolve("p2pmem/published"), published ? "1" : "0");
        return this;
    }

    /** Takes its memory away, as a driver does that lets go of the device. */
    public EmulatedFunction removeMemory() {
        SysfsDirectory.remove(directory.resolve("p2pmem"));
        return this;
    }

    /**
     * Has a disk.
     *
     * @param name {@code nvme0n1} lies below {@code nvme/nvme0}, other names below {@code block}
     */
    public EmulatedFunction blockDevice(String name, int major, int minor) {
        Matcher nvme = NVME.matcher(name);
        if (nvme.matches()) {
            Path controller = SysfsDirectory.make(directory.resolve("nvme").resolve(nvme.group(1)));
            Path disk = SysfsDirectory.make(controller.resolve(name));
            SysfsDirectory.link(controller.resolve("device"), directory);
            SysfsDirectory.link(disk.resolve("device"), controller);
            tree.block(disk, major, minor);
        } else {
            tree.block(SysfsDirectory.make(directory.resolve("block").resolve(name)), major, minor);
        }
        return this;
    }

    /**
     * Divides a disk of this function.
     *
     * @param name {@code nvme0n1p1}
     */
    public EmulatedFunction partition(String disk, String name, int major, int minor) {
        try {
            Path parent = tree.root().resolve("class/block").resolve(disk).toRealPath();
            Path part = SysfsDirectory.make(parent.resolve(name));
            SysfsDirectory.write(part.resolve("partition"), "1");
            tree.block(part, major, minor);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return this;
    }

    /** Is a network interface; {@code lo} too, so that a demonstration needs no other one. */
    public EmulatedFunction networkInterface(String name) {
        Path home = SysfsDirectory.make(directory.resolve("net").resolve(name));
        SysfsDirectory.link(home.resolve("device"), directory);
        SysfsDirectory.write(home.resolve("uevent"), "INTERFACE=" + name);
        SysfsDirectory.link(tree.root().resolve("class/net").resolve(name), home);
        return this;
    }

    /**
     * Is an RDMA device.
     *
     * @param interfaces whose addresses it carries, as its GIDs tell
     */
    public EmulatedFunction rdmaDevice(String name, String... interfaces) {
        Path home = SysfsDirectory.make(directory.resolve("infiniband").resolve(name));
        EmulatedTree.gids(home, interfaces);
        SysfsDirectory.link(home.resolve("device"), directory);
        SysfsDirectory.link(tree.root().resolve("class/infiniband").resolve(name), home);
        return this;
    }

    /** Pulls it out, with all that is below it. Links of its disks and interfaces stay, broken. */
    public void remove() {
        SysfsDirectory.remove(directory);
        try {
            Files.deleteIfExists(
                    tree.root().resolve("bus/pci/devices").resolve(address.toString()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private EmulatedFunction writeConfig() {
        SysfsDirectory.write(directory.resolve("config"), config.bytes());
        return this;
    }
}
