package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.p2pmem.StagingFixture.fallBacks;
import static org.jnvmet.p2pmem.StagingFixture.number;

import java.nio.file.Path;
import java.util.Map;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.HostController;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A provider of 1 MiB, 64 connections, 32 commands on each. */
@Timeout(180)
class ExhaustionTest {
    private static final long MEBI = 1 << 20;
    private static final int CONNECTIONS = 64;
    private static final int CLIENTS = CONNECTIONS * 31; // a queue of 32 entries holds 31 commands
    private static final int REGION_BLOCKS = 32;

    @TempDir Path directory;

    @Test
    void goesOnInSystemMemory() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, MEBI)) {
            VerifyingLoad load = run(fixture, false);
            Map<String, String> status = fixture.status();
            assertThat(number(status, "fallback_exhausted")).isPositive();
            assertThat(number(status, "commands_staged")).isPositive();
            assertThat(number(status, "commands_staged") + fallBacks(status))
                    .isEqualTo(load.commands.get());
            assertThat(number(status, "bytes_staged") + number(status, "bytes_fallback"))
                    .isEqualTo(load.bytes.get());
            assertThat(fixture.lentBytes()).isZero();
        }
    }

    @Test
    void waitsWhenStrictAndNobodyStarves() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, MEBI)) {
            VerifyingLoad load = run(fixture, true);
            Map<String, String> status = fixture.status();
            assertThat(number(status, "commands_staged")).isEqualTo(load.commands.get());
            assertThat(fallBacks(status)).isZero();
            assertThat(fixture.media.systemCommands.sum())
                    .as("only what Compare reads beside its data")
                    .isEqualTo(fixture.media.compares.sum());
            assertThat(load.fewest()).as("commands of the slowest client").isPositive();
            assertThat(fixture.lentBytes()).isZero();
        }
    }

    private static VerifyingLoad run(StagingFixture fixture, boolean strict)
            throws InterruptedException {
        fixture.enabled(
                1, fixture.file("disk", (long) CLIENTS * REGION_BLOCKS * StagingFixture.BLOCK));
        fixture.port.allowedPeerMemory(PeerMemory.AUTO);
        fixture.port.strictPeerMemory(strict);
        fixture.port.link(fixture.subsystem);
        HostController host = fixture.connect(CONNECTIONS, 32);
        assertThat(host.ioQueues()).hasSize(CONNECTIONS);
        VerifyingLoad load =
                new VerifyingLoad(host.namespace(1), CLIENTS, CONNECTIONS, REGION_BLOCKS, 32)
                        .start();
        load.await(4L * CLIENTS);
        load.stop();
        assertThat(load.errors).isEmpty();
        return load;
    }

    @Test
    void failsWhatIsLongerThanTheMemoryWhenStrict() {
        try (StagingFixture fixture = new StagingFixture(directory, 64 << 10)) {
            fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            byte[] longer = new byte[128 << 10];
            host.namespace(1).write(0, longer).orThrow();
            assertThat(number(fixture.status(), "fallback_too_large")).isEqualTo(1);

            fixture.port.strictPeerMemory(true);
            for (boolean write : new boolean[] {true, false}) {
                CommandResult result =
                        write
                                ? host.namespace(1).write(0, longer)
                                : host.namespace(1).read(0, longer);
                assertThat(result.status() & 0x7ff).isEqualTo(Status.INVALID_FIELD.field() & 0x7ff);
            }
            host.namespace(1).write(0, new byte[64 << 10]).orThrow();
        }
    }
}
