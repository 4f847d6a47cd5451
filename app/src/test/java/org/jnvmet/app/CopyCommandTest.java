package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jnvmet.app.control.ControlOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code jnvmet copy} against a server in this process, over TCP. */
final class CopyCommandTest {
    private static final String NQN = "nqn.2026-01.org.example:copies";
    private static final int BLOCK = 4096;
    private static final String CONFIG =
            """
            {
              "ports": [{
                "addr": {"adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "SERVICE", "trtype": "tcp"},
                "portid": 1,
                "subsystems": ["NQN"]
              }],
              "subsystems": [{
                "nqn": "NQN",
                "attr": {"allow_any_host": "1"},
                "namespaces": [
                  {"nsid": 1, "device": {"path": "mem:4m"}, "enable": 1},
                  {"nsid": 2, "device": {"path": "mem:1m"}, "enable": 1},
                  {"nsid": 3, "device": {"path": "mem:1m,bs=512"}, "enable": 1}
                ]
              }]
            }
            """;

    private record Outcome(int status, String out, String err) {
        void expectSilence() {
            assertThat(err).isEmpty();
            assertThat(out).isEmpty();
            assertThat(status).isZero();
        }
    }

    @TempDir private Path folder;
    private String service = "";
    private Server server;

    @BeforeEach
    void serve() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service = String.valueOf(free.getLocalPort());
        }
        String json = CONFIG.replace("SERVICE", service).replace("NQN", NQN);
        Path config = Files.writeString(folder.resolve("config.json"), json);
        ControlOption control = new ControlOption(folder.resolve("control"));
        server = Server.start(new Server.Settings(config, null, null, 1, control));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Outcome run(String line) {
        List<String> words = new ArrayList<>(List.of(line.split(" ", -1)));
        words.addAll(List.of("-a", "127.0.0.1", "-s", service, "-n", NQN));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                Main.commandLine()
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(words.toArray(String[]::new));
        return new Outcome(status, out.toString(), err.toString());
    }

    private byte[] written() throws IOException {
        byte[] data = new byte[20 * BLOCK];
        new Random(1).nextBytes(data);
        Path file = Files.write(folder.resolve("data"), data);
        assertThat(run("write -N 1 -d " + file).status()).isZero();
        return data;
    }

    private byte[] read(int nsid, long block, int blocks) throws IOException {
        Path back = folder.resolve("back");
        String range = " --start-block %d --block-count %d".formatted(block, blocks);
        assertThat(run("read -N " + nsid + range + " -d " + back).status()).isZero();
        return Files.readAllBytes(back);
    }

    @ParameterizedTest
    @CsvSource({"''", "' --format 0'", "' --format 1'", "' --format 2 -S 1,1'", "' --format 3'"})
    void copiesWithinANamespace(String format) throws IOException {
        byte[] data = written();

        run("copy -N 1 -d 100 --slbs 3,0x10 -b 2,1" + format).expectSilence();

        assertThat(read(1, 100, 2)).isEqualTo(Arrays.copyOfRange(data, 3 * BLOCK, 5 * BLOCK));
        assertThat(read(1, 102, 1)).isEqualTo(Arrays.copyOfRange(data, 16 * BLOCK, 17 * BLOCK));
    }

    @Test
    void copiesAcrossNamespaces() throws IOException {
        byte[] data = written();

        run("copy --namespace-id 2 --sdlba 7 --slbs 0 --blocks 20 --snsids 1").expectSilence();

        assertThat(read(2, 7, 20)).isEqualTo(data);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    2 | -N 1 -d 0 --slbs 1,2 -b 1            | --slbs, --blocks and --snsids must have as many values each; see 'jnvmet copy --help'
                    2 | -N 1 -d 0 --slbs 1 -b 1 -S 1,2       | --slbs, --blocks and --snsids must have as many values each; see 'jnvmet copy --help'
                    2 | -N 1 --slbs 1 -b 1                   | Missing required option: '--sdlba=LBA'; see 'jnvmet copy --help'
                    1 | -d 0 --slbs 1 -b 1                   | has several namespaces, 1, 2, 3: choose one with -N
                    1 | -N 1 -d 5 --slbs 1 -b 5              | 5 blocks from 1 on overlap their copy, 5 blocks from 5 on
                    1 | -N 1 -d 5 --slbs 1 -b 0              | 0 blocks from 1 on cannot be
                    1 | -N 2 -d 250 --slbs 0 -b 7            | has 256 blocks
                    1 | -N 1 -d 0 --slbs 1 -b 1 -S 2 --format 0 | format 0 is for sources of the same namespace
                    1 | -N 1 -d 0 --slbs 1 -b 1 --format 9   | the controllers of namespace 1 cannot copy with format 9
                    1 | -N 1 -d 0 --slbs 0,255 -b 1,2 -S 2,2 | Copy was refused: LBA out of range (source 0 was not copied)
                    1 | -N 1 -d 0 --slbs 0 -b 1 -S 3         | Copy was refused: incompatible namespace or format (source 0 was not copied)
                    1 | -N 1 -d 0 --slbs 0 -b 1 -S 9         | Copy was refused: invalid namespace or format (source 0 was not copied)
                    """)
    void saysWhatCannotBeCopied(int status, String line, String why) {
        Outcome outcome = run("copy " + line.strip());

        assertThat(outcome.err().lines()).singleElement().asString().endsWith(why);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.status()).isEqualTo(status);
    }

    @Test
    void isCompletedByTheShell() {
        StringWriter out = new StringWriter();
        int status = Main.commandLine().setOut(new PrintWriter(out)).execute("completion");
        assertThat(status).isZero();
        assertThat(out.toString()).contains("--sdlba").contains("--snsids").contains("--slbs");
    }
}
