package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The sysfs of a real kernel on an emulated machine, QEMU's q35: a switch below 00:05.0 with two NVMe
 * controllers (the first with memory) and an Ethernet controller, two more NVMe controllers (the first with
 * memory) below root ports of their own, virtio disks and a virtio network interface. What is expected was
 * read from {@code lspci -nnvvv} on that machine, and what works from direct I/O on it.
 */
final class CapturedTreeTest {
    private static final String NO_IOMMU = "7.2.12";
    private static final String IOMMU = "7.2.12-iommu";

    private static final String LSPCI =
            """
            0000:00:00.0 8086:29c0 060000 HOST_BRIDGE
            0000:00:01.0 1af4:1001 010000 ENDPOINT
            0000:00:02.0 1af4:1000 020000 ENDPOINT
            0000:00:03.0 1af4:1009 000200 ENDPOINT
            0000:00:04.0 1af4:1005 00ff00 ENDPOINT
            0000:00:05.0 1b36:000c 060400 ROOT_PORT
            0000:00:06.0 1b36:000c 060400 ROOT_PORT
            0000:00:07.0 1b36:000c 060400 ROOT_PORT
            0000:00:08.0 1af4:1001 010000 ENDPOINT
            0000:00:1f.0 8086:2918 060100 ENDPOINT
            0000:00:1f.2 8086:2922 010601 ENDPOINT
            0000:00:1f.3 8086:2930 0c0500 ENDPOINT
            0000:01:00.0 104c:8232 060400 UPSTREAM_PORT below 0000:00:05.0
            0000:02:00.0 104c:8233 060400 DOWNSTREAM_PORT below 0000:01:00.0
            0000:02:01.0 104c:8233 060400 DOWNSTREAM_PORT below 0000:01:00.0
            0000:02:02.0 104c:8233 060400 DOWNSTREAM_PORT below 0000:01:00.0
            0000:03:00.0 1b36:0010 010802 ENDPOINT below 0000:02:00.0
            0000:04:00.0 1b36:0010 010802 ENDPOINT below 0000:02:01.0
            0000:05:00.0 8086:10d3 020000 ENDPOINT below 0000:02:02.0
            0000:06:00.0 1b36:0010 010802 ENDPOINT below 0000:00:06.0
            0000:07:00.0 1b36:0010 010802 ENDPOINT below 0000:00:07.0
            """;

    @TempDir private Path sysfs;

    private static PciFunction function(PciTree tree, String address) {
        return Objects.requireNonNull(
                tree.function(Objects.requireNonNull(PciAddress.parse(address))), address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"6.1.0", "6.12.95", NO_IOMMU, IOMMU})
    void hasTheTopologyThatLspciShows(String kernel) throws IOException {
        PciTree tree = PciTree.read(CapturedTree.write(kernel, sysfs));
        assertThat(tree.remarks()).isEmpty();
        assertThat(tree.cpuRoutesBetweenRootPorts()).isFalse();
        assertThat(tree.functions()).map(CapturedTreeTest::line).isEqualTo(LSPCI.lines().toList());
        assertThat(tree.functions()).extracting(PciFunction::hostBridge).containsOnly("pci0000:00");
    }

    private static String line(PciFunction function) {
        PciFunction upstream = function.upstream();
        return "%s %04x:%04x %06x %s%s"
                .formatted(
                        function.address(),
                        function.vendor(),
                        function.device(),
                        function.classCode(),
                        function.kind(),
                        upstream == null ? "" : " below " + upstream.address());
    }

    /** lspci: ACSCtl of the root ports is all minus without an IOMMU, SrcValid+ ReqRedir+ CmpltRedir+ UpstreamFwd+ with one. */
    @ParameterizedTest
    @CsvSource({"6.1.0, 0, ''", "6.12.95, 0, ''", "7.2.12, 0, ''", "7.2.12-iommu, 29, RR CR"})
    void onlyRootPortsHaveAcs(String kernel, int control, String bits) throws IOException {
        PciTree tree = PciTree.read(CapturedTree.write(kernel, sysfs));
        for (PciFunction function : tree.functions()) {
            if (function.kind() == PciFunction.Kind.ROOT_PORT) {
                assertThat(function.acs()).isEqualTo(new Acs(Acs.State.PRESENT, control));
                assertThat(function.acs().redirectBits()).isEqualTo(bits);
            } else {
                assertThat(function.acs()).isEqualTo(new Acs(Acs.State.ABSENT, 0));
            }
        }
    }

    /** Debian's kernels before 7.2 are built without peer memory. */
    @ParameterizedTest
    @CsvSource({"6.1.0, false", "6.12.95, false", "7.2.12, true", "7.2.12-iommu, true"})
    void hasTheMemoryThatTheKernelShows(String kernel, boolean memory) throws IOException {
        PciTree tree = PciTree.read(CapturedTree.write(kernel, sysfs));
        assertThat(tree.functions().stream().filter(PciFunction::isProvider))
                .map(each -> each.address().toString())
                .isEqualTo(memory ? List.of("0000:03:00.0", "0000:06:00.0") : List.of());
        if (memory) {
            assertThat(function(tree, "0000:03:00.0").memory())
                    .isEqualTo(new PciFunction.Memory(64 << 20, 66_977_792, true));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "nvme0n1, 259, 3, 0000:04:00.0",
        "nvme1n1, 259, 1, 0000:03:00.0",
        "nvme2n1, 259, 2, 0000:06:00.0",
        "nvme3n1, 259, 0, 0000:07:00.0"
    })
    void disksLeadToTheirFunctions(String name, int major, int minor, String address)
            throws IOException {
        PciTree tree = PciTree.read(CapturedTree.write(NO_IOMMU, sysfs));
        assertThat(tree.blockDevice(name, major, minor))
                .isEqualTo(Client.of(name, function(tree, address)));
    }

