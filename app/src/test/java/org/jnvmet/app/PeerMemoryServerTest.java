package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.conf.ConfigFileException;
import org.jnvmet.conf.DefaultConfig;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server and its tree on the machine of the demonstration, whose disk and interface lie below one switch. */
final class PeerMemoryServerTest {
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo";
    private static final String NEAR = "0000:04:00.0";
    private static final String FAR = "0000:81:00.0";

    @TempDir private Path folder;
    private DemoMachine machine;
    private Path disk = Path.of("");

    PeerMemoryServerTest() throws IOException {
        machine = new DemoMachine(8 << 20);
    }

    @BeforeEach
    void requireDisk() {
        disk = Objects.requireNonNull(machine.disk(), machine.whyNoDisk());
        assertThat(machine.near()).hasToString(NEAR);
    }

    @AfterEach
    void close() {
        machine.close();
        assertThat(machine.sysfs()).doesNotExist();
        assertThat(disk).doesNotExist();
    }

    private Path control() {
        return folder.resolve("control");
    }

    private String config(String port) {
        return DefaultConfig.json()
                .replace("\"4420\"", "\"0\"")
                .replace("mem:1g", disk.toString())
                .replace("\"portid\"", port + "\"portid\"");
    }

    private Server start(String config) throws IOException {
        return Server.start(
                new Server.Settings(
                        Files.writeString(folder.resolve("config.json"), config),
                        null,
                        folder.resolve("state"),
                        1,
                        new RdmaOptions(),
                        new ControlOption(control()),
                        new StagingOptions(machine.sysfs())));
    }

    private record Outcome(int status, String out, List<String> err) {}

    private Outcome explain(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        var command = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        String[] all = new String[arguments.length + 3];
        all[0] = "p2p";
        all[1] = "explain";
        all[2] = "--control=" + control();
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        int status = command.execute(all);
        return new Outcome(status, out.toString(), err.toString().lines().toList());
    }

    @Test
    void explainsWhatTheServerDecided() throws IOException {
        try (Server server = start(config("\"allow_p2pmem\": 1, "))) {
            assertThat(server.save()).contains("\"allow_p2pmem\": 1");
            Outcome normal = explain("--port=1", "--subsystem=" + NQN);
            assertThat(normal.err()).isEmpty();
            assertThat(normal.status()).isZero();
            assertThat(normal.out().lines())
                    .anyMatch(line -> line.startsWith("port 1") && line.endsWith("allow_p2pmem=1"))
                    .anyMatch(line -> line.startsWith("  memory    " + NEAR + " (chosen): "))
                    .anyMatch(line -> line.startsWith("  memory    " + FAR + ": not usable"))
                    .anyMatch(line ->
                            line.startsWith("  outcome   data is staged in the memory of " + NEAR));

            Outcome json = explain("--port=1", "--subsystem=" + NQN, "-o", "json");
            JsonObject decision =
                    JsonParser.parseString(json.out())
                            .getAsJsonObject()
                            .getAsJsonArray("decisions")
                            .get(0)
                            .getAsJsonObject();
            assertThat(decision.getAsJsonArray("candidates").toString())
                    .contains("\"provider\":\"" + NEAR + "\",\"usable\":true,\"chosen\":true");
        }
    }

