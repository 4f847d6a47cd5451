package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;
import static org.jnvmet.p2pmem.pci.MapType.BUS_ADDR;
import static org.jnvmet.p2pmem.pci.MapType.NOT_SUPPORTED;
import static org.jnvmet.p2pmem.pci.MapType.THRU_HOST_BRIDGE;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The topologies that everybody who stages data should know by heart, with their distances and map types. */
final class WorkedExamplesTest {
    private static final long MEMORY = 1 << 20;

    @TempDir private Path sysfs;

    /** What the processor and its host bridges are known for. */
    enum Platform {
        UNKNOWN(0x29c0, "GenuineIntel", 6),
        LISTED(0x09a2, "GenuineIntel", 6),
        LISTED_WITHIN(0x2f00, "GenuineIntel", 6),
        ZEN(0x29c0, "AuthenticAMD", 0x17);

        private final int bridge;
        private final String vendor;
        private final int family;

        Platform(int bridge, String vendor, int family) {
            this.bridge = bridge;
            this.vendor = vendor;
            this.family = family;
        }

        EmulatedTree tree(Path root) {
            return EmulatedTree.in(root).cpu(vendor, family);
        }

        EmulatedBus socket(EmulatedTree tree, int bus) {
            EmulatedBus socket = tree.hostBridge(0, bus);
            socket.hostBridgeDevice(0x8086, bridge);
            return socket;
        }
    }

    /**
     * A provider, a client and the bridge between them that a user would think of.
     *
     * @param onTheWay a downstream port on the way, or what comes nearest
     */
    record Pair(
            EmulatedFunction provider,
            EmulatedFunction client,
            @Nullable EmulatedFunction onTheWay) {}

    /** Builds the pair on one socket, and on a second one where it needs it. */
    interface Topology {
        Pair build(Function<Integer, EmulatedBus> socket);
    }

    /**
     * What must come out.
     *
     * @param types with ACS off, on each platform in the order of {@link Platform}
     * @param redirected the same with a redirect on the way
     */
    record Example(
            String name,
            Topology topology,
            int distance,
            List<MapType> types,
            List<MapType> redirected) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final List<MapType> DIRECT = List.of(BUS_ADDR, BUS_ADDR, BUS_ADDR, BUS_ADDR);
    private static final List<MapType> ONE_BRIDGE =
            List.of(NOT_SUPPORTED, THRU_HOST_BRIDGE, THRU_HOST_BRIDGE, THRU_HOST_BRIDGE);
    private static final List<MapType> TWO_BRIDGES =
            List.of(NOT_SUPPORTED, THRU_HOST_BRIDGE, NOT_SUPPORTED, THRU_HOST_BRIDGE);

    private static EmulatedBus fabricBelow(EmulatedFunction port) {
        return port.below().upstreamPort().below();
    }

    private static EmulatedFunction deviceBelow(EmulatedFunction port) {
        return port.below().endpoint();
    }

    static Stream<Example> examples() {
        return Stream.of(
                new Example("1: the same function", WorkedExamplesTest::same, 0, DIRECT, DIRECT),
                new Example(
                        "2: two functions of one device",
                        WorkedExamplesTest::multiFunction,
                        2,
                        DIRECT,
                        ONE_BRIDGE),
                new Example("3: one switch", WorkedExamplesTest::oneSwitch, 4, DIRECT, ONE_BRIDGE),
                new Example(
                        "4: a second switch below the first",
                        WorkedExamplesTest::secondLevel,
                        6,
                        DIRECT,
                        ONE_BRIDGE),
                new Example(
                        "5: two switches below one",
                        WorkedExamplesTest::twoSecondLevel,
                        8,
                        DIRECT,
                        ONE_BRIDGE),
                new Example(
                        "6: two root ports",
                        WorkedExamplesTest::rootPorts,
                        4,
                        ONE_BRIDGE,
                        ONE_BRIDGE),
                new Example(
                        "7: switches below two root ports",
                        WorkedExamplesTest::switchesBelowRootPorts,
                        8,
                        ONE_BRIDGE,
                        ONE_BRIDGE),
                new Example(
                        "8: a switch and a root port",
                        WorkedExamplesTest::switchAndRootPort,
                        6,
                        ONE_BRIDGE,
                        ONE_BRIDGE),
                new Example(
                        "9: integrated into the root complex",
                        WorkedExamplesTest::integrated,
                        2,
                        ONE_BRIDGE,
                        ONE_BRIDGE),
                new Example(
                        "10: two sockets",
                        WorkedExamplesTest::sockets,
                        4,
                        TWO_BRIDGES,
                        TWO_BRIDGES));
    }

