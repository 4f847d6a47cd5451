package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.target.TargetFixture.HOST;
import static org.jnvmet.target.TargetFixture.refuses;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jnvmet.target.RecordingController.LingeringController;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;

class TargetCloseTest {
    private final TargetFixture fixture = new TargetFixture();
    private final Target target = fixture.target;
    private final Subsystem subsystem = fixture.subsystem("nqn.a");
    private final Port port = fixture.port(1);

    @Test
    void closesPathsThenAssociationsThenMediaThenTransports() {
        Namespace namespace = fixture.enabledNamespace(subsystem, 1);
        port.createAnaGroup(2);
        port.anaState(2, AnaState.OPTIMIZED);
        port.link(subsystem);
        RecordingController controller = RecordingController.connect(subsystem, port, HOST);
        RecordingController discovery = fixture.discoveryController(port, HOST);
        controller.takeEvents();
        target.close();
        assertThat(controller.takeEvents().subList(0, 2)).containsExactly("ana", "deleted");
        assertThat(discovery.takeEvents()).contains("deleted");
        assertThat(port.anaState(1)).isEqualTo(AnaState.INACCESSIBLE);
        assertThat(port.anaState(2)).isEqualTo(AnaState.INACCESSIBLE);
        assertThat(fixture.tcp.log).containsExactly("listen :441", "unlisten :441", "close");
        assertThat(namespace.enabled()).isFalse();
        assertThat(fixture.opened.getFirst().closed).isTrue();
        assertThat(target.controllerIds().inUse()).isZero();
    }

    @Test
    void refusesNoHostAsLongAsConnectionsCanArrive() {
        port.link(subsystem);
        AtomicReference<RecordingController> late = new AtomicReference<>();
        fixture.tcp.duringUnlisten =
                () -> late.set(RecordingController.connect(subsystem, port, HOST));
        target.close();
        assertThat(late.get().takeEvents()).endsWith("deleted");
        refuses(Errno.ENOENT, () -> RecordingController.connect(subsystem, port, HOST));
    }

    @Test
    void takesNoConfigurationAfterwards() {
        Namespace namespace = subsystem.createNamespace(1);
        namespace.devicePath("disk");
        target.close();
        target.close();
        refuses(Errno.EBUSY, () -> target.createSubsystem("nqn.b"));
        refuses(Errno.EBUSY, () -> target.createPort(2));
        refuses(Errno.EBUSY, () -> target.createHost("h"));
        refuses(Errno.EBUSY, namespace::enable);
        refuses(Errno.ENOENT, () -> port.link(subsystem));
        assertThat(fixture.tcp.log).containsExactly("close");
    }

    @Test
    void doesNotWaitForeverForAStuckOperationAndKeepsItsMediumOpen() {
        Namespace stuck = fixture.enabledNamespace(subsystem, 1);
        Namespace idle = fixture.enabledNamespace(subsystem, 2);
        port.link(subsystem);
        LingeringController.connect(subsystem, port);
        stuck.enter(0);
        long start = System.nanoTime();
        new TargetShutdown(target, List.of(fixture.tcp), TimeUnit.SECONDS.toNanos(4)).run();
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
        assertThat(idle.enabled()).isFalse();
        assertThat(fixture.opened.getLast().closed).isTrue();
        assertThat(fixture.opened.getFirst().closed).isFalse();
        assertThat(fixture.tcp.log).endsWith("close");
        stuck.leave(0);
        stuck.disable();
        assertThat(fixture.opened.getFirst().closed).isTrue();
    }
}
