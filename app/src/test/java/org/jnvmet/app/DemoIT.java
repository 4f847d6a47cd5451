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
            assertThat(lines).noneMatch(line -> line.contains("\tat "));
        } finally {
            demo.destroyForcibly();
        }
    }
}