    @Test
    void supposesAnotherMachineWithoutAnyChange() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        try (Server server = start(config("\"allow_p2pmem\": 1, "))) {
            Outcome supposed = explain("--port=1", "--subsystem=" + NQN, "--sysfs=" + empty);
            assertThat(supposed.out())
                    .contains("this would be with the PCI functions of " + empty)
                    .doesNotContain("(chosen)");
            assertThat(explain("--port=1", "--subsystem=" + NQN).out()).contains("(chosen)");
            assertThat(server.connectLines()).hasSize(1);
        }
    }

    @Test
    void saysWhatThereIsNot() throws IOException {
        try (Server server = start(config(""))) {
            assertThat(server.connectLines()).hasSize(1);
            assertThat(explain("--port=7", "--subsystem=" + NQN))
                    .isEqualTo(
                            new Outcome(1, "", List.of("jnvmet p2p explain: there is no port 7")));
            assertThat(explain("--port=1", "--subsystem=nqn.no"))
                    .isEqualTo(
                            new Outcome(
                                    1,
                                    "",
                                    List.of("jnvmet p2p explain: there is no subsystem nqn.no")));
        }
    }

    /** The rehearsal knows the same devices, and a refused file changes nothing. */
    @Test
    void refusesAFileThatNamesMemoryWhichIsNotThere() throws IOException {
        try (Server server = start(config("\"allow_p2pmem\": \"%s\", ".formatted(NEAR)))) {
            String before = server.save();
            assertThat(before).contains("\"allow_p2pmem\": \"" + NEAR + "\"");
            assertThatThrownBy(() -> server.restore(config("\"allow_p2pmem\": \"0000:03:00.0\", ")))
                    .isInstanceOf(ConfigFileException.class)
                    .hasMessageStartingWith("ports[0].allow_p2pmem: ");
            assertThat(server.save()).isEqualTo(before);
        }
    }

    @Test
    void theTreeShowsDevicesWithMemoryAsTheyComeAndGo() throws IOException {
        try (Assembly assembly =
                new Assembly(1, new PeerStaging(machine.sysfs(), new SplittableRandom(1)))) {
            ConfigTree tree = assembly.tree();
            assertThat(names(tree)).containsExactly(NEAR, FAR);
            String bytes = Long.toString(DemoMachine.MEMORY_BYTES);
            assertThat(tree.read("p2pmem/" + NEAR + "/size")).isEqualTo(bytes);
            assertThat(tree.read("p2pmem/" + NEAR + "/available")).isEqualTo(bytes);
            assertThat(tree.read("p2pmem/" + NEAR + "/published")).isEqualTo("1");
            assertThat(tree.read("p2pmem/" + NEAR + "/mapped")).isEqualTo("0");
            assertThat(tree.read("p2pmem/" + NEAR + "/in_use")).isEqualTo("0");
            assertThat(tree.read("p2pmem/" + NEAR + "/clients")).isEmpty();

            assembly.transaction().restore(config("\"allow_p2pmem\": 1, "), tree);
            assertThat(tree.read("p2pmem/" + NEAR + "/mapped")).isEqualTo(bytes);
            assertThat(tree.read("p2pmem/" + NEAR + "/in_use")).isEqualTo("0");
            assertThat(tree.read("p2pmem/" + NEAR + "/clients")).contains("port 1");
            assertThat(tree.read("ports/1/p2pmem_status")).contains("provider " + NEAR);

            Path published =
                    machine.sysfs().resolve("bus/pci/devices").resolve(FAR).resolve("p2pmem");
            var open = tree.attribute("p2pmem/" + FAR + "/size");
            Files.writeString(published.resolve("published"), "0");
            assertThat(tree.read("p2pmem/" + FAR + "/published")).isEqualTo("0");
            refuses(Errno.ENODEV, () -> tree.write("ports/1/allow_p2pmem", FAR));
            for (String file : List.of("published", "size", "available", "allocate")) {
                Files.delete(published.resolve(file));
            }
            Files.delete(published);
            refuses(Errno.ENODEV, () -> tree.read(open));
            assertThat(names(tree)).containsExactly(NEAR);
            refuses(Errno.ENOENT, () -> tree.read(open));

            tree.write("ports/1/allow_p2pmem", "0");
            assertThat(tree.read("ports/1/p2pmem_status")).contains("allow_p2pmem");
        }
    }

    private static List<String> names(ConfigTree tree) {
        return tree.list(tree.directory("p2pmem")).stream().map(Node::name).toList();
    }

    private static void refuses(Errno errno, Runnable change) {
        assertThatThrownBy(change::run)
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }
}
