package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.conf.ConfigFileException;
import org.jnvmet.conf.DefaultConfig;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.transports.StandardTransports;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server in this process, with a host connected to it over TCP while its configuration changes. */
final class ServerTest {
    private final Host initiator = StandardTransports.open();
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo";
    private static final String SECOND =
            "{\"nsid\": 2, \"device\": {\"path\": \"mem:2m\"}, \"enable\": 1}, {\n          \"device\"";

    @TempDir private Path folder;

    private int service;
    private String config = "";

    @BeforeEach
    void chooseAddress() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service = free.getLocalPort();
        }
        config =
                DefaultConfig.json()
                        .replace("4420", String.valueOf(service))
                        .replace("mem:1g", "mem:8m");
    }

    private Server start(@Nullable String json) throws IOException {
        Path file = null;
        if (json != null) {
            file = Files.writeString(folder.resolve("config.json"), json);
        }
        ControlOption control = new ControlOption(folder.resolve("control"));
        return Server.start(new Server.Settings(file, null, folder.resolve("state"), 1, control));
    }

    @AfterEach
    void leave() {
        initiator.close();
    }

    private HostController connect(ConnectOptions options) {
        return initiator.connect(options.address("127.0.0.1").service(Integer.toString(service)));
    }

    private HostController connect() {
        return connect(ConnectOptions.to(NQN));
    }

    private String withSecondNamespace() {
        String more = config.replaceFirst("\\{\\s+\"device\"", SECOND);
        assertThat(more).isNotEqualTo(config);
        return more;
    }

    @Test
    void printsALineThatConnects() throws IOException {
        try (Server server = start(config)) {
            assertThat(server.connectLines())
                    .containsExactly(
                            "nvme connect -t tcp -a 127.0.0.1 -s " + service + " -n " + NQN);
        }
    }

    @Test
    void keepsHostsConnectedAndTheirDataWhereAConfigurationDoesNotDiffer() throws Exception {
        CountDownLatch event = new CountDownLatch(1);
        try (Server server = start(config);
                HostController host =
                        connect(ConnectOptions.to(NQN).onAsyncEvent(_ -> event.countDown()))) {
            HostNamespace first = host.namespace(1);
            byte[] block = new byte[first.blockBytes()];
            block[0] = 42;
            first.write(5, block).orThrow();

            server.restore(withSecondNamespace());

            assertThat(event.await(10, TimeUnit.SECONDS))
                    .as("namespace attribute changed")
                    .isTrue();
            assertThat(first.read(5, 1).orThrow().bytes()).isEqualTo(block);
            assertThat(host.activeNamespaces(0)).containsExactly(1, 2);
            assertThat(host.namespace(2).blocks() * host.namespace(2).blockBytes())
                    .isEqualTo(2 << 20);

            server.restore(config);
            assertThat(host.activeNamespaces(0)).containsExactly(1);
            assertThat(first.read(5, 1).orThrow().bytes()).isEqualTo(block);
        }
    }

    @Test
    void keepsHostsAndDataWhenAConfigurationIsRefused() throws Exception {
        try (Server server = start(config);
                HostController host = connect();
                ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            HostNamespace namespace = host.namespace(1);
            byte[] block = new byte[namespace.blockBytes()];
            block[1] = 17;
            namespace.write(1, block).orThrow();
            String taken =
                    config.replace(String.valueOf(service), String.valueOf(other.getLocalPort()))
                            .replace("mem:8m", "mem:9m");
            assertThatThrownBy(() -> server.restore(taken))
                    .isInstanceOf(ConfigFileException.class)
                    .hasMessageStartingWith("ports[0].subsystems[0]: ");
            String wrong = withSecondNamespace().replace("mem:2m", "/no/such/device");
            assertThatThrownBy(() -> server.restore(wrong))
                    .isInstanceOf(ConfigFileException.class)
                    .hasMessageStartingWith("subsystems[0].namespaces[0].enable: ");
            assertThat(namespace.read(1, 1).orThrow().bytes()).isEqualTo(block);
            assertThat(host.activeNamespaces(0)).containsExactly(1);
        }
    }

    @Test
    void disconnectsTheHostsOfWhatIsTakenAway() throws Exception {
        try (Server server = start(config);
                HostController host = connect()) {
            server.restore("{}");
            assertThatThrownBy(() -> host.identifyController()).isInstanceOf(HostException.class);
            assertThat(server.connectLines()).isEmpty();
            assertThatThrownBy(this::connect).isInstanceOf(HostException.class);
        }
    }

    @Test
    void bringsTheStateBackAndDoesNotReadTheConfiguration() throws IOException {
        String saved;
        try (Server server = start(config)) {
            server.restore(withSecondNamespace());
            saved = server.save();
        }
        try (Server server = start("no configuration at all")) {
            assertThat(server.save()).isEqualTo(saved);
            try (HostController host = connect()) {
                assertThat(host.activeNamespaces(0)).containsExactly(1, 2);
            }
        }
    }

    @Test
    void keepsAnEmptyStateEmpty() throws IOException {
        try (Server server = start(config)) {
            server.restore("{}");
        }
        try (Server server = start(config)) {
            assertThat(server.connectLines()).isEmpty();
        }
    }

    @Test
    void leavesNothingBehindWhenItCannotStart() throws IOException {
        assertThatThrownBy(() -> start("{\"ports\": 7}"))
                .isInstanceOf(CommandFailure.class)
                .hasMessage(
                        folder.resolve("config.json") + ": ports: must be a list, not a number");
        try (Server server = start(config)) {
            assertThat(server.connectLines()).hasSize(1);
        }
        assertThat(folder.resolve("control")).doesNotExist();
    }
}
