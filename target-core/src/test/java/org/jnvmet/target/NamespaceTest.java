package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.target.TargetFixture.HOST;
import static org.jnvmet.target.TargetFixture.refuses;

import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.junit.jupiter.api.Test;

class NamespaceTest {
    private final TargetFixture fixture = new TargetFixture();
    private final Subsystem subsystem = fixture.subsystem("nqn.a");
    private final Port port = fixture.port(1);
    private final Namespace namespace = subsystem.createNamespace(7);

    private RecordingController controller() {
        port.link(subsystem);
        return RecordingController.connect(subsystem, port, HOST);
    }

    @Test
    void startsWithTheDefaults() {
        assertThat(namespace.devicePath()).isNull();
        assertThat(namespace.nguid()).isEqualTo(new UUID(0, 0));
        assertThat(namespace.uuid().version()).isEqualTo(4);
        assertThat(namespace.uuid()).isNotEqualTo(subsystem.createNamespace(8).uuid());
        assertThat(namespace.anaGroup()).isEqualTo(1);
        assertThat(namespace.bufferedIo()).isFalse();
        assertThat(namespace.enabled()).isFalse();
        assertThat(namespace.enter(0)).isNull();
    }

    @Test
    void needsAPathToBeEnabled() {
        refuses(Errno.EINVAL, namespace::enable);
        refuses(Errno.EINVAL, () -> namespace.devicePath(""));
    }

    @Test
    void staysDisabledWhenTheMediumCannotBeOpened() {
        namespace.devicePath("tape");
        refuses(Errno.ENODEV, namespace::enable);
        assertThat(namespace.enabled()).isFalse();
        namespace.devicePath("disk7");
        namespace.enable();
        assertThat(namespace.enabled()).isTrue();
    }

    @Test
    void opensTheMediumOnceAsConfigured() {
        namespace.devicePath("disk7");
        namespace.bufferedIo(true);
        namespace.enable();
        namespace.enable();
        assertThat(fixture.opened)
                .singleElement()
                .satisfies(backend -> assertThat(backend.path).isEqualTo("disk7"))
                .satisfies(backend -> assertThat(backend.buffered).isTrue());
        assertThat(namespace.enter(0)).isSameAs(fixture.opened.getFirst());
        namespace.leave(0);
    }

    @Test
    void keepsItsIdentityWhileEnabled() {
        namespace.devicePath("disk7");
        namespace.enable();
        refuses(Errno.EBUSY, () -> namespace.devicePath("disk8"));
        refuses(Errno.EBUSY, () -> namespace.uuid(UUID.randomUUID()));
        refuses(Errno.EBUSY, () -> namespace.nguid(UUID.randomUUID()));
        refuses(Errno.EINVAL, () -> namespace.bufferedIo(true));
        assertThat(namespace.devicePath()).isEqualTo("disk7");
        namespace.disable();
        namespace.devicePath("disk8");
        assertThat(namespace.devicePath()).isEqualTo("disk8");
    }

    @Test
    void changesItsAnaGroupWhileEnabled() {
        RecordingController controller = controller();
        namespace.devicePath("disk7");
        namespace.enable();
        controller.takeEvents();
        long before = fixture.target.anaChangeCount();
        namespace.anaGroup(128);
        assertThat(namespace.anaGroup()).isEqualTo(128);
        assertThat(fixture.target.anaGroups()).containsExactly(1, 128);
        assertThat(fixture.target.anaChangeCount()).isEqualTo(before + 1);
        assertThat(controller.takeEvents()).containsExactly("ana");
        refuses(Errno.EINVAL, () -> namespace.anaGroup(0));
        refuses(Errno.EINVAL, () -> namespace.anaGroup(129));
        assertThat(namespace.anaGroup()).isEqualTo(128);
    }

