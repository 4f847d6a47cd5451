package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The PCI functions of a machine, read once below a sysfs root: {@code /sys}, a captured copy or an
 * emulated one. Immutable; only the links that lead from a device to its function are followed when they
 * are asked for. Any thread.
 */
public interface PciTree {
    /** The real one. */
    Path SYSFS = Path.of("/sys");

    /** Reads a tree; what is missing or cannot be read is left out and noted in {@link #remarks}. Never fails. */
    static PciTree read(Path sysfs) {
        return read(sysfs, Map.of());
    }

    /** As {@link #read(Path)}; those functions have the memory given here, whatever the tree says. */
    static PciTree read(Path sysfs, Map<PciAddress, PciFunction.Memory> handedIn) {
        return new SysfsReader(sysfs, handedIn).read();
    }

    Path root();

    /** All functions in the order of enumeration. */
    List<PciFunction> functions();

    @Nullable PciFunction function(PciAddress address);

    /** Whether the processor routes between all root ports: AMD of family 17h and later. */
    boolean cpuRoutesBetweenRootPorts();

    /** The device that says what a root bus's host bridge is: the first in the list of the root bus. */
    @Nullable PciFunction firstOfRootBus(String hostBridge);

    /** What could not be read, a sentence each: "config of 0000:00:05.0 has 64 bytes: not root?". */
    List<String> remarks();

    /** The client that a block device of that number is; for a partition its disk, for a multipath head its one path. */
    Client blockDevice(String name, int major, int minor);

    /** The client that a network interface is. */
    Client networkInterface(String name, String networkInterface);

    /** The client that an RDMA device is; software devices are none. */
    Client rdmaDevice(String name, String device);

    /**
     * The client that the RDMA device is which carries the addresses of a network interface; software devices are
     * none.
     */
    Client rdmaDeviceOf(String networkInterface);

    /** Names of the block devices, network interfaces and RDMA devices of each function that has any. */
    Map<PciAddress, List<String>> deviceNames();
}
