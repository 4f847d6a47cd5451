package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which provider is chosen for a set of clients, and the sentences that say why. */
final class SelectionTest {
    private static final long MEMORY = 1 << 20;

    private final EmulatedTree machine;
    private final EmulatedBus socket;
    private final EmulatedFunction hostBridge;
    private final EmulatedBus fabric;
    private final EmulatedFunction nic;
    private final EmulatedFunction ssd;

    /** An unknown host bridge; a switch with a NIC and a disk without memory. */
    SelectionTest(@TempDir Path sysfs) {
        machine = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6);
        socket = machine.hostBridge(0, 0);
        hostBridge = socket.hostBridgeDevice(0x8086, 0x29c0);
        fabric = socket.rootPort().below().upstreamPort().below();
        nic = fabric.downstreamPort().below().endpoint().nic();
        ssd = fabric.downstreamPort().below().endpoint().nvme();
    }

    private PciTree tree() {
        return PciTree.read(machine.root());
    }

    private void listHostBridge() {
        hostBridge.ids(0x8086, 0x09a2);
    }

    private static Client client(PciTree tree, String name, EmulatedFunction function) {
        return Client.of(name, Objects.requireNonNull(tree.function(function.address())));
    }

    private List<Client> clients() {
        PciTree tree = tree();
        return List.of(client(tree, "nic", nic), client(tree, "namespace 1", ssd));
    }

    private Choice choose(List<Client> clients, @Nullable PciAddress only, Selection.Reach reach) {
        return Selection.choose(tree(), clients, only, reach, new SplittableRandom(1));
    }

    private Choice choose(Selection.Reach reach) {
        return choose(clients(), null, reach);
    }

    private static @Nullable PciAddress chosen(Choice choice) {
        return choice.chosen() == null ? null : choice.chosen().provider().address();
    }

    @Test
    void withoutProvidersThereIsNone() {
        Choice choice = choose(Selection.Reach.ANY);
        assertThat(choice.chosen()).isNull();
        assertThat(choice.candidates()).isEmpty();
        assertThat(choice.verdict()).isEqualTo("no function has published peer memory");
    }

    @Test
    void memoryThatIsNotPublishedIsNoCandidate() {
        ssd.memory(MEMORY).published(false);
        assertThat(choose(Selection.Reach.ANY).candidates()).isEmpty();
        Choice asked = choose(clients(), ssd.address(), Selection.Reach.ANY);
        assertThat(asked.chosen()).isNull();
        assertThat(asked.verdict()).isEqualTo(ssd.address() + " does not publish its peer memory");
    }

    @Test
    void theOneThatIsAskedForIsTakenThoughAnotherIsNearer() {
        ssd.memory(MEMORY);
        EmulatedFunction third = fabric.downstreamPort().below().endpoint().memory(MEMORY);
        assertThat(chosen(choose(Selection.Reach.ANY))).isEqualTo(ssd.address());
        Choice asked = choose(clients(), third.address(), Selection.Reach.ANY);
        assertThat(chosen(asked)).isEqualTo(third.address());
        assertThat(asked.candidates()).hasSize(2);
        assertThat(asked.verdict())
                .isEqualTo(
                        third.address()
                                + " is usable at distance 8 by bus address, the one that was asked for");
    }

    @Test
    void saysWhatIsWrongWithTheOneThatIsAskedFor() {
        ssd.memory(MEMORY);
        EmulatedFunction far = socket.rootPort().below().endpoint().memory(MEMORY);
        PciAddress nowhere = new PciAddress(0, 0x99, 0, 0);
        assertThat(choose(clients(), nowhere, Selection.Reach.ANY).verdict())
                .isEqualTo("there is no PCI function 0000:99:00.0");
        assertThat(choose(clients(), nic.address(), Selection.Reach.ANY).verdict())
                .isEqualTo(nic.address() + " has no peer memory");
        Choice unreachable = choose(clients(), far.address(), Selection.Reach.ANY);
        assertThat(unreachable.chosen()).isNull();
        assertThat(unreachable.verdict())
                .startsWith(far.address() + " is not usable: no bridge is above both");
    }

    /** Distance counts the way through a host bridge like any other; a port does not take it. */
    @Test
    void aPortStaysBelowACommonBridge() {
        listHostBridge();
        EmulatedFunction other = socket.rootPort().below().endpoint().memory(MEMORY);
        Choice any = choose(Selection.Reach.ANY);
        assertThat(chosen(any)).isEqualTo(other.address());
        assertThat(any.verdict()).contains("at distance 12 through the host bridge");
        Choice near = choose(Selection.Reach.SAME_HIERARCHY);
        assertThat(near.chosen()).isNull();
        assertThat(near.candidates())
                .extracting(Candidate::distance, Candidate::type)
                .containsExactly(tuple(-1, MapType.THRU_HOST_BRIDGE));
        assertThat(near.verdict())
                .contains("is known to route")
                .endsWith("a port wants memory below a common bridge");
    }

    /** The way between two root ports is no longer than that past a switch. */
    @Test
    void atEqualDistanceTheTypeDecidesNotTheDice() {
        listHostBridge();
        // From the NIC 2 + 2 hops each: past the switch, or over two root ports.
        EmulatedFunction port = socket.rootPort();
        EmulatedFunction client = port.below().at(0, 0).endpoint().nic();
        EmulatedFunction near =
                port.below().at(0, 1).upstreamPort().below().at(0, 0).downstreamPort();
        EmulatedFunction direct = near.below().endpoint().memory(MEMORY);
        EmulatedFunction through = socket.rootPort().below().endpoint().memory(MEMORY);
        PciTree tree = tree();
        for (int seed = 0; seed < 50; seed++) {
            Choice choice =
                    Selection.choose(
                            tree,
                            List.of(client(tree, "nic", client)),
                            null,
                            Selection.Reach.ANY,
                            new SplittableRandom(seed));
            assertThat(choice.candidates()).extracting(Candidate::distance).containsExactly(4, 4);
            assertThat(chosen(choice)).isEqualTo(direct.address()).isNotEqualTo(through.address());
            assertThat(choice.verdict())
                    .endsWith("preferred to those equally near through the host bridge");
        }
    }

    @Test
    void tiesAreBrokenEvenly() {
        for (int i = 0; i < 4; i++) {
            fabric.downstreamPort().below().endpoint().memory(MEMORY);
        }
        PciTree tree = tree();
        SplittableRandom random = new SplittableRandom(1);
        Map<PciAddress, Integer> counts = new HashMap<>();
        for (int i = 0; i < 4000; i++) {
            Choice choice =
                    Selection.choose(tree, clients(tree), null, Selection.Reach.ANY, random);
            counts.merge(Objects.requireNonNull(chosen(choice)), 1, Integer::sum);
            assertThat(choice.verdict()).endsWith("picked from 4 that are equally near");
        }
        assertThat(counts).hasSize(4);
        assertThat(counts.values()).allMatch(count -> count > 850 && count < 1150);
    }

    private List<Client> clients(PciTree tree) {
        return List.of(client(tree, "nic", nic), client(tree, "namespace 1", ssd));
    }

    @Test
    void aClientThatIsNoneKeepsAllFromServing() {
        ssd.memory(MEMORY);
        List<Client> clients = new ArrayList<>(clients());
        clients.add(Client.none("namespace 2", "dm-0 is made of sda by device-mapper"));
        Choice choice = choose(clients, null, Selection.Reach.ANY);
        assertThat(choice.chosen()).isNull();
        assertThat(choice.clients()).isEqualTo(clients);
        assertThat(choice.verdict())
                .isEqualTo("no memory reaches namespace 2: dm-0 is made of sda by device-mapper");
        Candidate candidate = choice.candidates().getFirst();
        assertThat(candidate.usable()).isFalse();
        assertThat(candidate.paths()).hasSize(2);
        assertThat(candidate.verdict()).contains("namespace 2 cannot reach peer memory");
    }

    @Test
    void nobodyIsServedByNone() {
        ssd.memory(MEMORY);
        Choice choice = choose(List.of(), null, Selection.Reach.ANY);
        assertThat(choice.chosen()).isNull();
        assertThat(choice.verdict()).contains("there is nobody to serve");
    }

    @Test
    void pathsHoldBothSides() {
        ssd.memory(MEMORY);
        PciTree tree = tree();
        PciPath path =
                Selection.path(
                        tree,
                        Objects.requireNonNull(tree.function(ssd.address())),
                        client(tree, "nic", nic));
        assertThat(path.providerSide())
                .extracting(each -> each.address().toString())
                .containsExactly(ssd.address().toString(), "0000:02:01.0", "0000:01:00.0");
        assertThat(path.clientSide())
                .extracting(each -> each.address().toString())
                .containsExactly(nic.address().toString(), "0000:02:00.0");
        assertThat(path.commonAncestor()).isEqualTo(path.providerSide().getLast());
        assertThat(path.why())
                .isEqualTo(
                        "%s and nic (%s) meet at switch port 0000:01:00.0"
                                .formatted(ssd.address(), nic.address()));
    }
}
