package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.p2pmem.StagingFixture.number;

import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jnvmet.host.HostController;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pairs of memory and medium that do what they say, and such that do not. */
@Timeout(120)
class SelfCheckTest {
    private static final long MEBI = 1 << 20;

    @TempDir Path directory;

    /** Says that the data has arrived in peer memory, where it has not, or not as it is. */
    private static final class Liar extends WatchedBackends.Between {
        private final boolean arrives;

        private Liar(Backend medium, boolean arrives) {
            super(medium);
            this.arrives = arrives;
        }

        @Override
        public void submit(BlockOperation operation) {
            if (operation.placement() == null || operation.kind() != Kind.READ) {
                medium.submit(operation);
                return;
            }
            if (arrives) {
                long last = operation.dataOffset() + operation.length() - 1;
                operation.data().asSlice(operation.dataOffset(), operation.length()).fill((byte) 0);
                operation.data().set(java.lang.foreign.ValueLayout.JAVA_BYTE, last, (byte) 1);
            }
            operation.done(Status.SUCCESS);
        }
    }

    /** Does not end what goes to peer memory until it is told to. */
    private static final class Staller extends WatchedBackends.Between {
        private final Queue<BlockOperation> held = new ConcurrentLinkedQueue<>();
        private volatile boolean closed;

        private Staller(Backend medium) {
            super(medium);
        }

        @Override
        public void submit(BlockOperation operation) {
            assertThat(closed).isFalse();
            if (operation.placement() == null) {
                medium.submit(operation);
            } else {
                held.add(operation);
            }
        }

        private void end() {
            held.forEach(medium::submit);
            held.clear();
        }

        @Override
        public void close() throws java.io.IOException {
            assertThat(held).as("operations of a medium that is closed").isEmpty();
            closed = true;
            super.close();
        }
    }

    private void findsOut(StagingFixture fixture, String why) throws InterruptedException {
        fixture.enabled(1, fixture.file("disk", 16 * MEBI));
        fixture.port.allowedPeerMemory(PeerMemory.AUTO);
        fixture.port.link(fixture.subsystem);
        HostController host = fixture.connect(1, 32);
        VerifyingLoad load = new VerifyingLoad(host.namespace(1), 4, 1, 64, 16).start();
        load.await(100);
        load.stop();
        assertThat(load.errors).isEmpty();
        Map<String, String> status = fixture.status();
        assertThat(number(status, "commands_staged")).isZero();
        assertThat(number(status, "fallback_differs")).isEqualTo(load.commands.get());
        assertThat(status.get("reason")).contains("self-check of").contains(why);
        assertThat(fixture.staging.explain(fixture.port, fixture.subsystem).getFirst().outcome())
                .contains("self-check of")
                .contains("system memory");
    }

    @Test
    void findsDataThatNeverArrives() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            fixture.media.between = medium -> new Liar(medium, false);
            findsOut(fixture, "differs");
        }
    }

    @Test
    void findsASingleWrongByte() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            fixture.media.between = medium -> new Liar(medium, true);
            findsOut(fixture, "differs, at byte ");
        }
    }

    @Test
    void givesUpOnAMediumThatDoesNotEnd() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI, 1, 1_000_000_000)) {
            Queue<Staller> stallers = new ConcurrentLinkedQueue<>();
            fixture.media.between =
                    medium -> {
                        Staller staller = new Staller(medium);
                        stallers.add(staller);
                        return staller;
                    };
            findsOut(fixture, "did not end in time");
            assertThat(fixture.lentBytes()).as("the medium may still write there").isPositive();
            fixture.disconnect();
            Namespace namespace = java.util.Objects.requireNonNull(fixture.subsystem.namespace(1));
            Thread disabling = Thread.ofPlatform().start(namespace::disable);
            while (disabling.getState() != Thread.State.WAITING) {
                Thread.onSpinWait(); // for the read that is under way
            }
            stallers.forEach(Staller::end);
            disabling.join();
            assertThat(fixture.lentBytes()).isZero();
        }
    }

    @Test
    void refusesWhatIsStrict() {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            fixture.media.between = medium -> new Liar(medium, false);
            Namespace namespace = fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.strictPeerMemory(true);
            PortScopeTest.refused(
                    Errno.EINVAL, "differs", () -> fixture.port.link(fixture.subsystem));
            namespace.disable();
            fixture.port.link(fixture.subsystem);
            PortScopeTest.refused(Errno.EINVAL, "differs", namespace::enable);
            assertThat(namespace.enabled()).isFalse();
        }
    }

    @Test
    void passesWhileHostsWriteTheSameBlocks() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            // A medium of two pieces of the check, written all the time.
            fixture.enabled(1, fixture.file("disk", MEBI / 8));
            fixture.port.link(fixture.subsystem);
            Port other = fixture.port(2, "127.0.0.1");
            other.link(fixture.subsystem);
            HostController host = fixture.connect(other, 2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 8, 2, 4, 4).start();
            for (int i = 0; i < 20; i++) {
                load.await(20);
                fixture.port.allowedPeerMemory(PeerMemory.AUTO);
                String reason = String.valueOf(fixture.status().get("reason"));
                assertThat(reason).doesNotContain("failed");
                assertThat(fixture.status())
                        .containsEntry("provider", fixture.ssd.address().toString());
                assertThat(reason).contains("usable");
                fixture.port.allowedPeerMemory(PeerMemory.OFF);
                fixture.ssd.published(false);
                fixture.watch.look();
                fixture.ssd.published(true);
            }
            load.stop();
            assertThat(load.errors).isEmpty();
        }
    }

    @Test
    void anEmptyMediumProvesNothingAndNeedsNot() {
        try (StagingFixture fixture =
                new StagingFixture(directory, 4 * MEBI, 1, TimeUnit.SECONDS.toNanos(1))) {
            fixture.enabled(1, fixture.file("disk", 0));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            assertThat(fixture.status())
                    .containsEntry("provider", fixture.ssd.address().toString());
        }
    }
}
