package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.p2pmem.StagingFixture.number;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.HostController;
import org.jnvmet.target.PeerMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A provider that goes, and comes back. */
@Timeout(120)
class VanishingProviderTest {
    private static final long MEBI = 1 << 20;

    @TempDir Path directory;

    @Test
    void goesOnInSystemMemoryAndComesBack() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 24, 2, 64, 32).start();
            load.await(300);
            fixture.ssd.published(false);
            fixture.watch.look();
            while (fixture.mappedBytes() > 0) {
                Thread.onSpinWait(); // until what was lent is back
            }
            Map<String, String> gone = fixture.status();
            assertThat(gone).containsEntry("provider", "none");
            assertThat(gone.get("reason")).contains(fixture.ssd.address() + " is gone");
            load.await(300);
            assertThat(number(fixture.status(), "fallback_vanished")).isPositive();
            assertThat(number(fixture.status(), "commands_staged"))
                    .isEqualTo(number(gone, "commands_staged"));

            fixture.watch.look(); // still gone
            fixture.ssd.published(true);
            fixture.watch.look();
            assertThat(fixture.status())
                    .containsEntry("provider", fixture.ssd.address().toString());
            load.await(300);
            load.stop();
            assertThat(load.errors).isEmpty();
            assertThat(number(fixture.status(), "commands_staged"))
                    .isGreaterThan(number(gone, "commands_staged"));
        }
    }

    @Test
    void takesAnotherProviderIfThereIsOne() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            var other = fixture.switchPorts.downstreamPort().below().endpoint().memory(2 * MEBI);
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 8, 2, 64, 32).start();
            load.await(100);
            fixture.ssd.removeMemory();
            fixture.watch.look();
            assertThat(fixture.status())
                    .containsEntry("provider", other.address().toString())
                    .containsEntry("distance", "8");
            load.await(100);
            load.stop();
            assertThat(load.errors).isEmpty();
        }
    }

    @Test
    void failsCommandsForTheHostToRepeatWhenStrict() {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.strictPeerMemory(true);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            byte[] data = new byte[64 << 10];
            host.namespace(1).write(0, data).orThrow();
            fixture.ssd.published(false);
            fixture.watch.look();
            CommandResult read = host.namespace(1).read(0, data);
            assertThat(read.status() & 0x7ff).as("namespace not ready").isEqualTo(0x82);
            assertThat(read.status() & 0x4000).as("do not retry").isZero();
            CompletableFuture<Boolean> again =
                    CompletableFuture.supplyAsync(() -> {
                        while (!host.namespace(1).read(0, data).succeeded()) {
                            Thread.onSpinWait();
                        }
                        return true;
                    });
            fixture.ssd.published(true);
            fixture.watch.look();
            assertThat(again.join()).isTrue();
        }
    }
}
