package org.jnvmet.app.p2p;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jnvmet.p2pmem.Explanation;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.jnvmet.p2pmem.pci.Acs;
import org.jnvmet.p2pmem.pci.Choice;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.p2pmem.pci.Selection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people and programs read of a decision. */
final class ExplanationReportTest {
    @TempDir private Path folder;

    /** A switch with a network interface and a disk with memory, and memory at another root port. */
    private static final class Machine {
        private final EmulatedFunction nicPort;
        private final EmulatedFunction ssd;
        private final EmulatedFunction far;
        private final Path root;

        private Machine(Path root) {
            this.root = root;
            EmulatedBus socket = EmulatedTree.in(root).cpu("GenuineIntel", 6).hostBridge(0, 0);
            EmulatedBus fabric = socket.at(1, 0).rootPort().below().upstreamPort().below();
            nicPort = fabric.downstreamPort();
            nicPort.below().endpoint().nic().networkInterface("eth0");
            ssd = fabric.downstreamPort().below().endpoint().nvme();
            ssd.memory(1 << 20).blockDevice("nvme0n1", 259, 0);
            far = socket.at(2, 0).rootPort().below().endpoint().nvme().memory(1 << 20);
        }

        private Choice choose() {
            PciTree tree = PciTree.read(root);
            return choose(tree.blockDevice("namespace 1 of nqn.s", 259, 0));
        }

        private Choice choose(Client disk) {
            PciTree tree = PciTree.read(root);
            return Selection.choose(
                    tree,
                    List.of(tree.networkInterface("interface eth0", "eth0"), disk),
                    null,
                    Selection.Reach.SAME_HIERARCHY,
                    new SplittableRandom(1));
        }
    }

    private static ExplanationReport report(Choice choice) {
        return new ExplanationReport(
                List.of(new Explanation("port 1", "allow_p2pmem=1", choice, "it is so")));
    }

    @Test
    void showsEachClientEachMemoryAndEachWay() {
        Machine machine = new Machine(folder);
        Choice choice = machine.choose();
        assertThat(report(choice).text().lines())
                .containsSubsequence(
                        "port 1, allow_p2pmem=1",
                        "  client    interface eth0 at 0000:03:00.0",
                        "  client    namespace 1 of nqn.s at " + machine.ssd.address(),
                        "  memory    "
                                + machine.ssd.address()
                                + " (chosen): "
                                + Objects.requireNonNull(choice.chosen()).verdict(),
                        "    to      interface eth0",
                        "      way       %s > 0000:02:01.0 > [0000:01:00.0] > %s > 0000:03:00.0"
                                .formatted(machine.ssd.address(), machine.nicPort.address()),
                        "      distance  4, BUS_ADDR",
                        "      ACS       redirects nowhere on the way",
                        "    to      namespace 1 of nqn.s",
                        "      way       [" + machine.ssd.address() + "]",
                        "      distance  0, BUS_ADDR",
                        "    to      interface eth0",
                        "      way       %s > 0000:00:02.0 > [pci0000:00] > 0000:00:01.0 > 0000:01:00.0 > %s > 0000:03:00.0"
                                .formatted(machine.far.address(), machine.nicPort.address()),
                        "      distance  6, NOT_SUPPORTED",
                        "  verdict   " + choice.verdict(),
                        "  outcome   it is so");
    }

    @Test
    void namesWhoRedirectsAndByWhichBits() {
        Machine machine = new Machine(folder);
        machine.nicPort.acs(Acs.REQUEST_REDIRECT | Acs.COMPLETION_REDIRECT);
        assertThat(report(machine.choose()).text())
                .contains("      ACS       " + machine.nicPort.address() + " redirects (RR CR)")
                .doesNotContain("(chosen)");
    }

    @Test
    void saysWhoIsNoClientAndThatThereIsNoMemory() {
        Machine machine = new Machine(folder);
        machine.ssd.removeMemory();
        machine.far.published(false);
        Client mapper = Client.none("namespace 2 of nqn.s", "dm-0 is made of other devices");
        assertThat(report(machine.choose(mapper)).text().lines())
                .contains(
                        "  client    namespace 2 of nqn.s, which is none: dm-0 is made of other devices",
                        "  memory    none");
        assertThat(new ExplanationReport(List.of()).text()).contains("nothing to decide");
    }

    @Test
    void givesProgramsTheSameFacts() {
        Machine machine = new Machine(folder);
        machine.nicPort.acs(Acs.EGRESS_CONTROL);
        Choice choice = machine.choose();
        JsonObject decision =
                JsonParser.parseString(report(choice).json())
                        .getAsJsonObject()
                        .getAsJsonArray("decisions")
                        .get(0)
                        .getAsJsonObject();
        assertThat(decision.get("subject").getAsString()).isEqualTo("port 1");
        assertThat(decision.get("setting").getAsString()).isEqualTo("allow_p2pmem=1");
        assertThat(decision.get("verdict").getAsString()).isEqualTo(choice.verdict());
        assertThat(decision.getAsJsonArray("clients")).hasSize(2);
        JsonArray candidates = decision.getAsJsonArray("candidates");
        assertThat(candidates).hasSize(2);
        JsonObject first = candidates.get(0).getAsJsonObject();
        assertThat(first.get("provider").getAsString()).isEqualTo(machine.ssd.address().toString());
        assertThat(first.get("chosen").getAsBoolean()).isFalse();
        assertThat(first.get("usable").getAsBoolean()).isFalse();
        JsonObject toInterface = first.getAsJsonArray("paths").get(0).getAsJsonObject();
        assertThat(toInterface.get("distance").getAsInt()).isEqualTo(4);
        assertThat(toInterface.get("map_type").getAsString()).isEqualTo("NOT_SUPPORTED");
        assertThat(toInterface.get("common_ancestor").getAsString()).isEqualTo("0000:01:00.0");
        assertThat(toInterface.getAsJsonArray("redirects").toString())
                .isEqualTo(
                        "[{\"function\":\"%s\",\"bits\":\"EC\"}]"
                                .formatted(machine.nicPort.address()));
        assertThat(candidates.get(1).getAsJsonObject().getAsJsonArray("paths"))
                .allSatisfy(path ->
                        assertThat(path.getAsJsonObject().get("common_ancestor").isJsonNull())
                                .isTrue());
    }
}
