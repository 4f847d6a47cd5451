package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code ./jnvmet bench --verify} while its target is killed and started again: no wrong byte, and
 * every command ends with a result.
 */
@Timeout(240)
class BenchRecoveryIT {
    private static final String NQN = "nqn.2026-01.org.jnvmet:bench-recovery";
    private static final Duration BETWEEN_KILLS = Duration.ofSeconds(4);
    private static final int END_LIMIT_SECONDS = 60;

    private final Path folder = Checkout.workFolder("bench-recovery");
    private final JnvmetTarget target = new JnvmetTarget("bench-recovery");

    @BeforeEach
    void serve() {
        String variables = "NQN=%s\nPORT=%d\n".formatted(NQN, target.service(0));
        String script =
                """
                truncate -s 64M "$FILES/disk"
                serve "$FILES/disk"
                """;
        target.attempt(variables, script).expectSuccess(script);
    }

    @AfterEach
    void close() {
        target.close();
    }

    private Process bench(Path report, Path errors, int seconds, String transport)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Checkout.root().resolve("jnvmet").toString());
        command.addAll(List.of("bench", "-a", "127.0.0.1"));
        command.addAll(List.of("-s", Integer.toString(target.service(0)), "-n", NQN));
        command.addAll(List.of("--rw=randrw", "--bs=8k", "--iodepth=16", "--numjobs=2"));
        command.addAll(List.of("--time_based", "--runtime=" + seconds, "--verify=crc32c"));
        command.addAll(List.of("-i", "2", "--reconnect-delay=1", "--ctrl-loss-tmo=-1"));
        command.addAll(List.of("--group_reporting", "--output-format=json"));
        command.addAll(List.of("--output", report.toString()));
        command.addAll(List.of(transport.split(" ")));
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(errors.toFile())
                        .start();
        Checkout.endWithUs(process);
        return process;
    }

    @ParameterizedTest
    @CsvSource({"-t tcp,60", "-t tcp_offload,20"})
    void losesNothingWhenTheTargetIsKilledAndStartedAgain(String transport, int seconds)
            throws Exception {
        Path report = folder.resolve("report.json");
        Path errors = folder.resolve("errors");
        Process bench = bench(report, errors, seconds, transport);
        int kills = 0;
        while (!bench.waitFor(BETWEEN_KILLS.toMillis(), TimeUnit.MILLISECONDS)) {
            if (kills * BETWEEN_KILLS.toSeconds() < seconds) {
                target.process().kill();
                target.process().restart();
                kills++;
            }
            assertThat(bench.info().totalCpuDuration().orElseThrow())
                    .isLessThan(Duration.ofSeconds(seconds * 4L + END_LIMIT_SECONDS));
        }
        String said = Files.readString(errors);
        assertThat(bench.exitValue()).as(said).isZero();
        assertThat(kills).isGreaterThan(2);
        JsonObject job =
                JsonParser.parseString(Files.readString(report))
                        .getAsJsonObject()
                        .getAsJsonArray("jobs")
                        .get(0)
                        .getAsJsonObject();
        System.out.println("[bench] " + kills + " kills, " + job.get("jnvmet"));
        assertThat(job.get("error").getAsInt()).as(said).isZero();
        JsonObject own = job.getAsJsonObject("jnvmet");
        assertThat(own.get("completed").getAsLong())
                .isEqualTo(own.get("submitted").getAsLong())
                .isPositive();
        assertThat(own.get("failed").getAsLong()).isZero();
        assertThat(own.getAsJsonObject("verify").get("wrong").getAsLong()).isZero();
        assertThat(own.getAsJsonObject("verify").get("right").getAsLong()).isPositive();
    }
}
