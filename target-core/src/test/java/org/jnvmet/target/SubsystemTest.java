package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.target.TargetFixture.HOST;
import static org.jnvmet.target.TargetFixture.refuses;

import org.jnvmet.target.RecordingController.LingeringController;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;

class SubsystemTest {
    private final TargetFixture fixture = new TargetFixture();
    private final Target target = fixture.target;
    private final Subsystem subsystem = target.createSubsystem("nqn.a");
    private final Port port = fixture.port(1);

    @Test
    void startsWithTheDefaults() {
        assertThat(subsystem.allowAnyHost()).isFalse();
        assertThat(subsystem.version()).isEqualTo(0x20100);
        assertThat(subsystem.serial()).matches("[0-9a-f]{20}");
        assertThat(subsystem.serial()).isNotEqualTo(target.createSubsystem("nqn.b").serial());
        assertThat(subsystem.model()).isEqualTo("Linux");
        assertThat(subsystem.firmware()).isEqualTo("0.1.0");
        assertThat(subsystem.ieeeOui()).isZero();
        assertThat(subsystem.vendorId()).isZero();
        assertThat(subsystem.subsystemVendorId()).isZero();
        assertThat(subsystem.minControllerId()).isEqualTo(1);
        assertThat(subsystem.maxControllerId()).isEqualTo(65519);
        assertThat(subsystem.maxQueueId()).isEqualTo(128);
    }

    @Test
    void fixesItsIdentityOnceDiscovered() {
        subsystem.serial("S1");
        subsystem.markDiscovered();
        refuses(Errno.EINVAL, () -> subsystem.serial("S2"));
        refuses(Errno.EINVAL, () -> subsystem.model("M"));
        refuses(Errno.EINVAL, () -> subsystem.firmware("F"));
        refuses(Errno.EINVAL, () -> subsystem.version(0x10300));
        refuses(Errno.EINVAL, () -> subsystem.ieeeOui(1));
        assertThat(subsystem.serial()).isEqualTo("S1");
        subsystem.vendorId(0x1234);
        subsystem.subsystemVendorId(0xffff);
        subsystem.minControllerId(2);
    }

    @Test
    void refusesIdentityThatIsNotPrintableOrDoesNotFit() {
        for (String bad :
                new String[] {"", "123456789012345678901", "a\tb", "caf\u00e9", "\u007f"}) {
            refuses(Errno.EINVAL, () -> subsystem.serial(bad));
        }
        refuses(Errno.EINVAL, () -> subsystem.model("x".repeat(41)));
        refuses(Errno.EINVAL, () -> subsystem.firmware("123456789"));
        refuses(Errno.EINVAL, () -> subsystem.ieeeOui(0x1000000));
        refuses(Errno.EINVAL, () -> subsystem.ieeeOui(-1));
        refuses(Errno.EINVAL, () -> subsystem.vendorId(0x10000));
        refuses(Errno.EINVAL, () -> subsystem.subsystemVendorId(-1));
        subsystem.serial("~ 34567890123456789 ");
        subsystem.model("x".repeat(40));
        subsystem.firmware("12345678");
        subsystem.ieeeOui(0xffffff);
    }

    @Test
    void keepsTheControllerIdRangeInOrder() {
        subsystem.maxControllerId(10);
        subsystem.minControllerId(10);
        refuses(Errno.EINVAL, () -> subsystem.minControllerId(11));
        refuses(Errno.EINVAL, () -> subsystem.maxControllerId(9));
        refuses(Errno.EINVAL, () -> subsystem.minControllerId(0));
        refuses(Errno.EINVAL, () -> subsystem.maxControllerId(0));
        refuses(Errno.EINVAL, () -> subsystem.maxControllerId(65536));
    }

    @Test
    void sharesControllerIdsWithAllSubsystems() {
        Subsystem other = target.createSubsystem("nqn.b");
        port.link(subsystem);
        port.link(other);
        assertThat(RecordingController.connect(subsystem, port, HOST).id()).isEqualTo(1);
        assertThat(RecordingController.connect(other, port, HOST).id()).isEqualTo(2);
        other.maxControllerId(2);
        assertThat(other.admit(port, _ -> failing())).isNull();
        assertThat(fixture.discoveryController(port, HOST).id()).isEqualTo(3);
    }

