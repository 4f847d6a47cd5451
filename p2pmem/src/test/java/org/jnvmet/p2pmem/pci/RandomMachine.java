package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.jnvmet.p2pmem.pci.PciFunction.Kind;

/**
 * A machine by dice: one to three host bridges, up to thirty functions each, bridges within bridges, memory
 * and Access Control Services anywhere. As numbers, as functions, or written as a directory.
 */
final class RandomMachine {
    private static final int NONE = -1;
    private static final int BUSES = 0x40;

    private static final List<String> IDS =
            List.of(
                    "8086:2f00",
                    "8086:3c01",
                    "8086:09a2",
                    "8086:2030",
                    "1ae0:1234",
                    "10de:2f96",
                    "10de:2f99",
                    "8086:29c0",
                    "1b36:000c",
                    "1022:1480");

    /** A function: its parent by index, -1 on a root bus. */
    private record Node(
            int bridge,
            int parent,
            Kind kind,
            String ids,
            int acs,
            boolean memory,
            boolean published,
            PciAddress address) {}

    private final List<Node> nodes = new ArrayList<>();
    private final boolean zen;

    RandomMachine(RandomGenerator random) {
        zen = random.nextInt(8) == 0;
        int bridges = 1 + random.nextInt(3);
        for (int bridge = 0; bridge < bridges; bridge++) {
            fill(bridge, random);
        }
    }

    private void fill(int bridge, RandomGenerator random) {
        int count = 1 + random.nextInt(15);
        int begin = nodes.size();
        boolean redirecting = random.nextInt(3) == 0;
        int[] devices = new int[count + 1];
        devices[0] = random.nextInt(2);
        Map<Integer, Integer> buses = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int parent = i == 0 ? NONE : parent(begin, random);
            int bus = parent == NONE ? 0 : buses.computeIfAbsent(parent, _ -> buses.size() + 1);
            PciAddress address = new PciAddress(0, bridge * BUSES + bus, devices[bus]++, 0);
            int acs = random.nextInt(4) > 0 ? NONE : redirecting ? random.nextInt(128) : 0x53;
            boolean memory = random.nextInt(3) == 0;
            nodes.add(
                    new Node(
                            bridge,
                            parent,
                            kind(parent, random),
                            IDS.get(random.nextInt(IDS.size())),
                            acs,
                            memory,
                            memory && random.nextInt(4) > 0,
                            address));
        }
    }

    /** Any earlier bridge of the same host bridge, or the root bus. */
    private int parent(int begin, RandomGenerator random) {
        int candidate = begin + random.nextInt(nodes.size() - begin + 1);
        boolean bridge = candidate < nodes.size() && nodes.get(candidate).kind != Kind.ENDPOINT;
        return bridge ? candidate : NONE;
    }

    private static Kind kind(int parent, RandomGenerator random) {
        if (random.nextInt(3) == 0) {
            return Kind.ENDPOINT;
        }
        return parent == NONE
                ? Kind.ROOT_PORT
                : random.nextBoolean() ? Kind.UPSTREAM_PORT : Kind.DOWNSTREAM_PORT;
    }

    int size() {
        return nodes.size();
    }

    int parent(int node) {
        return nodes.get(node).parent;
    }

    int bridge(int node) {
        return nodes.get(node).bridge;
    }

    Kind kind(int node) {
        return nodes.get(node).kind;
    }

    /** Four digits, a colon, four digits. */
    String ids(int node) {
        return nodes.get(node).ids;
    }

    /** The control register, -1: no such capability. */
    int acs(int node) {
        return nodes.get(node).acs;
    }

    boolean published(int node) {
        return nodes.get(node).published;
    }

    PciAddress address(int node) {
        return nodes.get(node).address;
    }

    boolean zen() {
        return zen;
    }

    private static int id(String ids, int from) {
        return Integer.parseInt(ids.substring(from, from + 4), 16);
    }

    /** Without a directory. */
    PciTree tree() {
        List<PciFunction> functions = new ArrayList<>();
        for (Node node : nodes) {
            Acs acs =
                    node.acs < 0
                            ? new Acs(Acs.State.ABSENT, 0)
                            : new Acs(Acs.State.PRESENT, node.acs);
            functions.add(
                    new PciFunction(
                            node.address,
                            id(node.ids, 0),
                            id(node.ids, 5),
                            node.kind == Kind.ENDPOINT ? 0x088000 : 0x060400,
                            node.kind,
                            node.parent < 0 ? null : functions.get(node.parent),
                            "pci0000:%02x".formatted(node.bridge * BUSES),
                            acs,
                            node.memory
                                    ? new PciFunction.Memory(4096, 4096, node.published)
                                    : null));
        }
        functions.sort((a, b) -> a.address().compareTo(b.address()));
        return new SysfsTree(Path.of("nowhere"), functions, zen, List.of());
    }

    /** As a directory. */
    void write(Path root) {
        EmulatedTree tree = EmulatedTree.in(root).cpu("AuthenticAMD", zen ? 0x19 : 0x15);
        Map<Integer, EmulatedBus> roots = new HashMap<>();
        List<EmulatedFunction> written = new ArrayList<>();
        for (Node node : nodes) {
            EmulatedBus bus =
                    node.parent < 0
                            ? roots.computeIfAbsent(
                                    node.bridge, each -> tree.hostBridge(0, each * BUSES))
                            : written.get(node.parent).below();
            written.add(write(bus.at(node.address.device(), 0), node));
        }
    }

    private static EmulatedFunction write(EmulatedBus bus, Node node) {
        EmulatedFunction function =
                switch (node.kind) {
                    case ROOT_PORT -> bus.rootPort();
                    case UPSTREAM_PORT -> bus.upstreamPort();
                    case DOWNSTREAM_PORT -> bus.downstreamPort();
                    default -> bus.endpoint();
                };
        function.ids(id(node.ids, 0), id(node.ids, 5));
        if (node.acs >= 0) {
            function.acs(node.acs);
        }
        if (node.memory) {
            function.memory(4096).published(node.published);
        }
        return function;
    }
}