    private static Pair same(Function<Integer, EmulatedBus> socket) {
        EmulatedFunction port = fabricBelow(socket.apply(0).rootPort()).downstreamPort();
        EmulatedFunction device = deviceBelow(port);
        return new Pair(device, device, port);
    }

    private static Pair multiFunction(Function<Integer, EmulatedBus> socket) {
        EmulatedFunction port = socket.apply(0).rootPort();
        return new Pair(port.below().at(0, 0).endpoint(), port.below().at(0, 1).endpoint(), port);
    }

    private static Pair oneSwitch(Function<Integer, EmulatedBus> socket) {
        EmulatedBus fabric = fabricBelow(socket.apply(0).rootPort());
        EmulatedFunction port = fabric.downstreamPort();
        return new Pair(deviceBelow(port), deviceBelow(fabric.downstreamPort()), port);
    }

    private static Pair secondLevel(Function<Integer, EmulatedBus> socket) {
        EmulatedBus fabric = fabricBelow(socket.apply(0).rootPort());
        EmulatedFunction provider = deviceBelow(fabric.downstreamPort());
        EmulatedFunction port = fabricBelow(fabric.downstreamPort()).downstreamPort();
        return new Pair(provider, deviceBelow(port), port);
    }

    private static Pair twoSecondLevel(Function<Integer, EmulatedBus> socket) {
        EmulatedBus fabric = fabricBelow(socket.apply(0).rootPort());
        EmulatedFunction port = fabric.downstreamPort();
        return new Pair(
                deviceBelow(fabricBelow(port).downstreamPort()),
                deviceBelow(fabricBelow(fabric.downstreamPort()).downstreamPort()),
                port);
    }

    private static Pair rootPorts(Function<Integer, EmulatedBus> socket) {
        EmulatedBus bus = socket.apply(0);
        EmulatedFunction port = bus.rootPort();
        return new Pair(deviceBelow(port), deviceBelow(bus.rootPort()), port);
    }

    private static Pair switchesBelowRootPorts(Function<Integer, EmulatedBus> socket) {
        EmulatedBus bus = socket.apply(0);
        EmulatedFunction port = fabricBelow(bus.rootPort()).downstreamPort();
        return new Pair(
                deviceBelow(port), deviceBelow(fabricBelow(bus.rootPort()).downstreamPort()), port);
    }

    private static Pair switchAndRootPort(Function<Integer, EmulatedBus> socket) {
        EmulatedBus bus = socket.apply(0);
        EmulatedFunction port = fabricBelow(bus.rootPort()).downstreamPort();
        return new Pair(deviceBelow(port), deviceBelow(bus.rootPort()), port);
    }

    private static Pair integrated(Function<Integer, EmulatedBus> socket) {
        EmulatedBus bus = socket.apply(0);
        return new Pair(bus.endpoint(), bus.endpoint(), null);
    }

