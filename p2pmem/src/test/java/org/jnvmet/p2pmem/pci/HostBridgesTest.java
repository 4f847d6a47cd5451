package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Objects;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The host bridges that are known to route, one by one, and how a host bridge is recognized. */
final class HostBridgesTest {
    @TempDir private Path sysfs;

    /** Of two devices below root ports: of one host bridge, and of two equal ones. */
    private void check(
            HostBridges.Routes expected, MapType within, MapType between, int vendor, int device) {
        EmulatedTree machine = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6);
        EmulatedBus first = machine.hostBridge(0, 0x00);
        first.hostBridgeDevice(vendor, device);
        EmulatedFunction provider = first.rootPort().below().endpoint();
        EmulatedFunction near = first.rootPort().below().endpoint();
        EmulatedBus second = machine.hostBridge(0, 0x80);
        second.hostBridgeDevice(vendor, device);
        EmulatedFunction far = second.rootPort().below().endpoint();
        PciTree tree = PciTree.read(sysfs);

        assertThat(HostBridges.routes(tree, "pci0000:00")).isEqualTo(expected);
        assertThat(type(tree, provider, near)).isEqualTo(within);
        assertThat(type(tree, provider, far)).isEqualTo(between);
        assertThat(type(tree, far, provider)).isEqualTo(between);
    }

    private static MapType type(PciTree tree, EmulatedFunction provider, EmulatedFunction client) {
        return Selection.path(
                        tree,
                        Objects.requireNonNull(tree.function(provider.address())),
                        Client.of(
                                "client", Objects.requireNonNull(tree.function(client.address()))))
                .type();
    }

    @ParameterizedTest
    @CsvSource({"8086, 3c00", "8086, 3c01", "8086, 2f00", "8086, 2f01"})
    void routesWithinASocket(String vendor, String device) {
        check(
                HostBridges.Routes.WITHIN,
                MapType.THRU_HOST_BRIDGE,
                MapType.NOT_SUPPORTED,
                Integer.parseInt(vendor, 16),
                Integer.parseInt(device, 16));
    }

    @ParameterizedTest
    @CsvSource({
        "8086, 2030", "8086, 2031", "8086, 2032", "8086, 2033", "8086, 2020", "8086, 09a2",
        "8086, 0b25", "8086, 11fb", "8086, 1212", "8086, 0cfe", "8086, 1216", "8086, 4940",
        "8086, 4942", "8086, 4944", "8086, 4946", "8086, 4948", "1ae0, 0001", "1ae0, ffff",
        "10de, 2f95", "10de, 2f96", "10de, 2f97", "10de, 2f98"
    })
    void routesEverywhere(String vendor, String device) {
        check(
                HostBridges.Routes.EVERYWHERE,
                MapType.THRU_HOST_BRIDGE,
                MapType.THRU_HOST_BRIDGE,
                Integer.parseInt(vendor, 16),
                Integer.parseInt(device, 16));
    }

    @ParameterizedTest
    @CsvSource({"8086, 29c0", "8086, 2034", "10de, 2f94", "1022, 2030", "1b36, 09a2"})
    void isNotKnown(String vendor, String device) {
        check(
                HostBridges.Routes.NOT_LISTED,
                MapType.NOT_SUPPORTED,
                MapType.NOT_SUPPORTED,
                Integer.parseInt(vendor, 16),
                Integer.parseInt(device, 16));
    }

    @Test
    void bothHostBridgesHaveToBeKnown() {
        EmulatedTree machine = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6);
        EmulatedBus known = machine.hostBridge(0, 0x00);
        known.hostBridgeDevice(0x8086, 0x09a2);
        EmulatedFunction one = known.rootPort().below().endpoint();
        EmulatedBus unknown = machine.hostBridge(0, 0x40);
        unknown.hostBridgeDevice(0x8086, 0x29c0);
        EmulatedFunction two = unknown.rootPort().below().endpoint();
        EmulatedBus other = machine.hostBridge(0, 0x80);
        other.hostBridgeDevice(0x1ae0, 0x0042);
        EmulatedFunction three = other.rootPort().below().endpoint();
        PciTree tree = PciTree.read(sysfs);

        assertThat(type(tree, one, two)).isEqualTo(MapType.NOT_SUPPORTED);
        assertThat(type(tree, two, one)).isEqualTo(MapType.NOT_SUPPORTED);
        assertThat(type(tree, one, three)).isEqualTo(MapType.THRU_HOST_BRIDGE);
    }

    @Test
    void aRootPortAlsoTellsItsHostBridge() {
        EmulatedBus bus = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6).hostBridge(0, 0);
        bus.at(3, 0).rootPort().ids(0x10de, 0x2f95);
        PciTree tree = PciTree.read(sysfs);
        assertThat(HostBridges.routes(tree, "pci0000:00")).isEqualTo(HostBridges.Routes.EVERYWHERE);
    }

    @Test
    void anythingElseAtAnotherPlaceThan000DoesNot() {
        EmulatedBus bus = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6).hostBridge(0, 0);
        bus.at(3, 0).endpoint().ids(0x8086, 0x0b25);
        bus.at(4, 0).rootPort().ids(0x10de, 0x2f95);
        PciTree tree = PciTree.read(sysfs);
        assertThat(HostBridges.routes(tree, "pci0000:00")).isEqualTo(HostBridges.Routes.NOT_LISTED);
    }

    @Test
    void anIntegratedAcceleratorAt000Does() {
        EmulatedBus bus = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6).hostBridge(0, 0xe7);
        bus.endpoint().ids(0x8086, 0x0b25);
        assertThat(HostBridges.routes(PciTree.read(sysfs), "pci0000:e7"))
                .isEqualTo(HostBridges.Routes.EVERYWHERE);
    }

    @ParameterizedTest
    @CsvSource({
        "AuthenticAMD, 23, true", "AuthenticAMD, 25, true", "AuthenticAMD, 26, true",
        "AuthenticAMD, 22, false", "AuthenticAMD, 15, false", "GenuineIntel, 23, false",
        "HygonGenuine, 24, false"
    })
    void zenRoutesWhateverTheHostBridge(String vendor, int family, boolean routes) {
        EmulatedTree machine = EmulatedTree.in(sysfs).cpu(vendor, family);
        EmulatedFunction one = machine.hostBridge(0, 0).rootPort().below().endpoint();
        EmulatedFunction two = machine.hostBridge(1, 0).rootPort().below().endpoint();
        PciTree tree = PciTree.read(sysfs);
        assertThat(tree.cpuRoutesBetweenRootPorts()).isEqualTo(routes);
        assertThat(type(tree, one, two))
                .isEqualTo(routes ? MapType.THRU_HOST_BRIDGE : MapType.NOT_SUPPORTED);
    }
}
