package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.target.TargetFixture.refuses;

import java.util.Set;
import java.util.TreeSet;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each change reaches exactly the discovery controllers that it concerns, and bumps the generation once. */
class DiscoveryEventsTest {
    private static final String X = "nqn.host-x";
    private static final String Y = "nqn.host-y";

    private final TargetFixture fixture = new TargetFixture();
    private final Target target = fixture.target;
    private final Port one = fixture.port(1);
    private final Port two = fixture.port(2);
    private final Host hostX = target.createHost(X);
    private final Subsystem restricted = target.createSubsystem("nqn.restricted");

    @BeforeEach
    void hostsXAndYWatchBothPorts() {
        Subsystem open = fixture.subsystem("nqn.open");
        one.link(open);
        two.link(open);
        for (Port port : new Port[] {one, two}) {
            fixture.discoveryController(port, X);
            fixture.discoveryController(port, Y);
        }
    }

    /** Runs the change; who was told, as "host@port", and that the generation is one higher. */
    private Set<String> toldOf(Runnable change) {
        long before = target.generation();
        change.run();
        assertThat(target.generation()).isEqualTo(before + 1);
        return told();
    }

    private Set<String> told() {
        Set<String> told = new TreeSet<>();
        for (Controller controller : target.discoverySubsystem().controllers()) {
            if (((RecordingController) controller).takeEvents().contains("discovery")) {
                told.add(controller.hostNqn().replace("nqn.host-", "") + controller.port().id());
            }
        }
        return told;
    }

    @Test
    void aLinkReachesTheAllowedHostsOnThatPort() {
        restricted.allowHost(hostX);
        told();
        assertThat(toldOf(() -> one.link(restricted))).containsExactly("x1");
        assertThat(toldOf(() -> one.unlink(restricted))).containsExactly("x1");
    }

    @Test
    void anAllowedHostIsToldOnThePortsThatExport() {
        one.link(restricted);
        told();
        assertThat(toldOf(() -> restricted.allowHost(hostX))).containsExactly("x1");
        assertThat(toldOf(() -> restricted.disallowHost(hostX))).containsExactly("x1");
    }

    @Test
    void allowAnyHostReachesEverybodyOnThePortsThatExport() {
        two.link(restricted);
        told();
        assertThat(toldOf(() -> restricted.allowAnyHost(true))).containsExactly("x2", "y2");
        long generation = target.generation();
        restricted.allowAnyHost(true);
        assertThat(target.generation()).isEqualTo(generation);
        assertThat(told()).isEmpty();
        assertThat(toldOf(() -> restricted.allowAnyHost(false))).containsExactly("x2", "y2");
    }

    @Test
    void aReferralReachesEverybodyOnItsPort() {
        Referral referral = one.createReferral("r");
        assertThat(told()).isEmpty();
        assertThat(toldOf(() -> referral.enabled(true))).containsExactly("x1", "y1");
        long generation = target.generation();
        referral.enabled(true);
        assertThat(target.generation()).isEqualTo(generation);
        assertThat(toldOf(() -> referral.enabled(false))).containsExactly("x1", "y1");
        referral.enabled(true);
        told();
        assertThat(toldOf(() -> one.removeReferral(referral))).containsExactly("x1", "y1");
        refuses(Errno.ENOENT, () -> referral.enabled(true));
    }

    @Test
    void theDiscoveryNameAndIdentityChangeNothing() {
        long generation = target.generation();
        target.discoveryNqn("nqn.discovery.mine");
        restricted.serial("S");
        restricted.createNamespace(1);
        assertThat(target.generation()).isEqualTo(generation);
        assertThat(told()).isEmpty();
    }

    @Test
    void aReferralKeepsItsAddressWhileEnabled() {
        Referral referral = one.createReferral("r");
        assertThat(referral.address().adrfam()).isEqualTo("pci");
        assertThat(referral.address().trtype()).isEmpty();
        assertThat(referral.portId()).isZero();
        referral.changeAddress(x -> x.withTrtype("tcp").withTraddr("192.0.2.1"));
        referral.portId(65535);
        referral.enabled(true);
        refuses(Errno.EACCES, () -> referral.changeAddress(x -> x.withTraddr("192.0.2.2")));
        refuses(Errno.EACCES, () -> referral.portId(1));
        refuses(Errno.EINVAL, () -> referral.portId(65536));
        refuses(Errno.EEXIST, () -> one.createReferral("r"));
        one.removeReferral(referral);
        refuses(Errno.ENOENT, () -> one.removeReferral(referral));
    }
}
