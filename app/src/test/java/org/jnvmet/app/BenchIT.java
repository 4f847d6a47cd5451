package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.conf.DefaultConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./jnvmet bench} as users start it: a process of its own, ended by Ctrl-C. */
@Timeout(120)
final class BenchIT {
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo";
    private static final int SIGNALLED = 128;

    @TempDir private Path folder;

    private Server serve(int service) throws IOException {
        Path config =
                Files.writeString(
                        folder.resolve("config.json"),
                        DefaultConfig.json()
                                .replace("4420", String.valueOf(service))
                                .replace("mem:1g", "mem:8m"));
        ControlOption control = new ControlOption(folder.resolve("control"));
        return Server.start(new Server.Settings(config, null, null, 1, control));
    }

    @Test
    void printsItsReportWhenItIsInterrupted() throws Exception {
        int service;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service = free.getLocalPort();
        }
        try (Server _ = serve(service)) {
            Process bench =
                    // Whoever started the tests may have it ignore SIGINT, which would be
                    // inherited.
                    new ProcessBuilder(
                                    "env",
                                    "--default-signal=INT",
                                    Path.of("..", "jnvmet").toAbsolutePath().toString(),
                                    "bench",
                                    "-a",
                                    "127.0.0.1",
                                    "-s",
                                    String.valueOf(service),
                                    "-n",
                                    NQN,
                                    "--rw=randrw",
                                    "--iodepth=4",
                                    "--verify=crc32c",
                                    "--time_based",
                                    "--runtime=1h",
                                    "--eta=always")
                            .start();
            try {
                assertThat(bench.getErrorStream().read()).as("progress").isEqualTo('\r');
                Process kill =
                        new ProcessBuilder("kill", "-INT", String.valueOf(bench.pid())).start();
                assertThat(kill.waitFor()).isZero();
                String report =
                        new String(bench.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(report)
                        .containsPattern("commands  : submitted=(\\d+), completed=\\1, failed=0")
                        .containsPattern("verify    : right=\\d+, wrong=0,")
                        .contains("Run status group 0 (all jobs):");
                assertThat(bench.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(bench.exitValue()).isEqualTo(SIGNALLED);
            } finally {
                bench.destroyForcibly();
            }
        }
    }
}
