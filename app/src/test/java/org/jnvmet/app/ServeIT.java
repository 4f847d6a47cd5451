package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jnvmet.conf.DefaultConfig;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.transports.StandardTransports;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./jnvmet} as users start it: a process of its own, ended by signals and by kill -9. */
final class ServeIT {
    private final Host initiator = StandardTransports.open();
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo";
    private static final int KILLED_BY_TERM = 128 + 15;

    @TempDir private Path folder;

    private final List<Process> started = new ArrayList<>();
    private int service;

    @BeforeEach
    void configure() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service = free.getLocalPort();
        }
        Files.writeString(
                config(),
                DefaultConfig.json().replace("4420", String.valueOf(service)).replace("1g", "8m"));
    }

    @AfterEach
    void killWhatStillRuns() {
        started.forEach(Process::destroyForcibly);
    }

    private Path config() {
        return folder.resolve("config.json");
    }

    private Process jnvmet(String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(Path.of("..", "jnvmet").toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command).redirectError(folder.resolve("err").toFile()).start();
        started.add(process);
        return process;
    }

    private Process serve() throws IOException {
        Process process =
                jnvmet(
                        "serve",
                        "--config",
                        config().toString(),
                        "--state",
                        folder.resolve("state").toString(),
                        "--control",
                        folder.resolve("control").toString(),
                        "--threads",
                        "1");
        String first = process.inputReader().readLine();
        assertThat(first).as(errors()).isEqualTo("To connect a host:");
        assertThat(process.inputReader().readLine())
                .isEqualTo("  nvme connect -t tcp -a 127.0.0.1 -s " + service + " -n " + NQN);
        return process;
    }

    private String errors() throws IOException {
        return Files.readString(folder.resolve("err"));
    }

    private static int end(Process process, int seconds) throws InterruptedException {
        assertThat(process.waitFor(seconds, TimeUnit.SECONDS))
                .as("ends within %d s", seconds)
                .isTrue();
        return process.exitValue();
    }

    @AfterEach
    void leave() {
        initiator.close();
    }

    private HostController connect() {
        return initiator.connect(
                ConnectOptions.to(NQN).address("127.0.0.1").service(Integer.toString(service)));
    }

    private int config(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("config"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--control", folder.resolve("control").toString()));
        return end(jnvmet(all.toArray(String[]::new)), 60);
    }

    @Test
    void endsInOrderOnSigtermWithAHostConnected() throws Exception {
        Process server = serve();
        try (HostController host = connect()) {
            assertThat(host.activeNamespaces(0)).containsExactly(1);
            server.destroy();
            assertThat(end(server, 10)).isZero();
        }
        assertThat(folder.resolve("control")).doesNotExist();
        assertThat(errors()).doesNotContain("\tat ").contains("SIGTERM");
    }

    @Test
    void endsAtOnceOnTheSecondSignal() throws Exception {
        Process server = serve();
        server.destroy();
        server.toHandle().destroy();
        assertThat(end(server, 10)).isIn(0, KILLED_BY_TERM);
    }

    @Test
    void restoresSavesAndListsARunningServer() throws Exception {
        Process server = serve();
        Path saved = folder.resolve("saved.json");
        Path again = folder.resolve("again.json");
        assertThat(config("save", saved.toString())).isZero();
        assertThat(config("restore", saved.toString())).isZero();
        assertThat(config("save", again.toString())).isZero();
        assertThat(again).hasSameBinaryContentAs(saved);
        assertThat(config("ls")).isZero();

        Files.writeString(
                saved,
                Files.readString(saved)
                        .replace("\"4420\"", "\"70000\"")
                        .replace("mem:8m", "mem:x"));
        assertThat(config("restore", saved.toString())).isEqualTo(1);
        assertThat(errors())
                .startsWith(
                        "jnvmet config restore: "
                                + saved
                                + ": subsystems[0].namespaces[0].enable: ");
        assertThat(server.isAlive()).isTrue();
    }

    @Test
    void hasItsStateAgainAfterAKill() throws Exception {
        Process server = serve();
        Path saved = folder.resolve("saved.json");
        Path more = folder.resolve("more.json");
        assertThat(config("save", saved.toString())).isZero();
        Files.writeString(
                more,
                Files.readString(saved).replace("\"hosts\": []", "\"hosts\": [{\"nqn\": \"h\"}]"));
        assertThat(config("restore", more.toString())).isZero();
        assertThat(config("save", more.toString())).isZero();
        server.destroyForcibly();
        end(server, 10);

        Process next = serve();
        assertThat(config("save", saved.toString())).isZero();
        assertThat(saved).hasSameBinaryContentAs(more);
        assertThat(saved).content().contains("\"nqn\": \"h\"");
        next.destroy();
        assertThat(end(next, 10)).isZero();
    }

    @Test
    void endsWithOneLineAndAStatusWhenItIsNotWanted() throws Exception {
        assertThat(end(jnvmet("serve", "--bogus"), 60)).isEqualTo(2);
        assertThat(errors().lines()).singleElement().asString().contains("--bogus");
        Files.writeString(config(), "{\"ports\": 7}");
        assertThat(end(jnvmet("serve", "--config", config().toString()), 60)).isEqualTo(1);
        assertThat(errors().lines())
                .containsExactly(
                        "jnvmet serve: " + config() + ": ports: must be a list, not a number");
    }

    @Test
    void letsNoSecondServerUseItsState() throws Exception {
        serve();
        Process second = jnvmet("serve", "--state", folder.resolve("state").toString());
        assertThat(end(second, 60)).isEqualTo(1);
        assertThat(errors().lines())
                .containsExactly(
                        "jnvmet serve: "
                                + folder.resolve("state")
                                + ": another jnvmet uses this state file");
    }
}
