package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.target.TargetFixture.HOST;
import static org.jnvmet.target.TargetFixture.refuses;

import java.util.stream.Stream;
import org.jnvmet.target.Port.Address;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortTest {
    private final TargetFixture fixture = new TargetFixture();
    private final Target target = fixture.target;
    private final Subsystem a = fixture.subsystem("nqn.a");
    private final Subsystem b = fixture.subsystem("nqn.b");
    private final Port port = fixture.port(1);

    @Test
    void listensFromTheFirstLinkToTheLast() {
        assertThat(port.enabled()).isFalse();
        port.link(a);
        port.link(b);
        assertThat(port.enabled()).isTrue();
        assertThat(port.transport()).isSameAs(fixture.tcp);
        assertThat(port.subsystems()).containsExactly(a, b);
        port.unlink(a);
        assertThat(fixture.tcp.log).containsExactly("listen :441");
        port.unlink(b);
        assertThat(fixture.tcp.log).containsExactly("listen :441", "unlisten :441");
        assertThat(port.enabled()).isFalse();
        assertThat(port.transport()).isNull();
    }

    @Test
    void exportsTheSubsystemBeforeTheFirstConnectionCanArrive() {
        fixture.tcp.duringListen =
                () -> assertThat(RecordingController.connect(a, port, HOST).id()).isEqualTo(1);
        port.link(a);
        assertThat(a.controllers()).hasSize(1);
    }

    @Test
    void exportsTheDiscoverySubsystemWhileEnabled() {
        assertThat(port.exports(target.discoverySubsystem())).isFalse();
        port.link(a);
        assertThat(port.exports(target.discoverySubsystem())).isTrue();
        RecordingController discovery = fixture.discoveryController(port, HOST);
        port.unlink(a);
        assertThat(discovery.takeEvents()).contains("deleted");
        assertThat(target.discoverySubsystem().controllers()).isEmpty();
    }

    @Test
    void fixesAddressAndParametersWhileEnabled() {
        port.link(a);
        refuses(Errno.EACCES, () -> port.address(Address.UNSET));
        refuses(
                Errno.EACCES,
                () ->
                        port.changeAddress(_ -> {
                            throw new ConfigException(Errno.EINVAL, "not looked at");
                        }));
        refuses(Errno.EACCES, () -> port.inlineDataBytes(8192));
        refuses(Errno.EACCES, () -> port.maxQueueEntries(64));
        refuses(Errno.EACCES, () -> port.mdts(1));
        port.unlink(a);
        port.inlineDataBytes(8192);
        port.maxQueueEntries(64);
        port.mdts(1);
    }

    @Test
    void refusesTheSameSubsystemTwiceAndOneThatIsGone() {
        port.link(a);
        refuses(Errno.EEXIST, () -> port.link(a));
        refuses(Errno.ENOENT, () -> port.unlink(b));
        target.removeSubsystem(b);
        refuses(Errno.ENOENT, () -> port.link(b));
        assertThat(port.subsystems()).containsExactly(a);
    }

    @Test
    void needsATransportThatThisBuildHas() {
        Port bare = target.createPort(9);
        refuses(Errno.EINVAL, () -> bare.link(a));
        for (String trtype : new String[] {"rdma", "fc", "pci", "loop"}) {
            bare.changeAddress(address -> address.withTrtype(trtype));
            refuses(Errno.EINVAL, () -> bare.link(a));
        }
        target.removeSubsystem(a); // no link was left behind
    }

    @Test
    void isAsBeforeWhenItCannotListen() {
        Port second = fixture.port(2);
        second.address(port.address());
        port.link(a);
        long generation = target.generation();
        refuses(Errno.EADDRINUSE, () -> second.link(b));
        assertThat(second.enabled()).isFalse();
        assertThat(second.transport()).isNull();
        assertThat(second.inlineDataBytes()).isEqualTo(-1);
        assertThat(second.maxQueueEntries()).isEqualTo(-1);
        assertThat(second.mdts()).isEqualTo(-1);
        assertThat(target.generation()).isEqualTo(generation);
        target.removeSubsystem(b);
        target.removePort(second);
    }

    /** Columns: inline, entries, mdts as set; the same as found after the link; bytes of a transfer. */
    @ParameterizedTest
    @CsvSource(
            value = {
                "-1 -1 -1 | 16384 1024 0 | 1048576",
                "-5 -5  0 | 16384 1024 0 | 1048576",
                "0 1 1 | 0 16 1 | 8192",
                "4096 100 5 | 4096 100 5 | 131072",
                "9999999 9999999 9 | 65536 1024 9 | 1048576",
                "65536 1024 255 | 65536 1024 255 | 1048576"
            },
            delimiter = '|')
    void choosesItsParametersAtTheFirstLinkAndKeepsThem(
            String set, String found, int transferBytes) {
        int[] values = Stream.of(set.split(" +")).mapToInt(Integer::parseInt).toArray();
        port.inlineDataBytes(values[0]);
        port.maxQueueEntries(values[1]);
        port.mdts(values[2]);
        port.link(a);
        assertThat(port.maxTransferBytes()).isEqualTo(transferBytes);
        port.unlink(a);
        assertThat(
                        "%d %d %d"
                                .formatted(
                                        port.inlineDataBytes(),
                                        port.maxQueueEntries(),
                                        port.mdts()))
                .isEqualTo(found);
    }

    @Test
    void keepsAnaGroupsPerPortAndCountsThemForTheTarget() {
        Port second = fixture.port(2);
        assertThat(port.anaState(1)).isEqualTo(AnaState.OPTIMIZED);
        assertThat(port.anaState(3)).isEqualTo(AnaState.INACCESSIBLE);
        port.createAnaGroup(3);
        second.createAnaGroup(3);
        port.anaState(3, AnaState.NON_OPTIMIZED);
        assertThat(port.anaState(3)).isEqualTo(AnaState.NON_OPTIMIZED);
        assertThat(second.anaState(3)).isEqualTo(AnaState.INACCESSIBLE);
        assertThat(target.anaGroups()).containsExactly(1, 3);
        port.removeAnaGroup(3);
        assertThat(port.anaState(3)).isEqualTo(AnaState.INACCESSIBLE);
        assertThat(target.anaGroups()).containsExactly(1, 3);
        second.removeAnaGroup(3);
        assertThat(target.anaGroups()).containsExactly(1);
    }

    @Test
    void refusesAnaGroupsOutsideOfTheRules() {
        refuses(Errno.EINVAL, () -> port.createAnaGroup(1));
        refuses(Errno.EINVAL, () -> port.createAnaGroup(129));
        refuses(Errno.EPERM, () -> port.removeAnaGroup(1));
        refuses(Errno.ENOENT, () -> port.removeAnaGroup(2));
        refuses(Errno.ENOENT, () -> port.anaState(2, AnaState.CHANGE));
        port.createAnaGroup(128);
        refuses(Errno.EEXIST, () -> port.createAnaGroup(128));
    }

    @Test
    void tellsOnlyItsOwnControllersOfAnaChanges() {
        Port second = fixture.port(2);
        port.link(a);
        second.link(a);
        RecordingController here = RecordingController.connect(a, port, HOST);
        RecordingController there = RecordingController.connect(a, second, HOST);
        RecordingController discovery = fixture.discoveryController(port, HOST);
        long before = target.anaChangeCount();
        port.createAnaGroup(2);
        port.anaState(2, AnaState.OPTIMIZED);
        port.removeAnaGroup(2);
        assertThat(here.takeEvents()).containsExactly("ana", "ana", "ana");
        assertThat(there.takeEvents()).isEmpty();
        assertThat(discovery.takeEvents()).isEmpty();
        assertThat(target.anaChangeCount()).isEqualTo(before + 3);
    }

    @Test
    void deletesTheControllersOfAnUnlinkedSubsystemOnThisPortOnly() {
        Port second = fixture.port(2);
        port.link(a);
        port.link(b);
        second.link(a);
        RecordingController doomed = RecordingController.connect(a, port, HOST);
        RecordingController otherSubsystem = RecordingController.connect(b, port, HOST);
        RecordingController otherPort = RecordingController.connect(a, second, HOST);
        port.unlink(a);
        assertThat(doomed.takeEvents()).containsExactly("deleted");
        assertThat(otherSubsystem.takeEvents()).isEmpty();
        assertThat(otherPort.takeEvents()).isEmpty();
    }

    @Test
    void isRemovedOnlyWhenNothingHangsOnIt() {
        port.link(a);
        refuses(Errno.ENOTEMPTY, () -> target.removePort(port));
        port.unlink(a);
        Referral referral = port.createReferral("r");
        refuses(Errno.ENOTEMPTY, () -> target.removePort(port));
        port.removeReferral(referral);
        port.createAnaGroup(2);
        refuses(Errno.ENOTEMPTY, () -> target.removePort(port));
        port.removeAnaGroup(2);
        target.removePort(port);
        refuses(Errno.ENOENT, () -> target.removePort(port));
        refuses(Errno.ENOENT, () -> port.link(a));
        target.createPort(1);
    }

    @Test
    void checksEachPartOfAnAddress() {
        refuses(Errno.EINVAL, () -> port.changeAddress(x -> x.withTrtype("scsi")));
        refuses(Errno.EINVAL, () -> port.changeAddress(x -> x.withAdrfam("pcie")));
        refuses(Errno.EINVAL, () -> port.changeAddress(x -> x.withTreq("maybe")));
        refuses(Errno.EINVAL, () -> port.changeAddress(x -> x.withTraddr("x".repeat(257))));
        refuses(Errno.EINVAL, () -> port.changeAddress(x -> x.withTrsvcid("x".repeat(33))));
        refuses(Errno.EINVAL, () -> port.changeAddress(x -> x.withTsas("tls1.3")));
        refuses(Errno.EINVAL, () -> port.changeAddress(x -> x.withTsas("connected")));
        assertThat(port.address().tsas()).isEqualTo("none");
        port.changeAddress(x -> x.withTreq("required"));
        port.changeAddress(x -> x.withTsas("none"));
        assertThat(port.address().treq()).isEqualTo("not specified");
        port.changeAddress(x -> x.withTrtype("rdma"));
        assertThat(port.address().tsas()).isEqualTo("connected");
        port.changeAddress(x -> x.withTrtype("loop"));
        assertThat(port.address().tsas()).isEmpty();
    }

    @Test
    void refusesMdtsOutsideOfAByteButTakesMinusOne() {
        refuses(Errno.EINVAL, () -> port.mdts(-2));
        refuses(Errno.EINVAL, () -> port.mdts(256));
        port.mdts(255);
        port.mdts(-1);
        assertThat(port.mdts()).isEqualTo(-1);
    }
}
