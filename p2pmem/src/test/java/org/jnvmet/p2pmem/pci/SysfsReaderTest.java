package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What real trees hold, and what broken ones do: the rest is read, and a remark says what was not. */
final class SysfsReaderTest {
    @TempDir private Path sysfs;

    private EmulatedTree machine() {
        return EmulatedTree.in(sysfs).cpu("GenuineIntel", 6);
    }

    private static PciFunction function(PciTree tree, EmulatedFunction emulated) {
        return Objects.requireNonNull(tree.function(emulated.address()));
    }

    private static List<String> addresses(PciTree tree) {
        return tree.functions().stream().map(each -> each.address().toString()).toList();
    }

    @Test
    void readsADomainBehindAVolumeManagementDevice() {
        EmulatedBus socket = machine().hostBridge(0, 0);
        socket.rootPort();
        EmulatedFunction vmd = socket.at(0x0e, 0).endpoint().ids(0x8086, 0x28c0);
        EmulatedFunction port = vmd.domainBehind(0x10000, 0).rootPort().ids(0x8086, 0x09a2);
        EmulatedFunction disk = port.below().endpoint().nvme().blockDevice("nvme0n1", 259, 0);
        PciTree tree = PciTree.read(sysfs);

        assertThat(addresses(tree))
                .containsExactly("0000:00:00.0", "0000:00:0e.0", "10000:00:00.0", "10000:01:00.0");
        assertThat(function(tree, disk).hostBridge()).isEqualTo("pci10000:00");
        assertThat(function(tree, port).upstream()).isNull();
        assertThat(tree.firstOfRootBus("pci10000:00")).isEqualTo(function(tree, port));
        assertThat(tree.blockDevice("disk", 259, 0).function()).isEqualTo(function(tree, disk));
        assertThat(tree.remarks()).isEmpty();
    }

    /** Virtual functions hang beside their physical function, not below it. */
    @Test
    void readsVirtualFunctions() throws IOException {
        EmulatedFunction port = machine().hostBridge(0, 0).rootPort();
        EmulatedFunction physical = port.below().at(0, 0).endpoint();
        EmulatedFunction virtual = port.below().at(0, 1).endpoint();
        Files.createSymbolicLink(
                physical.directory().resolve("virtfn0"), Path.of("../" + virtual.address()));
        Files.createSymbolicLink(
                virtual.directory().resolve("physfn"), Path.of("../" + physical.address()));
        PciTree tree = PciTree.read(sysfs);
        assertThat(function(tree, virtual).upstream()).isEqualTo(function(tree, port));
        assertThat(
                        Selection.path(
                                        tree,
                                        function(tree, physical),
                                        Client.of("vf", function(tree, virtual)))
                                .distance())
                .isEqualTo(2);
        assertThat(tree.remarks()).isEmpty();
    }

    /** Those of a device on the root bus may have a bus number that the root bus has not. */
    @Test
    void aVirtualFunctionIsNotTheFirstOfARootBus() throws IOException {
        EmulatedFunction first = machine().hostBridge(0, 2).at(3, 0).endpoint();
        Path virtual = Files.createDirectory(first.directory().resolveSibling("0000:01:10.0"));
        Files.createSymbolicLink(sysfs.resolve("bus/pci/devices/0000:01:10.0"), virtual);
        PciTree tree = PciTree.read(sysfs);
        assertThat(addresses(tree)).containsExactly("0000:01:10.0", "0000:02:03.0");
        assertThat(tree.firstOfRootBus("pci0000:02")).isEqualTo(function(tree, first));
        assertThat(tree.firstOfRootBus("pci0000:03")).isNull();
    }

    @Test
    void seesWhatIsPluggedInAndOut() {
        EmulatedBus fabric = machine().hostBridge(0, 0).rootPort().below().upstreamPort().below();
        EmulatedFunction port = fabric.downstreamPort();
        assertThat(PciTree.read(sysfs).functions()).hasSize(3);
        EmulatedFunction bridge = port.below().upstreamPort();
        EmulatedFunction device =
                bridge.below().downstreamPort().below().endpoint().memory(1 << 20);
        PciTree with = PciTree.read(sysfs);
        assertThat(function(with, device).isProvider()).isTrue();
        bridge.remove();
        PciTree without = PciTree.read(sysfs);
        assertThat(without.functions()).hasSize(3);
        assertThat(without.remarks()).hasSize(2).allMatch(each -> each.contains("leads nowhere"));
        assertThat(function(with, device).isProvider()).as("what was read stays").isTrue();
    }

