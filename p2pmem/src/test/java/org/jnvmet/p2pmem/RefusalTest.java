package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.p2pmem.StagingFixture.number;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jnvmet.host.HostController;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * A kernel that refuses peer memory, at once or later. What the medium does then is proved where the medium
 * is; here, what follows for the commands.
 */
@Timeout(120)
class RefusalTest {
    private static final long MEBI = 1 << 20;

    @TempDir Path directory;

    /** Takes peer memory until it is told to refuse it, and goes around then as the real medium does. */
    private static final class Refusing extends WatchedBackends.Between {
        private final AtomicBoolean refuses;

        private Refusing(Backend medium, AtomicBoolean refuses) {
            super(medium);
            this.refuses = refuses;
        }

        @Override
        public void submit(BlockOperation operation) {
            Placement placement = operation.placement();
            if (placement == null || !refuses.get()) {
                medium.submit(operation);
                return;
            }
            placement.refused(Errno.EREMOTEIO.number(), operation.length());
            if (placement.strict()) {
                operation.done(Status.NAMESPACE_NOT_READY);
            } else {
                medium.submit(operation);
            }
        }
    }

    @Test
    void fallsBackOnceAndSaysWhy() throws InterruptedException {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(Board.class);
        logger.addAppender(log);
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            AtomicBoolean refuses = new AtomicBoolean();
            fixture.media.between = medium -> new Refusing(medium, refuses);
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 16, 2, 64, 16).start();
            load.await(100);
            refuses.set(true);
            load.await(200);
            fixture.staging.settled();
            long peer = fixture.media.peerCommands.sum();
            load.await(100);
            load.stop();

            assertThat(load.errors).isEmpty();
            assertThat(fixture.media.peerCommands.sum())
                    .as("commands with peer memory, those after the change included")
                    .isBetween(peer, peer + 32);
            Map<String, String> status = fixture.status();
            assertThat(number(status, "fallback_refused")).isPositive();
            assertThat(number(status, "commands_staged") + number(status, "fallback_refused"))
                    .isEqualTo(load.commands.get());
            assertThat(number(status, "bytes_staged") + number(status, "bytes_fallback"))
                    .isEqualTo(load.bytes.get());
            assertThat(status.get("reason")).contains("the kernel refuses").contains("EREMOTEIO");
            List<String> said =
                    log.list.stream()
                            .map(ILoggingEvent::getFormattedMessage)
                            .filter(line -> line.contains("refuses"))
                            .toList();
            assertThat(said).hasSize(1);
            assertThat(fixture.lentBytes()).isZero();
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void isSeenByTheSelfCheck() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            AtomicBoolean refuses = new AtomicBoolean(true);
            fixture.media.between = medium -> new Refusing(medium, refuses);
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            host.namespace(1).write(0, new byte[32 << 10]).orThrow();
            assertThat(fixture.media.peerCommands.sum()).isZero();
            assertThat(number(fixture.status(), "fallback_refused")).isEqualTo(1);
            assertThat(fixture.status().get("reason")).contains("EREMOTEIO");
        }
    }

    @Test
    void failsCommandsWhenStrict() {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            AtomicBoolean refuses = new AtomicBoolean();
            fixture.media.between = medium -> new Refusing(medium, refuses);
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.strictPeerMemory(true);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            byte[] data = new byte[32 << 10];
            host.namespace(1).write(0, data).orThrow();
            refuses.set(true);
            for (int i = 0; i < 2; i++) {
                assertThat(host.namespace(1).read(0, data).status() & 0x7ff).isEqualTo(0x82);
            }
            assertThat(fixture.media.systemCommands.sum()).isZero();
            fixture.port.strictPeerMemory(false);
            host.namespace(1).read(0, data).orThrow();
        }
    }
}
