package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.fabrics.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeepAliveTest {
    private static final int KATO_MS = 4000;

    private final CoreFixture fixture = new CoreFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private TestQueue admin(int keepAliveMs) {
        TestQueue admin = fixture.connectAdmin(CoreFixture.SUBSYSTEM, keepAliveMs);
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        return admin;
    }

    @Test
    void endsAnAssociationWhoseHostIsSilent() {
        TestQueue admin = admin(KATO_MS);
        Registers registers = CoreFixture.controller(admin).registers();

        fixture.loop.advance(KATO_MS);
        assertThat(admin.disconnects).isEmpty();
        fixture.loop.advance(KATO_MS / 4 + 1);

        assertThat(admin.disconnects).hasSize(1);
        assertThat(Properties.CSTS_CFS.isSet(registers.status())).isTrue();
        assertThat(fixture.subsystem.controllers()).isEmpty();
    }

    @Test
    void takesKeepAliveAsASignOfLife() {
        TestQueue admin = admin(KATO_MS);

        for (int i = 0; i < 10; i++) {
            fixture.loop.advance(KATO_MS - 1);
            assertThat(admin.run(TestQueue.admin(AdminOpcode.KEEP_ALIVE)).is(Status.SUCCESS))
                    .isTrue();
        }

        assertThat(admin.disconnects).isEmpty();
    }

    @Test
    void remembersTheTrafficOfAnIoQueueThatHasLeft() {
        TestQueue admin = admin(KATO_MS);
        TestQueue io = fixture.io(admin, 1);
        fixture.loop.advance(KATO_MS - 1);
        fixture.ioLoop.advance(KATO_MS - 1);
        io.queue.onTraffic();

        io.queue.onDisconnected("a test");
        fixture.loop.advance(KATO_MS / 2);

        assertThat(admin.disconnects).isEmpty();
        fixture.loop.advance(KATO_MS);
        assertThat(admin.disconnects).hasSize(1);
    }

    @Test
    void takesTrafficOfAnIoQueueAsASignOfLife() {
        TestQueue admin = admin(KATO_MS);
        TestQueue io = fixture.io(admin, 1);

        for (int i = 0; i < 10; i++) {
            fixture.loop.advance(KATO_MS - 1);
            fixture.ioLoop.advance(KATO_MS - 1);
            io.queue.onTraffic();
        }

        assertThat(admin.disconnects).isEmpty();
    }

    @Test
    void forgivesAPauseOfItsOwn() {
        TestQueue admin = admin(KATO_MS);
        fixture.loop.advance(KATO_MS / 2);

        fixture.loop.pause(20L * KATO_MS);
        fixture.loop.advance(1); // the late tick, before what the host has sent can be read
        assertThat(admin.disconnects).isEmpty();
        admin.run(TestQueue.admin(AdminOpcode.KEEP_ALIVE));
        fixture.loop.advance(KATO_MS - 1);

        assertThat(admin.disconnects).isEmpty();
    }

    @Test
    void endsADeadHostAfterAPauseNevertheless() {
        TestQueue admin = admin(KATO_MS);
        fixture.loop.pause(10L * KATO_MS);

        fixture.loop.advance(1 + 2 * KATO_MS);

        assertThat(admin.disconnects).hasSize(1);
    }

    @Test
    void leavesAHostAloneThatAsksForNoSupervision() {
        TestQueue admin = admin(0);

        fixture.loop.advance(10_000_000);

        assertThat(admin.disconnects).isEmpty();
    }

    @Test
    void supervisesADiscoveryControllerInAnyCase() {
        TestQueue admin = fixture.discovery();

        fixture.loop.advance(Controller.DISCOVERY_KEEP_ALIVE_MS);
        assertThat(admin.disconnects).isEmpty();
        fixture.loop.advance(Controller.DISCOVERY_KEEP_ALIVE_MS / 4 + 1);

        assertThat(admin.disconnects).hasSize(1);
    }

    @Test
    void roundsTheTimeOutUpToItsGranularity() {
        TestQueue admin = admin(1001);

        TestQueue.Completion feature =
                admin.run(
                        TestQueue.admin(AdminOpcode.GET_FEATURES)
                                .andThen(sqe -> sqe.u8(Sqe.CDW10, Feature.KEEP_ALIVE_TIMER)));

        assertThat(feature.result()).isEqualTo(2000);
    }

    @Test
    void changesTheTimeOutByFeature() {
        TestQueue admin = admin(0);

        admin.run(
                TestQueue.admin(AdminOpcode.SET_FEATURES)
                        .andThen(sqe ->
                                sqe.u8(Sqe.CDW10, Feature.KEEP_ALIVE_TIMER)
                                        .u32(Sqe.CDW11, KATO_MS)));
        fixture.loop.advance(2 * KATO_MS);

        assertThat(admin.disconnects).hasSize(1);
    }
}
