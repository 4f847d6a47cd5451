package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.conf.DefaultConfig;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.target.Port;
import org.jnvmet.transport.rdma.VerbsSource;
import org.jnvmet.verbs.VerbsUnavailableException;
import org.jnvmet.verbs.software.SoftwareFabric;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server with a port of RDMA, on machines with and without it. */
@Timeout(60)
final class RdmaServerTest {
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo";
    private static final String MISSING = "librdmacm.so.1 is missing: install rdma-core";
    private static final VerbsSource NONE =
            () -> {
                throw new VerbsUnavailableException(MISSING);
            };

    @TempDir private Path folder;
    private final SoftwareFabric fabric =
            new SoftwareFabric(5).addDevice("mlx5_0", InetAddress.getLoopbackAddress());

    @AfterEach
    void close() {
        fabric.close();
    }

    /** The embedded configuration with another port, of RDMA. */
    private static String config() {
        String json = DefaultConfig.json().replace("\"4420\"", "\"0\"").replace("1g", "1m");
        String port =
                """
                {"portid": 9, "addr": {"trtype": "rdma", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "4425"},
                 "subsystems": ["%s"]},
                """
                        .formatted(NQN);
        String ports = "\"ports\": [";
        assertThat(json).contains(ports);
        return json.replace(ports, ports + port);
    }

    private Server start(VerbsSource verbs) throws IOException {
        Server.Settings settings =
                new Server.Settings(
                        Files.writeString(folder.resolve("config.json"), config()),
                        null,
                        folder.resolve("state"),
                        1,
                        new ControlOption(folder.resolve("control")));
        PeerStaging staging = new PeerStaging(PciTree.SYSFS, new SplittableRandom(1));
        return Server.start(
                settings, new Assembly(1, new RdmaOptions().settings(1), verbs, staging));
    }

    private static String rdmaLine() {
        return "nvme connect -t rdma -a 127.0.0.1 -s 4425 -n " + NQN;
    }

    @Test
    void servesTheRestWithoutRdmaAndRemembersThePort() throws IOException {
        for (int run = 0; run < 2; run++) { // from the file, then from the state
            try (Server server = start(NONE)) {
                assertThat(server.connectLines())
                        .singleElement()
                        .asString()
                        .startsWith("nvme connect -t tcp ");
                assertThat(server.list()).contains("9");
                assertThat(server.restore(config()))
                        .isEqualTo(
                                "ports[0].subsystems[0]: port 9: "
                                        + MISSING
                                        + "; that port does not listen");
            }
        }
        try (Server server = start(fabric::provider)) {
            assertThat(server.connectLines()).hasSize(2).contains(rdmaLine());
            assertThat(server.restore(config())).isEmpty();
        }
        assertThat(fabric.resources().ids()).isZero();
    }

    @Test
    void restoresUnderALivePort() throws IOException {
        try (Server server = start(fabric::provider)) {
            assertThat(server.connectLines()).contains(rdmaLine());
            assertThat(server.restore(config())).as("its own address is no obstacle").isEmpty();
            assertThat(server.connectLines()).contains(rdmaLine());
        }
    }

    @Test
    void linksByHandOnceThereIsADevice() throws IOException {
        boolean[] there = {false};
        VerbsSource late = () -> there[0] ? fabric.provider() : NONE.open();
        PeerStaging staging = new PeerStaging(PciTree.SYSFS, new SplittableRandom(1));
        try (Assembly assembly = new Assembly(1, new RdmaOptions().settings(1), late, staging)) {
            assertThat(assembly.transaction().restore(config(), assembly.tree())).hasSize(1);
            String subsystems = "ports/9/subsystems";
            assertThat(assembly.tree().read(subsystems + "/last_error")).contains(MISSING);
            there[0] = true;
            assembly.tree().symlink(subsystems + "/" + NQN, "subsystems/" + NQN);
            assertThat(assembly.target().ports()).allMatch(Port::enabled);
        }
    }

    private static int run(StringWriter err, String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(new StringWriter()))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void refusesOptionsOutOfRange() {
        for (List<String> wrong :
                List.of(
                        List.of("--rdma-pool=0", "--rdma-pool: 0 is not within 1 .. 2047"),
                        List.of("--rdma-srq=-1", "--rdma-srq: -1 is not within 0 .. 32768"))) {
            StringWriter err = new StringWriter();
            assertThat(run(err, "serve", wrong.getFirst())).isEqualTo(2);
            assertThat(err.toString()).contains(wrong.getLast());
        }
    }
}
