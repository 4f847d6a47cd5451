package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@code ./jnvmet demo} in full, as a newcomer starts it. */
final class DemoIT {
    /** What newcomers have the patience for; its sizes are chosen for that. */
    private static final int LIMIT_SECONDS = 60;

    @Test
    void provesBothTransportsWithinAMinute() throws Exception {
        Process demo =
                new ProcessBuilder(Path.of("..", "jnvmet").toAbsolutePath().toString(), "demo")
                        .redirectErrorStream(true)
                        .start();
        try {
            List<String> lines = demo.inputReader().lines().toList();
            assertThat(demo.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(demo.exitValue()).as("%s", lines).isZero();
            assertThat(lines)
                    .filteredOn(line -> line.startsWith("  verified  1 GiB in "))
                    .hasSize(2);
            assertThat(lines)
                    .filteredOn(line -> line.matches("  tcp(_offload \\(\\w+\\))? +[\\d,]+ .* us"))
                    .hasSize(2);
            assertThat(lines)
                    .map(line ->
                            line.replaceAll(" in [\\d.]+ s", " in T s")
                                    .replaceAll("by \\d+ c", "by N c"))
                    .containsSubsequence(
                            "  verified  64 MiB in T s, every byte",
                            "  counted   128 MiB staged in 0000:04:00.0 by N commands, 0 bytes in system memory");
            assertThat(lines).anyMatch(line -> line.contains("emulated machine"));
            assertThat(lines)
                    .anyMatch(line ->
                            line.startsWith(
                                    "  decision  0000:04:00.0 is in use: usable at distance 4 by bus address"));
            assertThat(lines).noneMatch(line -> line.contains("\tat "));
            assertThat(lines).as("noise").noneMatch(line -> line.matches(".*(WARN|ERROR).*"));
        } finally {
            demo.destroyForcibly();
        }
    }
}