    @Test
    void interfacesLeadToTheirFunctions() throws IOException {
        PciTree tree = PciTree.read(CapturedTree.write(NO_IOMMU, sysfs));
        assertThat(tree.networkInterface("nic", "eth1").function())
                .isEqualTo(function(tree, "0000:05:00.0"));
        assertThat(tree.networkInterface("nic", "eth0").function())
                .isEqualTo(function(tree, "0000:00:02.0"));
        assertThat(tree.networkInterface("nic", "lo").whyNot()).contains("loopback");
        assertThat(tree.rdmaDevice("nic", "rxe0").whyNot()).contains("software");
        assertThat(tree.deviceNames())
                .hasSize(8)
                .containsEntry(function(tree, "0000:00:01.0").address(), List.of("vda"))
                .containsEntry(function(tree, "0000:05:00.0").address(), List.of("eth1"));
    }

    /** What direct I/O on this machine did: by bus address it worked; EINVAL where nothing routes; on EPYC all worked. */
    @ParameterizedTest
    @CsvSource({
        "0000:03:00.0, 0000:03:00.0, 0, BUS_ADDR, BUS_ADDR",
        "0000:03:00.0, 0000:04:00.0, 4, BUS_ADDR, BUS_ADDR",
        "0000:03:00.0, 0000:05:00.0, 4, BUS_ADDR, BUS_ADDR",
        "0000:03:00.0, 0000:06:00.0, 6, NOT_SUPPORTED, THRU_HOST_BRIDGE",
        "0000:03:00.0, 0000:07:00.0, 6, NOT_SUPPORTED, THRU_HOST_BRIDGE",
        "0000:03:00.0, 0000:00:01.0, 5, NOT_SUPPORTED, THRU_HOST_BRIDGE",
        "0000:06:00.0, 0000:06:00.0, 0, BUS_ADDR, BUS_ADDR",
        "0000:06:00.0, 0000:07:00.0, 4, NOT_SUPPORTED, THRU_HOST_BRIDGE",
        "0000:06:00.0, 0000:04:00.0, 6, NOT_SUPPORTED, THRU_HOST_BRIDGE",
        "0000:06:00.0, 0000:00:02.0, 3, NOT_SUPPORTED, THRU_HOST_BRIDGE"
    })
    void hasDistances(String provider, String client, int distance, MapType type, MapType onZen)
            throws IOException {
        for (String kernel : List.of(NO_IOMMU, IOMMU)) {
            Path root = CapturedTree.write(kernel, sysfs.resolve(kernel));
            check(PciTree.read(root), provider, client, distance, type);
            Files.writeString(
                    root.resolve("cpuinfo"), "vendor_id\t: AuthenticAMD\ncpu family\t: 23\n");
            check(PciTree.read(root), provider, client, distance, onZen);
        }
    }

    private static void check(
            PciTree tree, String provider, String client, int distance, MapType type) {
        PciPath path =
                Selection.path(
                        tree, function(tree, provider), Client.of("x", function(tree, client)));
        assertThat(path.distance()).isEqualTo(distance);
        assertThat(path.type()).as(path.why()).isEqualTo(type);
        assertThat(path.redirects()).allMatch(each -> each.acs().redirects());
    }

    @Test
    void choosesTheMemoryBehindTheSwitch() throws IOException {
        PciTree tree = PciTree.read(CapturedTree.write(NO_IOMMU, sysfs));
        Choice choice =
                Selection.choose(
                        tree,
                        List.of(
                                tree.networkInterface("interface eth1", "eth1"),
                                tree.blockDevice("namespace 1", 259, 3)),
                        null,
                        Selection.Reach.SAME_HIERARCHY,
                        new SplittableRandom(1));
        assertThat(choice.candidates())
                .extracting(each -> each.provider().address().toString(), Candidate::distance)
                .containsExactly(tuple("0000:03:00.0", 8), tuple("0000:06:00.0", -1));
        assertThat(choice.verdict())
                .isEqualTo("0000:03:00.0 is usable at distance 8 by bus address, the only one");
        assertThat(choice.candidates().getLast().verdict())
                .isEqualTo(
                        "not usable: no bridge is above both 0000:06:00.0 and interface eth1 (0000:05:00.0), and host"
                                + " bridge pci0000:00 (8086:29c0) is not known to route between its root ports");
    }

    /** Somebody may have copied the devices only. */
    @Test
    void needsNoLinksToTheFunctions() throws IOException {
        PciTree whole = PciTree.read(CapturedTree.write(NO_IOMMU, sysfs));
        try (var links = Files.list(sysfs.resolve("bus/pci/devices"))) {
            for (Path link : links.toList()) {
                Files.delete(link);
            }
        }
        Files.delete(sysfs.resolve("bus/pci/devices"));
        assertThat(PciTree.read(sysfs).functions()).isEqualTo(whole.functions());
    }
}
