package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.IoCommands;
import org.jnvmet.target.PeerMemory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies go through peer memory, and through none other where it is insisted on. */
@Timeout(60)
class CopyStagedTest {
    private static final int MEBI = 1 << 20;
    private static final int BYTES = 5 * MEBI;

    @TempDir private Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void copiesThroughTheMemoryThatThePortUses(boolean strict) {
        try (StagingFixture fixture = new StagingFixture(directory, 2 * MEBI)) {
            fixture.enabled(1, fixture.file("from", 16 * MEBI));
            fixture.enabled(2, fixture.file("to", 16 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.strictPeerMemory(strict);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            HostNamespace first = host.namespace(1);
            HostNamespace second = host.namespace(2);
            byte[] data = new byte[BYTES];
            new Random(3).nextBytes(data);
            first.write(0, data).orThrow();
            long before = StagingFixture.number(fixture.status(), "bytes_staged");
            long peerBefore = fixture.media.peerBytes.sum();
            long systemBefore = fixture.media.systemBytes.sum();
            int blocks = BYTES / StagingFixture.BLOCK;

            second.copy(3, List.of(new IoCommands.Source(1, 0, blocks))).orThrow();
            first.copy(2000, List.of(new IoCommands.Source(1, 0, blocks))).orThrow();

            assertThat(StagingFixture.number(fixture.status(), "bytes_staged") - before)
                    .isEqualTo(2L * BYTES);
            assertThat(fixture.media.peerBytes.sum() - peerBefore)
                    .as("each byte read once and written once")
                    .isEqualTo(4L * BYTES);
            assertThat(fixture.media.systemBytes.sum()).isEqualTo(systemBefore);
            assertThat(Arrays.equals(second.read(3, blocks).orThrow().bytes(), data)).isTrue();
            assertThat(Arrays.equals(first.read(2000, blocks).orThrow().bytes(), data)).isTrue();
            assertThat(fixture.lentBytes()).isZero();
        }
    }
}