    /** 64 bytes: what lies on a PCI Express hierarchy is guessed by its place. */
    @Test
    void guessesKindsWithoutPrivileges() {
        EmulatedBus socket = machine().hostBridge(0, 0);
        EmulatedFunction hostBridge = socket.hostBridgeDevice(0x8086, 0x29c0).configBytes(64);
        EmulatedFunction rootPort = socket.rootPort().configBytes(64);
        EmulatedFunction upstream = rootPort.below().upstreamPort().configBytes(64);
        EmulatedFunction downstream = upstream.below().downstreamPort().configBytes(64);
        EmulatedFunction disk = downstream.below().endpoint().configBytes(64);
        PciTree tree = PciTree.read(sysfs);
        assertThat(
                        Stream.of(hostBridge, rootPort, upstream, downstream, disk)
                                .map(each -> function(tree, each).kind()))
                .containsExactly(
                        PciFunction.Kind.HOST_BRIDGE,
                        PciFunction.Kind.ROOT_PORT,
                        PciFunction.Kind.UPSTREAM_PORT,
                        PciFunction.Kind.DOWNSTREAM_PORT,
                        PciFunction.Kind.ENDPOINT);
        assertThat(tree.remarks())
                .containsExactly(
                        "config of 0000:00:00.0 and 4 others has 64 bytes: not root? Redirection by ACS cannot be seen");
    }

    @Test
    void aConventionalBridgeIsABridge() {
        EmulatedFunction bridge =
                machine().hostBridge(0, 0).at(0x1e, 0).conventional().classCode(0x060401);
        EmulatedFunction device = bridge.below().conventional();
        PciTree tree = PciTree.read(sysfs);
        assertThat(function(tree, bridge).kind()).isEqualTo(PciFunction.Kind.BRIDGE);
        assertThat(function(tree, device).upstream()).isEqualTo(function(tree, bridge));
        assertThat(tree.remarks()).isEmpty();
    }

    @Test
    void aMissingConfigIsRemarked() throws IOException {
        EmulatedFunction device = machine().hostBridge(0, 0).endpoint().ids(0x8086, 0x0b25);
        Files.delete(device.directory().resolve("config"));
        PciTree tree = PciTree.read(sysfs);
        assertThat(function(tree, device).vendor()).isEqualTo(0x8086);
        assertThat(function(tree, device).acs().state()).isEqualTo(Acs.State.UNREADABLE);
        assertThat(tree.remarks()).containsExactly("config of 0000:00:00.0 cannot be read");
    }

