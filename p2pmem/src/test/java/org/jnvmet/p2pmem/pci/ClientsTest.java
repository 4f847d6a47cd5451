package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From a disk or an interface to the function that does its DMA, or the reason why there is none. */
final class ClientsTest {
    private final Path sysfs;
    private final EmulatedTree machine;
    private final EmulatedBus bus;

    ClientsTest(@TempDir Path sysfs) {
        this.sysfs = sysfs;
        machine = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6);
        bus = machine.hostBridge(0, 0);
    }

    private Client disk(int major, int minor) {
        return PciTree.read(sysfs).blockDevice("disk", major, minor);
    }

    private Client nic(String name) {
        return PciTree.read(sysfs).networkInterface("nic", name);
    }

    private static void isAt(Client client, EmulatedFunction function) {
        assertThat(client.whyNot()).isNull();
        PciFunction found = client.function();
        assertThat(found == null ? null : found.address()).isEqualTo(function.address());
    }

    private static void isNone(Client client, String... why) {
        assertThat(client.function()).isNull();
        assertThat(client.whyNot()).contains(why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nvme0n1", "sda", "vda"})
    void aDiskIsItsFunctions(String name) {
        EmulatedFunction function = bus.endpoint().blockDevice(name, 8, 16);
        isAt(disk(8, 16), function);
        isNone(disk(8, 17), "no block device 8:17");
    }

    @Test
    void aDiskIsFoundWithoutLinksByNumber() throws IOException {
        EmulatedFunction function =
                bus.endpoint()
                        .nvme()
                        .blockDevice("nvme0n1", 259, 0)
                        .partition("nvme0n1", "nvme0n1p1", 259, 1);
        Files.delete(sysfs.resolve("dev/block/259:0"));
        Files.delete(sysfs.resolve("dev/block/259:1"));
        isAt(disk(259, 0), function);
        isAt(disk(259, 1), function);
        Files.delete(sysfs.resolve("class/block/nvme0n1p1"));
        isAt(disk(259, 1), function);
    }

    @Test
    void aPartitionIsItsDisk() {
        EmulatedFunction function =
                bus.endpoint().blockDevice("sda", 8, 0).partition("sda", "sda1", 8, 1);
        isAt(disk(8, 1), function);
    }

    /** virtio0 and usb1 stand between the function and the disk. */
    @ParameterizedTest
    @ValueSource(
            strings = {"virtio0/block/vda", "usb1/1-1/1-1:1.0/host0/target0:0:0/0:0:0:0/block/sda"})
    void aDiskMayLieDeepBelowItsFunction(String path) throws IOException {
        EmulatedFunction function = bus.endpoint();
        Path directory = Files.createDirectories(function.directory().resolve(path));
        Files.writeString(directory.resolve("dev"), "254:0\n");
        Files.createSymbolicLink(sysfs.resolve("dev/block/254:0"), directory);
        isAt(disk(254, 0), function);
    }

    @Test
    void aDiskOfThePlatformHasNoFunction() throws IOException {
        Path directory =
                Files.createDirectories(sysfs.resolve("devices/platform/soc/mmc0/block/mmcblk0"));
        Files.createSymbolicLink(sysfs.resolve("dev/block/179:0"), directory);
        isNone(disk(179, 0), "mmcblk0 is the disk of no PCI function");
    }

    @Test
    void aMultipathHeadWithOnePathIsItsFunction() {
        EmulatedFunction function = bus.endpoint().nvme();
        machine.multipathHead(0, 1, 259, 0, List.of(function));
        isAt(disk(259, 0), function);
        assertThat(PciTree.read(sysfs).deviceNames())
                .containsOnlyKeys(function.address())
                .containsEntry(function.address(), List.of("nvme0n1"));
    }

    @Test
    void aPartitionOfAMultipathHeadToo() throws IOException {
        EmulatedFunction function = bus.endpoint().nvme();
        machine.multipathHead(0, 1, 259, 0, List.of(function));
        Path part =
                Files.createDirectory(
                        sysfs.resolve("dev/block/259:0").toRealPath().resolve("nvme0n1p1"));
        Files.writeString(part.resolve("partition"), "1\n");
        Files.createSymbolicLink(sysfs.resolve("dev/block/259:1"), part);
        isAt(disk(259, 1), function);
    }

    @Test
    void severalPathsThroughOneFunctionAreOne() throws IOException {
        EmulatedFunction function = bus.endpoint().nvme();
        machine.multipathHead(0, 1, 259, 0, List.of(function, function));
        isAt(disk(259, 0), function);
    }

    @Test
    void severalPathsThroughDifferentFunctionsAreNone() {
        EmulatedFunction one = bus.endpoint().nvme();
        EmulatedFunction two = bus.endpoint().nvme();
        machine.multipathHead(0, 1, 259, 0, List.of(one, two));
        isNone(disk(259, 0), "several paths", one.address().toString(), two.address().toString());
    }

    @Test
    void aPathOverANetworkIsNone() throws IOException {
        EmulatedFunction local = bus.endpoint().nvme();
        machine.multipathHead(0, 1, 259, 0, List.of(local));
        Path fabrics =
                Files.createDirectories(
                        sysfs.resolve("devices/virtual/nvme-fabrics/ctl/nvme7/nvme0c7n1"));
        Files.createSymbolicLink(
                sysfs.resolve("devices/virtual/nvme-subsystem/nvme-subsys0/nvme7"),
                fabrics.getParent());
        isNone(disk(259, 0), "nvme0c7n1", "network");
    }

    @Test
    void aHeadWithoutAPathIsNone() {
        machine.multipathHead(3, 1, 259, 0, List.of());
        isNone(disk(259, 0), "nvme3n1", "without a path");
    }

    @ParameterizedTest
    @CsvSource({
        "dm-0, device-mapper",
        "md127, md",
        "loop3, loop",
        "nbd0, network",
        "zram0, memory",
        "ram1, memory",
        "nullb0, software",
        "ublkb0, software"
    })
    void aDeviceOfSoftwareIsNone(String name, String why) {
        bus.endpoint().blockDevice("sda", 8, 0);
        bus.endpoint().blockDevice("sdb", 8, 16);
        machine.virtualBlockDevice(name, 253, 0, "sda", "sdb");
        isNone(disk(253, 0), name, why);
        if (name.startsWith("dm-") || name.startsWith("md")) {
            isNone(disk(253, 0), "sda, sdb");
        }
    }

    @Test
    void aDiskThatWasPulledOutIsNone() {
        EmulatedFunction function = bus.endpoint().nvme().blockDevice("nvme0n1", 259, 0);
        PciTree before = PciTree.read(sysfs);
        function.remove();
        isNone(before.blockDevice("disk", 259, 0), "no block device 259:0");
        isNone(disk(259, 0), "no block device 259:0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"eth0", "lo", "enp1s0f0np0"})
    void anInterfaceIsItsFunction(String name) {
        EmulatedFunction function = bus.endpoint().nic().networkInterface(name);
        isAt(nic(name), function);
    }

    @Test
    void aVlanIsItsInterface() {
        EmulatedFunction function = bus.endpoint().nic().networkInterface("eth0");
        machine.virtualNetworkInterface("eth0.7", "vlan", "eth0");
        isAt(nic("eth0.7"), function);
        machine.virtualNetworkInterface("bond0", "bond", "eth0");
        machine.virtualNetworkInterface("bond0.7", "vlan", "bond0");
        isNone(nic("bond0.7"), "VLAN on bond0");
        machine.virtualNetworkInterface("odd", "vlan");
        isNone(nic("odd"), "VLAN");
    }

    @ParameterizedTest
    @CsvSource({
        "bond0, bond, bond of eth0, single",
        "br0, bridge, bridge of eth0, single",
        "team0, '', combination of eth0, single"
    })
    void aCombinationIsNone(String name, String type, String why, String also) {
        bus.endpoint().nic().networkInterface("eth0");
        machine.virtualNetworkInterface(name, type, "eth0");
        isNone(nic(name), name, why, also);
    }

    @Test
    void anInterfaceOfSoftwareIsNone() {
        machine.virtualNetworkInterface("lo", "");
        machine.virtualNetworkInterface("dummy0", "");
        isNone(nic("lo"), "loopback");
        isNone(nic("dummy0"), "software only");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "eth0/../eth0", "\u0000", "eth9"})
    void aNameThatIsNoneIsNone(String name) {
        bus.endpoint().nic().networkInterface("eth0");
        isNone(nic(name), "there is no network interface");
        assertThat(PciTree.read(sysfs).rdmaDevice("rdma", name).whyNot())
                .contains("there is no RDMA device");
    }

    @Test
    void anRdmaDeviceIsItsFunctionUnlessItIsSoftware() {
        EmulatedFunction function = bus.endpoint().rdmaDevice("mlx5_0");
        machine.virtualRdmaDevice("rxe0");
        PciTree tree = PciTree.read(sysfs);
        isAt(tree.rdmaDevice("rdma", "mlx5_0"), function);
        isNone(tree.rdmaDevice("rdma", "rxe0"), "software only");
    }

    @Test
    void theRdmaDeviceOfAnInterfaceIsTheOneThatCarriesIt() {
        EmulatedFunction one = bus.endpoint().networkInterface("eth0").rdmaDevice("mlx5_1");
        EmulatedFunction bonded = bus.endpoint().rdmaDevice("mlx5_0", "bond0", "bond0.7");
        EmulatedFunction infiniband = bus.endpoint().networkInterface("ib0").rdmaDevice("mlx4_0");
        machine.virtualNetworkInterface("bond0", "bond");
        machine.virtualRdmaDevice("rxe0", "eth1", "bond0");
        bus.endpoint().networkInterface("eth1");
        bus.endpoint().networkInterface("eth2");
        PciTree tree = PciTree.read(sysfs);
        isAt(tree.rdmaDeviceOf("bond0"), bonded);
        isAt(tree.rdmaDeviceOf("bond0.7"), bonded);
        assertThat(tree.rdmaDeviceOf("bond0").name())
                .isEqualTo("RDMA device mlx5_0 of interface bond0");
        isAt(tree.rdmaDeviceOf("eth0"), one);
        isAt(tree.rdmaDeviceOf("ib0"), infiniband);
        isNone(tree.rdmaDeviceOf("eth1"), "rxe0 is an RDMA device of software only");
        isNone(tree.rdmaDeviceOf("eth2"), "no RDMA device below");
        isNone(tree.rdmaDeviceOf("lo"), "no RDMA device below");
    }

    @Test
    void anRdmaDeviceOfSoftwareMayLieBelowTheFunctionOfItsInterface() throws IOException {
        EmulatedFunction rxe = bus.endpoint().networkInterface("eth0").rdmaDevice("rxe0", "eth0");
        Files.writeString(rxe.directory().resolve("infiniband/rxe0/parent"), "eth0\n");
        EmulatedFunction siw = bus.endpoint().networkInterface("eth1").rdmaDevice("siw0", "eth1");
        Files.writeString(
                siw.directory().resolve("infiniband/siw0/node_desc"), "Software iWARP stack\n");
        isNone(PciTree.read(sysfs).rdmaDeviceOf("eth0"), "software only");
        isNone(PciTree.read(sysfs).rdmaDeviceOf("eth1"), "software only");
    }

    @Test
    void namesAreListedByFunction() {
        EmulatedFunction both = bus.endpoint().rdmaDevice("mlx5_0").networkInterface("eth0");
        EmulatedFunction disk =
                bus.endpoint().blockDevice("sda", 8, 0).partition("sda", "sda1", 8, 1);
        machine.virtualBlockDevice("loop0", 7, 0);
        assertThat(PciTree.read(sysfs).deviceNames())
                .containsEntry(both.address(), List.of("eth0", "mlx5_0"))
                .containsEntry(disk.address(), List.of("sda"))
                .hasSize(2);
    }
}
