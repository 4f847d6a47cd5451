package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.host.ScriptedSubsystem.submit;

import java.util.UUID;
import org.jnvmet.host.ScriptedSubsystem.Outcome;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AsyncEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of an open namespace when the controllers' namespaces change. */
class NamespaceChangeTest {
    private static final UUID DISK = ScriptedController.DISK;

    private final ScriptedSubsystem subsystem = new ScriptedSubsystem();
    private final ManualTimer timer = subsystem.timer;
    private final ScriptedController a = subsystem.controller("a");
    private final ScriptedController b = subsystem.controller("b");
    private HostController first;

    @BeforeEach
    void connect() {
        first = subsystem.connect("a");
        subsystem.connect("b");
    }

    @AfterEach
    void close() {
        subsystem.host.close();
    }

    private void changed(ScriptedController controller) {
        controller.event(AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED);
        timer.run();
    }

    @Test
    void followsTheSize() {
        HostNamespace disk = subsystem.disk();
        HostNamespace own = first.namespace(1);
        a.disk(1, 4096, 9, DISK);
        changed(a);
        assertThat(disk.blocks()).isEqualTo(4096);
        assertThat(own.blocks()).isEqualTo(4096);
        assertThat(submit(disk).succeeded()).isTrue();
    }

    @Test
    void adoptsOtherBlocksWhenAllPathsHaveThem() {
        HostNamespace disk = subsystem.disk();
        a.disk(1, 128, 12, DISK);
        b.disk(1, 128, 12, DISK);
        changed(a);
        changed(b);
        timer.run();
        assertThat(disk.blockBytes()).isEqualTo(4096);
        assertThat(disk.ways()).extracting(HostNamespace.Path::usable).containsOnly(true);
    }

    @Test
    void leavesAPathWhoseNamespaceVanishes() {
        HostNamespace disk = subsystem.disk();
        a.namespaces.remove(1);
        changed(a);
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(a.commands).hasValue(0);

        a.disk(1, 1024, 9, DISK);
        changed(a);
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(a.commands).hasValue(1);
    }

    @Test
    void failsWhatIsForANamespaceThatIsGoneAndWorksWhenItIsBack() {
        HostNamespace own = first.namespace(1);
        a.namespaces.remove(1);
        changed(a);
        Outcome outcome = submit(own);
        assertThat(Status.INVALID_NAMESPACE.is(outcome.status)).isTrue();
        assertThat(outcome.status & Status.DNR).isNotZero();
        assertThat(outcome.failure).hasMessageContaining("is not there any more");
        assertThat(a.commands).hasValue(0);

        a.disk(1, 1024, 9, DISK);
        changed(a);
        assertThat(submit(own).succeeded()).isTrue();
        assertThat(first.namespace(1)).isSameAs(own);
    }

    @Test
    void writesToNoOtherDiskThatAppearsInItsPlace() {
        HostNamespace own = first.namespace(1);
        HostNamespace disk = subsystem.disk();
        a.hold();
        Outcome mine = submit(own);
        a.commands.set(0);
        a.disk(1, 1024, 9, new UUID(8, 8));
        a.cut();
        a.io = _ -> 0;
        timer.advance(ScriptedSubsystem.RECONNECT_MS);

        assertThat(a.commands).hasValue(0);
        assertThat(Status.INVALID_NAMESPACE.is(mine.status)).isTrue();
        assertThat(mine.failure).hasMessageContaining("is another one now: UUID '");
        assertThat(submit(disk).succeeded()).isTrue();
        assertThat(b.commands).hasValue(1);

        HostNamespace other = first.namespace(1);
        assertThat(other).isNotSameAs(own);
        assertThat(submit(other).succeeded()).isTrue();
        assertThat(submit(own).status).isEqualTo(Status.HOST_PATHING_ERROR.code());
    }

    @Test
    void findsPathsToNamespacesThatAreAttachedLater() {
        b.disk(2, 64, 9, new UUID(2, 2));
        HostNamespace second = subsystem.subsystem().namespace(2);
        assertThat(second.ways())
                .extracting(HostNamespace.Path::usable)
                .containsExactly(false, true);

        a.disk(2, 64, 9, new UUID(2, 2));
        changed(a);

        assertThat(second.ways())
                .extracting(HostNamespace.Path::usable)
                .containsExactly(true, true);
        assertThat(subsystem.subsystem().namespace(2)).isSameAs(second);
    }

    @Test
    void saysWhyANamespaceCannotBeOpened() {
        assertThatThrownBy(() -> subsystem.subsystem().namespace(3))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("invalid namespace");
        assertThatThrownBy(() -> first.namespace(3)).isInstanceOf(StatusException.class);
        a.disk(4, 1, 8, new UUID(4, 4));
        assertThatThrownBy(() -> first.namespace(4))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("does it exist?");
    }

    @Test
    void opensADiskAnewWhenTheOldOneIsGoneEverywhere() {
        HostNamespace old = subsystem.disk();
        a.disk(1, 64, 9, new UUID(8, 8));
        b.disk(1, 64, 9, new UUID(8, 8));
        HostNamespace fresh = subsystem.disk();
        assertThat(fresh).isNotSameAs(old);
        assertThat(fresh.blocks()).isEqualTo(64);
        assertThat(submit(fresh).succeeded()).isTrue();
        assertThat(submit(old).completions).isOne();
        assertThat(submit(old).status).isNotZero();
    }
}