    @Test
    void attributesThatAreMissingAreTakenFromConfig() throws IOException {
        EmulatedFunction device = machine().hostBridge(0, 0).endpoint().nvme();
        for (String name : List.of("vendor", "device", "class")) {
            Files.delete(device.directory().resolve(name));
        }
        PciFunction function = function(PciTree.read(sysfs), device);
        assertThat(function.vendor()).isEqualTo(0x1b36);
        assertThat(function.device()).isEqualTo(0x0010);
        assertThat(function.classCode()).isEqualTo(0x010802);
        Files.delete(device.directory().resolve("config"));
        function = function(PciTree.read(sysfs), device);
        assertThat(List.of(function.vendor(), function.device(), function.classCode()))
                .containsOnly(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "0x", "0x12345", "-1", "99999999999999999999", "\u0000"})
    void garbageInAttributesIsRemarked(String garbage) throws IOException {
        EmulatedFunction device = machine().hostBridge(0, 0).endpoint().ids(0x8086, 0x0b25);
        Files.writeString(device.directory().resolve("vendor"), garbage);
        PciTree tree = PciTree.read(sysfs);
        assertThat(function(tree, device).vendor()).as("of config").isEqualTo(0x8086);
        assertThat(tree.remarks())
                .singleElement()
                .asString()
                .contains("vendor")
                .doesNotContain("\u0000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"size", "available", "published"})
    void memoryThatIsNotCompleteIsNone(String attribute) throws IOException {
        EmulatedFunction device = machine().hostBridge(0, 0).endpoint().memory(1 << 20);
        Files.delete(device.directory().resolve("p2pmem").resolve(attribute));
        PciTree tree = PciTree.read(sysfs);
        assertThat(function(tree, device).memory()).isNull();
        assertThat(tree.remarks()).singleElement().asString().contains("p2pmem of 0000:00:00.0");
    }

    @Test
    void memoryIsReadAsItIs() {
        EmulatedFunction device = machine().hostBridge(0, 0).endpoint().memory(1 << 20);
        assertThat(function(PciTree.read(sysfs), device).memory())
                .isEqualTo(new PciFunction.Memory(1 << 20, 1 << 20, true));
        device.published(false);
        PciFunction unpublished = function(PciTree.read(sysfs), device);
        assertThat(unpublished.memory()).isEqualTo(new PciFunction.Memory(1 << 20, 1 << 20, false));
        assertThat(unpublished.isProvider()).isFalse();
        device.removeMemory();
        assertThat(function(PciTree.read(sysfs), device).memory()).isNull();
    }

    @Test
    void strangeLinksAreRemarked() throws IOException {
        Path root = sysfs.resolve("sys");
        EmulatedFunction device =
                EmulatedTree.in(root).cpu("GenuineIntel", 6).hostBridge(0, 0).endpoint();
        Path links = root.resolve("bus/pci/devices");
        Files.createSymbolicLink(links.resolve("0000:00:01.0"), Path.of("0000:00:01.0"));
        Files.createSymbolicLink(links.resolve("0000:00:02.0"), Path.of("../nowhere"));
        Files.createSymbolicLink(links.resolve("0000:00:03.0"), device.directory());
        Path outside = Files.createDirectory(sysfs.resolve("0000:00:04.0"));
        Files.createSymbolicLink(links.resolve("0000:00:04.0"), outside);
        Files.createDirectory(links.resolve("0000:00:05.0"));
        Files.createDirectory(links.resolve("readme"));
        Path stray = Files.createDirectories(root.resolve("devices/platform/0000:00:06.0"));
        Files.createSymbolicLink(links.resolve("0000:00:06.0"), stray);

        PciTree tree = PciTree.read(root);

        assertThat(addresses(tree)).containsExactly("0000:00:00.0");
        assertThat(tree.remarks())
                .satisfiesExactly(
                        each -> assertThat(each).contains("00:01.0 leads nowhere"),
                        each -> assertThat(each).contains("00:02.0 leads nowhere"),
                        each -> assertThat(each).contains("00:03.0 leads to").contains("another"),
                        each -> assertThat(each).contains("00:04.0 leads out of the tree"),
                        each -> assertThat(each).contains("00:05.0 leads out of the tree"),
                        each -> assertThat(each).contains("00:06.0 lies below no root bus"),
                        each -> assertThat(each).contains("readme is not the address"));
    }

    /** A device that does not answer, and capabilities in circles. */
    @Test
    void survivesEveryConfigurationSpace() throws IOException {
        EmulatedFunction device = machine().hostBridge(0, 0).rootPort();
        Path config = device.directory().resolve("config");
        byte[] ones = new byte[4096];
        Arrays.fill(ones, (byte) 0xff);
        Files.write(config, ones);
        PciTree dead = PciTree.read(sysfs);
        assertThat(dead.remarks()).singleElement().asString().contains("does not answer");
        assertThat(function(dead, device).acs().state()).isEqualTo(Acs.State.UNREADABLE);

        byte[] circle = new byte[4096];
        circle[0x06] = 0x10;
        circle[0x34] = 0x40;
        circle[0x41] = 0x40;
        System.arraycopy(HexFormat.of().parseHex("01000110"), 0, circle, 0x100, 4);
        Files.write(config, circle);
        assertThat(function(PciTree.read(sysfs), device).acs().state()).isEqualTo(Acs.State.ABSENT);

        long seed = Long.getLong("seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] noise = new byte[random.nextInt(3) == 0 ? random.nextInt(4097) : 4096];
            random.nextBytes(noise);
            ConfigSpace space = new ConfigSpace(noise);
            assertThat(space.acs().control()).as("seed %d", seed).isBetween(0, 0xffff);
            Integer type = space.portType();
            assertThat(type == null ? 0 : type).as("seed %d", seed).isBetween(0, 15);
            assertThat(space.classCode()).isBetween(-1, 0xff_ffff);
        }
    }

    @Test
    void nothingThereIsNoFailure() throws IOException {
        PciTree none = PciTree.read(sysfs.resolve("nope"));
        assertThat(none.functions()).isEmpty();
        assertThat(none.remarks()).hasSize(2).first().asString().endsWith("is no directory");
        PciTree empty = PciTree.read(sysfs);
        assertThat(empty.functions()).isEmpty();
        assertThat(empty.remarks()).singleElement().asString().contains("cpuinfo");
        Path file = Files.writeString(sysfs.resolve("file"), "x");
        assertThat(PciTree.read(file).functions()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "vendor_id\ncpu family\n",
                "vendor_id : AuthenticAMD\ncpu family : many\n",
                "vendor_id : GenuineIntel\ncpu family : 6\n\nvendor_id : AuthenticAMD\ncpu family : 25\n",
                "processor : 0\nBogoMIPS : 50.00\nCPU implementer : 0x41\n"
            })
    void aProcessorThatIsNotKnownDoesNotRoute(String cpuinfo) throws IOException {
        Files.writeString(sysfs.resolve("cpuinfo"), cpuinfo);
        assertThat(PciTree.read(sysfs).cpuRoutesBetweenRootPorts()).isFalse();
    }

    /** Whatever is done to a tree while it is read: it is read. */
    @Test
    void readsATreeThatChangesMeanwhile() throws InterruptedException {
        EmulatedBus socket = machine().hostBridge(0, 0);
        EmulatedFunction port = socket.rootPort();
        AtomicBoolean stop = new AtomicBoolean();
        Thread plugging =
                Thread.ofVirtual()
                        .start(() -> {
                            while (!stop.get()) {
                                EmulatedBus below = port.below().at(0, 0);
                                below.endpoint()
                                        .memory(4096)
                                        .blockDevice("nvme0n1", 259, 0)
                                        .remove();
                            }
                        });
        try {
            for (int i = 0; i < 300; i++) {
                PciTree tree = PciTree.read(sysfs);
                assertThat(tree.functions()).hasSizeBetween(1, 2);
                assertThat(tree.blockDevice("disk", 259, 0).name()).isEqualTo("disk");
                assertThat(tree.deviceNames()).hasSizeLessThan(2);
            }
        } finally {
            stop.set(true);
            plugging.join();
        }
    }
}
