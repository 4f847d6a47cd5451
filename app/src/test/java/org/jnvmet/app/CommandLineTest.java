package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jnvmet.conf.DefaultConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Statuses and messages of the command line. */
final class CommandLineTest {
    @TempDir private Path folder;

    /** How a command ended and what it printed. */
    private record Outcome(int status, List<String> out, List<String> err) {}

    private static Outcome run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                Main.commandLine()
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(arguments);
        return new Outcome(
                status, out.toString().lines().toList(), err.toString().lines().toList());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            textBlock =
                    """
                    -                          | a command is missing
                    sevre                      | sevre
                    --bogus                    | --bogus
                    serve --bogus              | --bogus
                    serve extra                | extra
                    serve --threads            | --threads
                    serve --threads none       | none
                    serve --threads 0          | --threads: 0
                    serve --threads 257        | --threads: 257
                    serve --config             | --config
                    serve --config a --config b | --config
                    demo --bogus               | --bogus
                    demo --size 1k             | --size and --disk are 1m at least
                    demo --runtime 0           | --runtime is within 1 .. 3600
                    config                     | restore, save, ls or check
                    config restore             | FILE
                    config restore a b         | b
                    config check               | FILE
                    config ls extra            | extra
                    p2p explain                | --port
                    p2p explain --port x --subsystem n | x
                    p2p explain --port 1       | --subsystem
                    p2p explain --port 1 --subsystem n -o xml | xml
                    version extra              | extra
                    """)
    void answersWrongUsageWithOneLineAndStatusTwo(String line, String part) {
        Outcome outcome = run(line == null ? new String[0] : line.split(" ", -1));
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err())
                .singleElement()
                .asString()
                .startsWith("jnvmet")
                .contains(part)
                .contains("--help'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "serve",
                "demo",
                "config",
                "config restore",
                "config save",
                "config ls",
                "config check",
                "discover",
                "list",
                "identify-ctrl",
                "identify-ns",
                "smart-log",
                "read",
                "write",
                "copy",
                "bench",
                "p2p explain",
                "completion",
                "version"
            })
    void hasHelpForEveryCommand(String command) {
        Outcome outcome = run((command + " --help").strip().split(" ", -1));
        assertThat(outcome.status()).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).first().asString().startsWith("Usage: jnvmet");
        assertThat(outcome.out()).allMatch(line -> line.length() <= 100);
    }

    @Test
    void documentsExitStatusesAndExamples() {
        assertThat(run("--help").out())
                .contains(
                        "Exit status:",
                        "Examples:",
                        "  jnvmet demo                                   prove it on this machine")
                .anyMatch(line -> line.matches(" *2 +wrong options or arguments"));
    }

    @Test
    void printsTheVersion() {
        assertThat(run("version").out()).singleElement().asString().startsWith("jnvmet ");
        assertThat(run("--version").out()).isEqualTo(run("version").out());
    }

    @Test
    void saysWhatExplainingLacks() {
        Path nobody = folder.resolve("nobody");
        Outcome noServer =
                run("p2p", "explain", "--port=1", "--subsystem=n", "--control=" + nobody);
        assertThat(noServer.status()).isEqualTo(1);
        assertThat(noServer.out()).isEmpty();
        assertThat(noServer.err())
                .singleElement()
                .asString()
                .startsWith("jnvmet p2p explain: " + nobody + ": no jnvmet listens there");
        Outcome noTree = run("p2p", "explain", "--port=1", "--subsystem=n", "--sysfs=" + nobody);
        assertThat(noTree)
                .isEqualTo(
                        new Outcome(
                                1,
                                List.of(),
                                List.of("jnvmet p2p explain: " + nobody + " is no directory")));
        Outcome dmaBuf = run("serve", "--dma-buf", "0000:03:00.0=" + nobody);
        assertThat(dmaBuf.status()).isEqualTo(1);
        assertThat(dmaBuf.err())
                .singleElement()
                .asString()
                .startsWith("jnvmet serve: dma-buf 0000:03:00.0=" + nobody);
        Outcome serve = run("serve", "--sysfs", nobody.toString());
        assertThat(serve)
                .isEqualTo(
                        new Outcome(
                                1,
                                List.of(),
                                List.of("jnvmet serve: --sysfs " + nobody + " is no directory")));
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("config.json"), text);
    }

    @Test
    void checksAConfigurationWithoutAServer() throws IOException {
        Outcome outcome = run("config", "check", file(DefaultConfig.json()).toString());
        assertThat(outcome).isEqualTo(new Outcome(0, List.of(), List.of()));
    }

    @Test
    void namesFileAndKeyOfAWrongConfiguration() throws IOException {
        Path file = file(DefaultConfig.json().replace("mem:1g", "mem:none"));
        String expected = "jnvmet config check: " + file + ": subsystems[0].namespaces[0].enable: ";
        Outcome outcome = run("config", "check", file.toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).singleElement().asString().startsWith(expected);
        Outcome serve = run("serve", "--config", file.toString());
        assertThat(serve.status()).isEqualTo(1);
        assertThat(serve.out()).isEmpty();
        assertThat(serve.err())
                .singleElement()
                .asString()
                .startsWith(expected.replace("config check", "serve"));
    }

    @Test
    void refusesAnAddressThatThisMachineDoesNotHave() throws IOException {
        Path file = file(DefaultConfig.json().replace("127.0.0.1", "192.0.2.1"));
        assertThat(run("config", "check", file.toString()).err())
                .singleElement()
                .asString()
                .contains(": ports[0].subsystems[0]: ")
                .contains("192.0.2.1");
    }

    @Test
    void namesAFileThatIsNotThere() {
        Path file = folder.resolve("missing.json");
        for (String command : List.of("config check", "config restore", "serve --config")) {
            String[] words = (command + " " + file).split(" ", -1);
            Outcome outcome = run(words);
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.err())
                    .singleElement()
                    .asString()
                    .endsWith(file + ": does not exist");
        }
    }

    @Test
    void refusesAFileThatIsNoText() throws IOException {
        Path file = Files.write(folder.resolve("binary"), new byte[] {'{', (byte) 0xff, '}'});
        assertThat(run("config", "check", file.toString()).err())
                .containsExactly("jnvmet config check: " + file + ": is no UTF-8 text");
    }

    @Test
    void saysWhenNoServerListens() {
        Path socket = folder.resolve("none");
        for (String command : List.of("ls", "save")) {
            Outcome outcome = run("config", command, "--control", socket.toString());
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.err())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "jnvmet config "
                                    + command
                                    + ": "
                                    + socket
                                    + ": no jnvmet listens there");
        }
    }

    @Test
    void refusesAStateFileThatCannotBe() {
        Outcome outcome = run("serve", "--state", folder.resolve("no/such/folder").toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err())
                .singleElement()
                .asString()
                .contains(folder.resolve("no/such/folder").toString());
    }

    @Test
    void provesTheTargetInADemo() {
        Outcome outcome = run("demo", "--size", "24m", "--disk", "10m", "--runtime", "1");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out())
                .anyMatch(line -> line.matches("  verified  24 MiB in .* s, every byte"))
                .anyMatch(line -> line.matches("  Transport +IOPS +MB/s +p50 +p99"))
                .anyMatch(line -> line.matches("  tcp +[\\d,]+ +\\d+ +\\d+ us +\\d+ us"))
                .anyMatch(line ->
                        line.matches("  tcp_offload \\(\\w+\\) +[\\d,]+ +\\d+ +\\d+ us +\\d+ us"))
                .anyMatch(line -> line.startsWith("Where to go next: "));
    }
}
