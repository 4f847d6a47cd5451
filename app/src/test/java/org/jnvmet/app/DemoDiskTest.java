package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the demonstration takes of the machine's memory. */
final class DemoDiskTest {
    private static final long MIB = 1 << 20;

    @ParameterizedTest
    @CsvSource({
        "1024, 24000, 1024",
        "1024, 2048, 1024",
        "1024, 2047, 512",
        "1024, 500, 128",
        "1024, 8, 16",
        "1, 8, 1",
        "1000, 1200, 500",
        "100, 130, 50"
    })
    void takesHalfOfWhatIsAvailableAtMost(long data, long available, long disk) {
        assertThat(DemoDisk.bytes(data * MIB, available * MIB)).isEqualTo(disk * MIB);
    }

    @Test
    void asksTheKernel(@TempDir Path folder) throws IOException {
        Path meminfo =
                Files.writeString(
                        folder.resolve("meminfo"),
                        "MemTotal:       24603192 kB\nMemAvailable:    1048576 kB\n");
        assertThat(DemoDisk.available(meminfo)).isEqualTo(1L << 30);
        assertThat(DemoDisk.available(folder.resolve("none"))).isEqualTo(Long.MAX_VALUE);
    }
}
