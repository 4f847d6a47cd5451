package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.host.ScriptedSubsystem.submit;

import org.jnvmet.host.ScriptedController.Held;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AnaGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How commands are spread over paths. */
class IoPolicyTest {
    private final ScriptedSubsystem subsystem = new ScriptedSubsystem();
    private final ScriptedController a = subsystem.controller("a");
    private final ScriptedController b = subsystem.controller("b");
    private final ScriptedController c = subsystem.controller("c");

    @BeforeEach
    void connect() {
        subsystem.connect("a");
        subsystem.connect("b");
        subsystem.connect("c");
    }

    @AfterEach
    void close() {
        subsystem.host.close();
    }

    private void submits(HostNamespace disk, int count) {
        for (int i = 0; i < count; i++) {
            submit(disk);
        }
    }

    private int[] commands() {
        return new int[] {
            a.commands.getAndSet(0), b.commands.getAndSet(0), c.commands.getAndSet(0)
        };
    }

    @Test
    void numaTakesTheFirst() {
        HostNamespace disk = subsystem.disk();
        assertThat(subsystem.subsystem().ioPolicy()).isEqualTo(IoPolicy.NUMA).hasToString("numa");
        submits(disk, 9);
        assertThat(commands()).containsExactly(9, 0, 0);
    }

    @Test
    void roundRobinTakesEachInTurn() {
        HostNamespace disk = subsystem.disk();
        subsystem.subsystem().ioPolicy(IoPolicy.ROUND_ROBIN);
        submits(disk, 9);
        assertThat(commands()).containsExactly(3, 3, 3);

        b.changeAnaState(AnaGroup.NON_OPTIMIZED);
        subsystem.timer.run();
        submits(disk, 10);
        assertThat(commands()).containsExactly(5, 0, 5);

        a.changeAnaState(AnaGroup.INACCESSIBLE);
        c.changeAnaState(AnaGroup.NON_OPTIMIZED);
        subsystem.timer.run();
        submits(disk, 10);
        assertThat(commands()).containsExactly(0, 5, 5);
    }

    @Test
    void queueDepthTakesWhoHasTheFewest() {
        subsystem.subsystem().ioPolicy(IoPolicy.QUEUE_DEPTH);
        HostNamespace disk = subsystem.disk();
        a.hold();
        b.hold();
        submits(disk, 9);
        assertThat(commands()).containsExactly(1, 1, 7);

        c.hold();
        submits(disk, 4);
        assertThat(commands()).containsExactly(1, 1, 2);
        c.release(0);
        submits(disk, 2);
        assertThat(commands()).containsExactly(0, 0, 2);
    }

    @Test
    void queueDepthForgetsCommandsThatFail() throws InterruptedException {
        subsystem.subsystem().ioPolicy(IoPolicy.QUEUE_DEPTH);
        HostNamespace disk = subsystem.disk();
        a.hold();
        submits(disk, 1);
        Held held = a.held.take();
        a.io = _ -> 0;
        held.complete(Status.INTERNAL_ERROR.code());
        a.hold();
        submits(disk, 1);
        a.cut();
        subsystem.timer.advance(ScriptedSubsystem.RECONNECT_MS);

        for (HostController controller : subsystem.subsystem().controllers()) {
            assertThat(controller.paths().depth()).as("%s", controller).isZero();
        }
    }
}
