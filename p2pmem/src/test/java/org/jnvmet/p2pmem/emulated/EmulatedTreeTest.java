package org.jnvmet.p2pmem.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.p2pmem.pci.PciTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine that does not exist looks like on the disk. */
final class EmulatedTreeTest {
    @TempDir private Path root;

    @Test
    void numbersBusesAsTheyAreMade() {
        EmulatedBus socket = EmulatedTree.in(root).hostBridge(0, 0x20);
        EmulatedFunction first = socket.rootPort();
        EmulatedFunction second = socket.rootPort();
        assertThat(second.below().endpoint().address()).hasToString("0000:21:00.0");
        assertThat(first.below().endpoint().address()).hasToString("0000:22:00.0");
        assertThat(second.below().endpoint().address()).hasToString("0000:21:01.0");
    }

    @Test
    void passesOverPlacesThatAreTaken() {
        EmulatedBus bus = EmulatedTree.in(root).hostBridge(0, 0);
        bus.at(1, 0).endpoint();
        assertThat(bus.at(0, 0).endpoint().address()).hasToString("0000:00:00.0");
        assertThat(bus.endpoint().address()).hasToString("0000:00:02.0");
        assertThatThrownBy(() -> bus.at(2, 0).endpoint())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("0000:00:02.0 is there already");
        assertThatThrownBy(() -> bus.at(32, 0).endpoint())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void memoryIsASparseFile() throws IOException {
        EmulatedFunction device =
                EmulatedTree.in(root).hostBridge(0, 0).endpoint().memory(1L << 40);
        Path group = device.directory().resolve("p2pmem");
        assertThat(Files.size(group.resolve("allocate"))).isEqualTo(1L << 40);
        assertThat(group.resolve("size")).hasContent("1099511627776");
        assertThat(group.resolve("published")).hasContent("1");
    }

    /** A whole tree can be moved, as one that was copied from a machine. */
    @Test
    void linksAreRelative() throws IOException {
        Path built = root.resolve("built");
        EmulatedTree.in(built)
                .cpu("GenuineIntel", 6)
                .hostBridge(0, 0)
                .rootPort()
                .below()
                .endpoint()
                .nic()
                .networkInterface("eth0")
                .blockDevice("nvme0n1", 259, 0);
        Path moved = Files.move(built, root.resolve("moved"));
        PciTree tree = PciTree.read(moved);
        assertThat(tree.functions()).hasSize(2);
        assertThat(tree.remarks()).isEmpty();
        assertThat(tree.networkInterface("nic", "eth0").function())
                .isNotNull()
                .isEqualTo(tree.blockDevice("disk", 259, 0).function());
    }
}