    private static Pair sockets(Function<Integer, EmulatedBus> socket) {
        EmulatedFunction port = socket.apply(0).rootPort();
        return new Pair(deviceBelow(port), deviceBelow(socket.apply(0x80).rootPort()), port);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void hasDistanceAndTypes(Example example) {
        for (Platform platform : Platform.values()) {
            EmulatedTree tree = platform.tree(sysfs.resolve(platform.name()));
            Pair pair = example.topology.build(bus -> platform.socket(tree, bus));
            check(example, tree, pair, platform, example.types);
            if (pair.onTheWay != null) {
                for (int bit :
                        List.of(
                                Acs.REQUEST_REDIRECT,
                                Acs.COMPLETION_REDIRECT,
                                Acs.EGRESS_CONTROL)) {
                    pair.onTheWay.acs(bit);
                    check(example, tree, pair, platform, example.redirected);
                }
                // Source validation, translation blocking, upstream forwarding, direct translated.
                pair.onTheWay.acs(0x53);
                check(example, tree, pair, platform, example.types);
            }
        }
    }

    private static void check(
            Example example,
            EmulatedTree machine,
            Pair pair,
            Platform platform,
            List<MapType> types) {
        PciTree tree = PciTree.read(machine.root());
        assertThat(tree.remarks()).isEmpty();
        PciPath path = path(tree, pair.provider, pair.client);
        assertThat(path.distance()).as("%s on %s", example, platform).isEqualTo(example.distance);
        assertThat(path.type())
                .as("%s on %s: %s", example, platform, path.why())
                .isEqualTo(types.get(List.of(Platform.values()).indexOf(platform)));
        PciPath back = path(tree, pair.client, pair.provider);
        assertThat(back.distance()).isEqualTo(path.distance());
    }

    private static PciFunction function(PciTree tree, EmulatedFunction emulated) {
        PciFunction function = tree.function(emulated.address());
        if (function == null) {
            throw new AssertionError(emulated.address() + " was not read");
        }
        return function;
    }

    private static Client client(PciTree tree, EmulatedFunction emulated) {
        return Client.of("client " + emulated.address(), function(tree, emulated));
    }

    private static PciPath path(PciTree tree, EmulatedFunction provider, EmulatedFunction client) {
        return Selection.path(tree, function(tree, provider), client(tree, client));
    }

    private static Choice choose(PciTree tree, long seed, EmulatedFunction... clients) {
        List<Client> list = Stream.of(clients).map(each -> client(tree, each)).toList();
        return Selection.choose(
                tree, list, null, Selection.Reach.SAME_HIERARCHY, new SplittableRandom(seed));
    }

    /** Examples 11 and 12. */
    @Test
    void prefersTheDisksOwnMemoryToThatOfAThirdDevice() {
        EmulatedTree machine = Platform.UNKNOWN.tree(sysfs);
        EmulatedBus fabric = fabricBelow(Platform.UNKNOWN.socket(machine, 0).rootPort());
        EmulatedFunction nic = deviceBelow(fabric.downstreamPort()).nic();
        EmulatedFunction ssd = deviceBelow(fabric.downstreamPort()).nvme().memory(MEMORY);
        EmulatedFunction third = deviceBelow(fabric.downstreamPort()).memory(MEMORY);

        Choice choice = choose(PciTree.read(sysfs), 1, nic, ssd);

        assertThat(choice.candidates())
                .extracting(each -> each.provider().address(), Candidate::distance)
                .containsExactly(tuple(ssd.address(), 4), tuple(third.address(), 8));
        assertThat(choice.chosen()).isSameAs(choice.candidates().getFirst());
        assertThat(choice.verdict()).contains(ssd.address().toString()).contains("nearest of 2");
    }

    /** Example 13. */
    @Test
    void picksAnyOfThoseEquallyNear() {
        EmulatedTree machine = Platform.UNKNOWN.tree(sysfs);
        EmulatedBus fabric = fabricBelow(Platform.UNKNOWN.socket(machine, 0).rootPort());
        EmulatedFunction nic = deviceBelow(fabric.downstreamPort()).nic().memory(MEMORY);
        EmulatedFunction ssd = deviceBelow(fabric.downstreamPort()).nvme().memory(MEMORY);
        PciTree tree = PciTree.read(sysfs);

        Set<PciAddress> chosen = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
            Choice choice = choose(tree, seed, nic, ssd);
            Candidate one = choice.chosen();
            assertThat(one).isNotNull();
            assertThat(choice).isEqualTo(choose(tree, seed, nic, ssd));
            if (one != null) {
                assertThat(one.distance()).isEqualTo(4);
                chosen.add(one.provider().address());
            }
        }
        assertThat(chosen).containsExactlyInAnyOrder(nic.address(), ssd.address());
    }
}
