package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which functions' Access Control Services count. The machine: a root port, a switch, and below it device
 * "a" and a second switch with device "b".
 */
final class AcsTest {
    @TempDir private Path sysfs;
    private final List<EmulatedFunction> functions = new ArrayList<>();

    @BeforeEach
    void build() {
        EmulatedBus socket = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6).hostBridge(0, 0);
        EmulatedFunction rootPort = socket.rootPort();
        EmulatedFunction upstream = rootPort.below().upstreamPort();
        EmulatedFunction portOfA = upstream.below().downstreamPort();
        EmulatedFunction a = portOfA.below().endpoint();
        EmulatedFunction portOfSwitch = upstream.below().downstreamPort();
        EmulatedFunction secondUpstream = portOfSwitch.below().upstreamPort();
        EmulatedFunction portOfB = secondUpstream.below().downstreamPort();
        EmulatedFunction b = portOfB.below().endpoint();
        functions.addAll(
                List.of(rootPort, upstream, portOfA, a, portOfSwitch, secondUpstream, portOfB, b));
    }

    private EmulatedFunction named(String name) {
        return functions.get(
                List.of("rp", "usp", "dspA", "a", "dsp", "usp2", "dspB", "b").indexOf(name));
    }

    private PciPath path(EmulatedFunction provider, EmulatedFunction client) {
        PciTree tree = PciTree.read(sysfs);
        return Selection.path(
                tree,
                Objects.requireNonNull(tree.function(provider.address())),
                Client.of("client", Objects.requireNonNull(tree.function(client.address()))));
    }

    /** Every function on the way counts, endpoints and the common ancestor too; what is above that does not. */
    @ParameterizedTest
    @CsvSource({
        "a, true",
        "dspA, true",
        "usp, true",
        "dsp, true",
        "usp2, true",
        "dspB, true",
        "b, true",
        "rp, false"
    })
    void countsOnTheWay(String name, boolean counts) {
        named(name).acs(Acs.REQUEST_REDIRECT);
        for (PciPath path : List.of(path(named("a"), named("b")), path(named("b"), named("a")))) {
            assertThat(path.distance()).isEqualTo(6);
            assertThat(path.type()).isEqualTo(counts ? MapType.NOT_SUPPORTED : MapType.BUS_ADDR);
            assertThat(path.redirects())
                    .extracting(PciFunction::address)
                    .isEqualTo(counts ? List.of(named(name).address()) : List.of());
            if (counts) {
                assertThat(path.why()).contains(named(name).address() + " RR");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0x01, false",
        "0x02, false",
        "0x04, true",
        "0x08, true",
        "0x10, false",
        "0x20, true",
        "0x40, false",
        "0x53, false",
        "0x1d, true",
        "0x7f, true",
        "0x00, false"
    })
    void onlyThreeBitsRedirect(String control, boolean redirects) {
        named("dspA").acs(Integer.decode(control));
        assertThat(path(named("a"), named("b")).type())
                .isEqualTo(redirects ? MapType.NOT_SUPPORTED : MapType.BUS_ADDR);
    }

    @Test
    void aFunctionThatRedirectsDoesNotEvenReachItself() {
        named("a").acs(Acs.EGRESS_CONTROL);
        PciPath path = path(named("a"), named("a"));
        assertThat(path.distance()).isZero();
        assertThat(path.type()).isEqualTo(MapType.NOT_SUPPORTED);
        assertThat(path.why()).contains("EC");
    }

    @Test
    void bridgesAboveAFunctionDoNotMatterToItself() {
        Stream.of("rp", "usp", "dspA").forEach(name -> named(name).acs(0x7f));
        assertThat(path(named("a"), named("a")).type()).isEqualTo(MapType.BUS_ADDR);
    }

    @Test
    void theRootPortCountsWhereItIsTheCommonAncestor() {
        EmulatedFunction port = EmulatedTree.in(sysfs).hostBridge(1, 0).rootPort();
        EmulatedBus below = port.below();
        EmulatedFunction one = below.at(0, 0).endpoint();
        EmulatedFunction two = below.at(0, 1).endpoint();
        assertThat(path(one, two).type()).isEqualTo(MapType.BUS_ADDR);
        port.acs(Acs.COMPLETION_REDIRECT);
        assertThat(path(one, two).type()).isEqualTo(MapType.NOT_SUPPORTED);
    }

    /** A common bridge and a redirect: back to what the host bridge can do. */
    @Test
    void aRedirectLeadsThroughAHostBridgeThatRoutes() {
        named("rp").ids(0x8086, 0x2f00);
        named("dsp").acs(Acs.REQUEST_REDIRECT | Acs.COMPLETION_REDIRECT);
        PciPath path = path(named("a"), named("b"));
        assertThat(path.type()).isEqualTo(MapType.THRU_HOST_BRIDGE);
        assertThat(path.commonAncestor()).isNotNull();
        assertThat(path.distance()).isEqualTo(6);
    }

    /** Without privileges 64 bytes are shown: no capability, no redirect that is known of, and a remark. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 100, 255})
    void whatCannotBeReadCountsAsAbsent(int bytes) {
        named("dspA").acs(0x7f).configBytes(bytes);
        PciTree tree = PciTree.read(sysfs);
        PciPath path = path(named("a"), named("b"));
        assertThat(path.type()).isEqualTo(MapType.BUS_ADDR);
        assertThat(path.why()).contains("ACS of 1 function on the way cannot be read");
        assertThat(tree.remarks())
                .singleElement()
                .asString()
                .contains(named("dspA").address().toString())
                .contains(bytes + " bytes");
    }

    @Test
    void aCapabilityThatIsCutOffIsUnreadable() {
        named("dspA").acs(0x7f).configBytes(0x148 + 6);
        PciTree tree = PciTree.read(sysfs);
        PciFunction function = Objects.requireNonNull(tree.function(named("dspA").address()));
        assertThat(function.acs().state()).isEqualTo(Acs.State.UNREADABLE);
    }

    @Test
    void aConventionalFunctionHasNone() {
        named("dspA").acs(0x7f).configBytes(256);
        PciTree tree = PciTree.read(sysfs);
        PciFunction function = Objects.requireNonNull(tree.function(named("dspA").address()));
        assertThat(function.acs()).isEqualTo(new Acs(Acs.State.ABSENT, 0));
        assertThat(tree.remarks()).isEmpty();
    }
}