    @Test
    void freesItsAnaGroupWhenItIsRemoved() {
        namespace.anaGroup(5);
        subsystem.removeNamespace(namespace);
        assertThat(fixture.target.anaGroups()).containsExactly(1);
        refuses(Errno.ENOENT, () -> namespace.anaGroup(6));
        assertThat(fixture.target.anaGroups()).containsExactly(1);
    }

    @Test
    void tellsControllersWhenItComesAndGoes() {
        RecordingController controller = controller();
        namespace.devicePath("disk7");
        assertThat(controller.takeEvents()).isEmpty();
        namespace.enable();
        namespace.enable();
        assertThat(controller.takeEvents()).containsExactly("namespace 7");
        namespace.disable();
        namespace.disable();
        assertThat(controller.takeEvents()).containsExactly("namespace 7");
    }

    @Test
    void tellsControllersOnlyOfANewSize() {
        RecordingController controller = controller();
        refuses(Errno.EINVAL, namespace::revalidateSize);
        namespace.devicePath("disk7");
        namespace.enable();
        controller.takeEvents();
        namespace.revalidateSize();
        assertThat(controller.takeEvents()).isEmpty();
        fixture.opened.getFirst().nextBlocks = 200;
        namespace.revalidateSize();
        assertThat(controller.takeEvents()).containsExactly("namespace 7");
    }

    @Test
    void removalDisablesFirstAndIsFinal() {
        RecordingController controller = controller();
        namespace.devicePath("disk7");
        namespace.enable();
        controller.takeEvents();
        subsystem.removeNamespace(namespace);
        assertThat(controller.takeEvents()).containsExactly("namespace 7");
        assertThat(fixture.opened.getFirst().closed).isTrue();
        assertThat(subsystem.namespaces()).isEmpty();
        refuses(Errno.ENOENT, namespace::enable);
        refuses(Errno.ENOENT, () -> subsystem.removeNamespace(namespace));
    }

    @Test
    void disableWaitsForRunningOperationsBeforeItClosesTheMedium() throws Exception {
        namespace.devicePath("disk7");
        namespace.enable();
        RecordingBackend backend = fixture.opened.getFirst();
        Backend inside = namespace.enter(3);
        assertThat(inside).isSameAs(backend);
        Thread disabler = Thread.ofPlatform().start(namespace::disable);
        while (namespace.enabled()) {
            Thread.onSpinWait();
        }
        assertThat(namespace.enter(3)).isNull();
        assertThat(backend.closed).isFalse();
        namespace.leave(3);
        disabler.join();
        assertThat(backend.closed).isTrue();
    }

    @Test
    void aSlowMediumHoldsUpNeitherReadersNorOtherEntities() throws Exception {
        CountDownLatch opening = new CountDownLatch(1);
        CountDownLatch mayOpen = new CountDownLatch(1);
        fixture.duringOpen =
                () -> {
                    opening.countDown();
                    await(mayOpen);
                };
        namespace.devicePath("disk7");
        Thread enabler = Thread.ofPlatform().start(namespace::enable);
        await(opening);
        // All of this would hang if the opening held a lock that it needs.
        assertThat(namespace.enabled()).isFalse();
        assertThat(namespace.enter(0)).isNull();
        namespace.anaGroup(2);
        RecordingController controller = controller();
        subsystem.removeNamespace(subsystem.createNamespace(8));
        subsystem.serial("S1");
        subsystem.forget(controller);
        port.unlink(subsystem);
        mayOpen.countDown();
        enabler.join();
        assertThat(namespace.enabled()).isTrue();
    }

    @Test
    void theLastOfManyEnablesAndDisablesDecides() throws Exception {
        namespace.devicePath("disk7");
        Thread[] threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            boolean enable = i % 2 == 0;
            threads[i] =
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int round = 0; round < 500; round++) {
                                    if (enable) {
                                        namespace.enable();
                                    } else {
                                        namespace.disable();
                                    }
                                }
                            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        namespace.disable();
        assertThat(fixture.opened).isNotEmpty().allMatch(backend -> backend.closed);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
