package org.jnvmet.p2pmem.emulated;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.p2pmem.pci.PciAddress;

/** A bus of an emulated machine: functions are put on it one after the other. */
public final class EmulatedBus {
    private static final int NO_PCIE = -1;
    private static final int ENDPOINT = 0;
    private static final int ROOT_PORT = 4;
    private static final int UPSTREAM_PORT = 5;
    private static final int DOWNSTREAM_PORT = 6;
    private static final int INTEGRATED_ENDPOINT = 9;
    private static final int BRIDGE_CLASS = 0x060400;

    private final EmulatedTree tree;
    private final Path directory;
    private final int domain;
    private final int bus;
    private final boolean root;

    /** The highest bus number in use below the host bridge; shared by its buses. */
    private final int[] highest;

    private int nextDevice;
    private int nextFunction;

    /** Whether the user said where; otherwise places that are taken are passed over. */
    private boolean placed;

    /** A root bus. */
    EmulatedBus(EmulatedTree tree, Path directory, int domain, int[] highest) {
        this(tree, directory, domain, highest, true);
    }

    private EmulatedBus(
            EmulatedTree tree, Path directory, int domain, int[] highest, boolean root) {
        this.tree = tree;
        this.directory = directory;
        this.domain = domain;
        this.bus = highest[0];
        this.root = root;
        this.highest = highest;
        if (bus > 0xff) {
            throw new IllegalArgumentException("bus %d: a domain has 256".formatted(bus));
        }
    }

    static String name(int domain, int bus) {
        return "pci%04x:%02x".formatted(domain, bus);
    }

    /** Where the next function goes; the one after it takes the next device number. */
    public EmulatedBus at(int device, int function) {
        nextDevice = device;
        nextFunction = function;
        placed = true;
        return this;
    }

    /** The device that stands for the host bridge, on a root bus at 00.0. */
    public EmulatedFunction hostBridgeDevice(int vendor, int device) {
        return put(NO_PCIE).classCode(0x060000).ids(vendor, device);
    }

    public EmulatedFunction rootPort() {
        return put(ROOT_PORT).classCode(BRIDGE_CLASS).ids(0x1b36, 0x000c);
    }

    public EmulatedFunction upstreamPort() {
        return put(UPSTREAM_PORT).classCode(BRIDGE_CLASS).ids(0x104c, 0x8232);
    }

    public EmulatedFunction downstreamPort() {
        return put(DOWNSTREAM_PORT).classCode(BRIDGE_CLASS).ids(0x104c, 0x8233);
    }

    /** A device; integrated into the root complex when this is a root bus. */
    public EmulatedFunction endpoint() {
        return put(root ? INTEGRATED_ENDPOINT : ENDPOINT).classCode(0x088000).ids(0x1b36, 0x0005);
    }

    /** A conventional PCI device, without the capabilities of PCI Express. */
    public EmulatedFunction conventional() {
        return put(NO_PCIE).classCode(0x088000).ids(0x1b36, 0x0005);
    }

    /**
     * A domain of its own behind a function, as Volume Management Devices have: its root bus lies in the
     * function's directory, and nothing is upstream of it.
     */
    static EmulatedBus domainBehind(EmulatedTree tree, Path function, int domain, int bus) {
        Path directory = SysfsDirectory.make(function.resolve(name(domain, bus)));
        return new EmulatedBus(tree, directory, domain, new int[] {bus});
    }

    /** The bus behind a bridge that lies on this one. */
    EmulatedBus secondary(Path bridge) {
        highest[0]++;
        return new EmulatedBus(tree, bridge, domain, highest, false);
    }

    private EmulatedFunction put(int portType) {
        PciAddress address = next();
        while (isTaken(address)) {
            if (placed) {
                throw new IllegalArgumentException(address + " is there already");
            }
            nextDevice++;
            address = next();
        }
        placed = false;
        nextDevice++;
        nextFunction = 0;
        return new EmulatedFunction(
                tree, this, directory.resolve(address.toString()), address, portType);
    }

    private PciAddress next() {
        if (nextDevice > 31 || nextFunction > 7) {
            throw new IllegalArgumentException(
                    "device %d, function %d: a bus has 32 devices of 8 functions"
                            .formatted(nextDevice, nextFunction));
        }
        return new PciAddress(domain, bus, nextDevice, nextFunction);
    }

    private boolean isTaken(PciAddress address) {
        return Files.exists(directory.resolve(address.toString()));
    }
}
