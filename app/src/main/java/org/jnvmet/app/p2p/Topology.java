package org.jnvmet.app.p2p;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jnvmet.p2pmem.pci.Acs;
import org.jnvmet.p2pmem.pci.HostBridges;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.p2pmem.pci.PciFunction;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jspecify.annotations.Nullable;

/**
 * A PCI tree from above to below, in words.
 *
 * @param bridges the host bridges in the order of enumeration
 */
record Topology(PciTree tree, List<Bridge> bridges) {
    /** Classes that people look for here (PCI Code and ID Assignment, class and subclass). */
    private static final Map<Integer, String> CLASSES =
            Map.ofEntries(
                    Map.entry(0x0100, "SCSI controller"),
                    Map.entry(0x0104, "RAID controller"),
                    Map.entry(0x0106, "SATA controller"),
                    Map.entry(0x0107, "SAS controller"),
                    Map.entry(0x0108, "NVMe controller"),
                    Map.entry(0x0180, "storage controller"),
                    Map.entry(0x0200, "Ethernet controller"),
                    Map.entry(0x0207, "InfiniBand controller"),
                    Map.entry(0x0280, "network controller"),
                    Map.entry(0x0300, "VGA controller"),
                    Map.entry(0x0302, "3D controller"),
                    Map.entry(0x0403, "audio device"),
                    Map.entry(0x0500, "RAM"),
                    Map.entry(0x0502, "CXL memory"),
                    Map.entry(0x0580, "memory controller"),
                    Map.entry(0x0601, "ISA bridge"),
                    Map.entry(0x0880, "system peripheral"),
                    Map.entry(0x0c03, "USB controller"),
                    Map.entry(0x0c05, "SMBus"),
                    Map.entry(0x1200, "accelerator"));

    /**
     * A host bridge.
     *
     * @param name of its root bus: {@code pci0000:00}
     * @param routes whether requests get from one of its root ports to another
     */
    record Bridge(String name, HostBridges.Routes routes, List<Node> functions) {
        /** In words. */
        String routing() {
            return switch (routes) {
                case NOT_LISTED -> "not known to route between its root ports";
                case WITHIN -> "routes between its own root ports";
                case EVERYWHERE -> "routes between root ports";
            };
        }
    }

    /**
     * A function.
     *
     * @param devices names of its disks and interfaces
     */
    record Node(PciFunction function, List<String> devices, List<Node> below) {
        String address() {
            return function.address().toString();
        }

        boolean isClient() {
            return !devices.isEmpty();
        }

        String kind() {
            return switch (function.kind()) {
                case ROOT_PORT -> "root port";
                case UPSTREAM_PORT -> "switch, upstream port";
                case DOWNSTREAM_PORT -> "switch, downstream port";
                case BRIDGE -> "bridge";
                case HOST_BRIDGE -> "host bridge";
                case ENDPOINT ->
                        function.classCode() < 0
                                ? "function"
                                : CLASSES.getOrDefault(
                                        function.classCode() >> 8,
                                        "class %06x".formatted(function.classCode()));
            };
        }

        /** Vendor and device identifier. */
        String ids() {
            return id(function.vendor()) + ":" + id(function.device());
        }

        private static String id(int id) {
            return id < 0 ? "????" : "%04x".formatted(id);
        }

        /** What Access Control Services do to requests between peers; empty where there are none. */
        String acs() {
            Acs acs = function.acs();
            return switch (acs.state()) {
                case ABSENT -> "";
                case UNREADABLE -> "ACS?";
                case PRESENT -> acs.redirects() ? "redirects " + acs.redirectBits() : "off";
            };
        }

        /** "provider", with its memory, and "client". */
        String role() {
            List<String> roles = new ArrayList<>();
            PciFunction.Memory memory = function.memory();
            if (memory != null) {
                roles.add(
                        "%s %s, %s available"
                                .formatted(
                                        memory.published() ? "provider" : "memory, not published,",
                                        binary(memory.bytes()),
                                        binary(memory.availableBytes())));
            }
            if (isClient()) {
                roles.add("client");
            }
            return String.join("; ", roles);
        }
    }

    static Topology of(PciTree tree) {
        Map<PciAddress, List<String>> names = tree.deviceNames();
        Map<PciAddress, Node> nodes = new LinkedHashMap<>();
        for (PciFunction function : tree.functions()) {
            List<String> devices = names.getOrDefault(function.address(), List.of());
            nodes.put(function.address(), new Node(function, devices, new ArrayList<>()));
        }
        Map<String, Bridge> bridges = new LinkedHashMap<>();
        for (Node node : nodes.values()) {
            Node above = above(nodes, node);
            if (above == null) {
                bridges.computeIfAbsent(
                                node.function.hostBridge(),
                                name ->
                                        new Bridge(
                                                name,
                                                HostBridges.routes(tree, name),
                                                new ArrayList<>()))
                        .functions
                        .add(node);
            } else {
                above.below.add(node);
            }
        }
        return new Topology(tree, List.copyOf(bridges.values()));
    }

    private static @Nullable Node above(Map<PciAddress, Node> nodes, Node node) {
        PciFunction upstream = node.function.upstream();
        return upstream == null ? null : nodes.get(upstream.address());
    }

    /** What the processor does for requests between root ports, in a sentence. */
    String processor() {
        return tree.cpuRoutesBetweenRootPorts()
                ? "The processor routes between all root ports (AMD family 17h or later)."
                : "The processor is not known to route between root ports (not AMD family 17h or later).";
    }

    /** A number of bytes in the largest unit that keeps it above one. */
    static String binary(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        String digits = value == Math.rint(value) ? "%.0f" : "%.1f";
        return digits.formatted(value) + " " + units[unit];
    }
}