    @Test
    void reusesAnIdOnlyAfterItsControllerIsForgotten() {
        port.link(subsystem);
        Controller first = LingeringController.connect(subsystem, port);
        subsystem.maxQueueId(4);
        assertThat(subsystem.controller(1)).isNull();
        assertThat(RecordingController.connect(subsystem, port, HOST).id()).isEqualTo(2);
        subsystem.forget(first);
        subsystem.forget(first);
        Controller third = RecordingController.connect(subsystem, port, HOST);
        assertThat(third.id()).isEqualTo(1);
        subsystem.forget(first);
        assertThat(subsystem.controller(1)).isSameAs(third);
    }

    @Test
    void freesTheIdWhenTheControllerCannotBeMade() {
        port.link(subsystem);
        assertThatThrownBy(() -> subsystem.admit(port, _ -> failing()))
                .isInstanceOf(IllegalStateException.class);
        assertThat(target.controllerIds().inUse()).isZero();
        assertThat(subsystem.controllers()).isEmpty();
    }

    @Test
    void admitsNobodyThroughAPortThatDoesNotExportIt() {
        refuses(Errno.ENOENT, () -> subsystem.admit(port, _ -> failing()));
        port.link(subsystem);
        port.unlink(subsystem);
        refuses(Errno.ENOENT, () -> subsystem.admit(port, _ -> failing()));
    }

    @Test
    void deletesEveryControllerWhenTheQueueLimitIsSet() {
        port.link(subsystem);
        RecordingController controller = RecordingController.connect(subsystem, port, HOST);
        refuses(Errno.EINVAL, () -> subsystem.maxQueueId(0));
        refuses(Errno.EINVAL, () -> subsystem.maxQueueId(129));
        assertThat(controller.takeEvents()).isEmpty();
        subsystem.maxQueueId(128);
        assertThat(controller.takeEvents()).containsExactly("deleted");
        assertThat(subsystem.controllers()).isEmpty();
    }

    @Test
    void refusesNamespaceIdsThatMeanNoneOrAll() {
        refuses(Errno.EINVAL, () -> subsystem.createNamespace(0));
        refuses(Errno.EINVAL, () -> subsystem.createNamespace(0xffffffff));
        subsystem.createNamespace(0xfffffffe);
    }

    @Test
    void takesOneNamespaceOfANumberAndAThousandAndTwentyFourInAll() {
        for (int nsid = 1; nsid <= 1024; nsid++) {
            subsystem.createNamespace(nsid);
        }
        refuses(Errno.ENOMEM, () -> subsystem.createNamespace(1025));
        subsystem.removeNamespace(subsystem.namespaces().getFirst());
        refuses(Errno.ENOMEM, () -> subsystem.createNamespace(2));
        subsystem.createNamespace(1025);
    }

    @Test
    void allowsHostsByNameOrAnyHostButNotBoth() {
        Host host = target.createHost(HOST);
        assertThat(subsystem.allows(HOST)).isFalse();
        subsystem.allowHost(host);
        assertThat(subsystem.allows(HOST)).isTrue();
        assertThat(subsystem.allows("nqn.other")).isFalse();
        refuses(Errno.EEXIST, () -> subsystem.allowHost(host));
        refuses(Errno.EINVAL, () -> subsystem.allowAnyHost(true));
        refuses(Errno.EBUSY, () -> target.removeHost(host));
        subsystem.disallowHost(host);
        refuses(Errno.ENOENT, () -> subsystem.disallowHost(host));
        subsystem.allowAnyHost(true);
        assertThat(subsystem.allows("nqn.other")).isTrue();
        refuses(Errno.EINVAL, () -> subsystem.allowHost(host));
        target.removeHost(host);
        subsystem.allowAnyHost(false);
        refuses(Errno.ENOENT, () -> subsystem.allowHost(host));
    }

    @Test
    void leavesControllersOfAHostThatIsNoLongerAllowed() {
        Host host = target.createHost(HOST);
        subsystem.allowHost(host);
        port.link(subsystem);
        RecordingController controller = RecordingController.connect(subsystem, port, HOST);
        subsystem.disallowHost(host);
        assertThat(controller.takeEvents()).isEmpty();
        assertThat(subsystem.controllers()).containsExactly(controller);
    }

    private static Controller failing() {
        throw new IllegalStateException("no memory for a controller");
    }
}
