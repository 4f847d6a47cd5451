package org.jnvmet.p2pmem.pci;

import org.jspecify.annotations.Nullable;

/**
 * A PCI function as sysfs shows it. Immutable.
 *
 * @param address where it is
 * @param vendor vendor identifier, -1 where unknown
 * @param device device identifier, -1 where unknown
 * @param classCode class, subclass and programming interface, 24 bits, -1 where unknown
 * @param kind what it is in the hierarchy
 * @param upstream the bridge above it; null: it lies on a root bus
 * @param hostBridge name of the root bus's directory, {@code pci0000:00}
 * @param acs its Access Control Services
 * @param memory its peer memory, if it has any
 */
public record PciFunction(
        PciAddress address,
        int vendor,
        int device,
        int classCode,
        Kind kind,
        @Nullable PciFunction upstream,
        String hostBridge,
        Acs acs,
        @Nullable Memory memory) {
    /** Place in the hierarchy, of the PCI Express capability's Device/Port Type or the class. */
    public enum Kind {
        ENDPOINT,
        ROOT_PORT,
        UPSTREAM_PORT,
        DOWNSTREAM_PORT,
        /** Another bridge. */
        BRIDGE,
        HOST_BRIDGE
    }

    /**
     * The group {@code p2pmem} of a function.
     *
     * @param bytes {@code size}
     * @param availableBytes {@code available} when the tree was read
     * @param published whether others may use it
     */
    public record Memory(long bytes, long availableBytes, boolean published) {}

    /** Whether its memory may be staged in. */
    public boolean isProvider() {
        return memory != null && memory.published();
    }
}
