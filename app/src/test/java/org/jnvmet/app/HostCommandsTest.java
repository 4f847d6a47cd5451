package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
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
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.transports.StandardTransports;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The host's commands against a server in this process, over TCP. */
final class HostCommandsTest {
    private static final String NQN = "nqn.2026-01.org.example:disks";
    private static final String CLOSED_NQN = "nqn.2026-01.org.example:closed";
    private static final String BUSY_NQN = "nqn.2026-01.org.example:busy";
    private static final String GUEST_NQN = "nqn.2026-01.org.example:guest";
    private static final int BLOCK = 4096;

    /**
     * Three subsystems: one with the namespaces 1 and 7, one that lets a single host in, and one that takes a single
     * controller.
     */
    private static final String CONFIG =
            """
            {
              "hosts": [{"nqn": "GUEST"}],
              "ports": [{
                "addr": {"adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "SERVICE", "trtype": "tcp"},
                "portid": 1,
                "subsystems": ["NQN", "CLOSED", "BUSY"],
                "referrals": [{
                  "addr": {"adrfam": "ipv4", "portid": 9, "traddr": "192.0.2.77", "treq": "not specified",
                           "trsvcid": "8009", "trtype": "tcp"},
                  "enable": 1,
                  "name": "elsewhere"
                }]
              }],
              "subsystems": [
                {
                  "nqn": "NQN",
                  "attr": {"allow_any_host": "1", "model": "Example", "serial": "0123456789"},
                  "namespaces": [
                    {"nsid": 1, "device": {"path": "mem:4m"}, "enable": 1},
                    {"nsid": 7, "device": {"path": "mem:1m"}, "enable": 1}
                  ]
                },
                {
                  "nqn": "CLOSED",
                  "allowed_hosts": ["GUEST"],
                  "attr": {"allow_any_host": "0"},
                  "namespaces": [{"nsid": 3, "device": {"path": "mem:2m"}, "enable": 1}]
                },
                {
                  "nqn": "BUSY",
                  "attr": {"allow_any_host": "1", "cntlid_min": "1", "cntlid_max": "1"},
                  "namespaces": []
                }
              ]
            }
            """;

    /** How a command ended and what it printed. */
    private record Outcome(int status, String out, String err) {
        Outcome expectSuccess() {
            assertThat(err).isEmpty();
            assertThat(status).isZero();
            return this;
        }

        void expectFailure(int expected, String sentence) {
            assertThat(err.lines()).singleElement().asString().endsWith(sentence);
            assertThat(out).isEmpty();
            assertThat(status).isEqualTo(expected);
        }

        JsonObject json() {
            return JsonParser.parseString(out).getAsJsonObject();
        }
    }

    @TempDir private Path folder;
    private String service = "";
    private Server server;

    @BeforeEach
    void serve() throws IOException {
        service = String.valueOf(freePort());
        String json =
                CONFIG.replace("SERVICE", service)
                        .replace("GUEST", GUEST_NQN)
                        .replace("NQN", NQN)
                        .replace("CLOSED", CLOSED_NQN)
                        .replace("BUSY", BUSY_NQN);
        Path config = Files.writeString(folder.resolve("config.json"), json);
        ControlOption control = new ControlOption(folder.resolve("control"));
        server = Server.start(new Server.Settings(config, null, null, 1, control));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private static Outcome run(List<String> words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                Main.commandLine()
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(words.toArray(String[]::new));
        return new Outcome(status, out.toString(), err.toString());
    }

    /** Runs a command with the address of the server; {@code more} are its words. */
    private Outcome run(String command, String more) {
        List<String> words = new ArrayList<>(List.of(command, "-a", "127.0.0.1", "-s", service));
        if (!more.isEmpty()) {
            words.addAll(List.of(more.split(" ", -1)));
        }
        return run(words);
    }

    private String at() {
        return "tcp 127.0.0.1:" + service;
    }

    private Path random(int bytes, long seed) throws IOException {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return Files.write(folder.resolve("data-" + seed), content);
    }

    // ---- what is found out

    @Test
    void discoversWhatThisHostMayUse() {
        String log = run("discover", "").expectSuccess().out();
        assertThat(log.lines())
                .contains(
                        "subtype: current discovery subsystem",
                        "subtype: discovery subsystem referral",
                        "traddr:  192.0.2.77",
                        "trsvcid: " + service,
                        "subnqn:  " + NQN,
                        "subnqn:  " + BUSY_NQN)
                .doesNotContain("subnqn:  " + CLOSED_NQN);
        assertThat(run("discover", "-q " + GUEST_NQN).expectSuccess().out().lines())
                .contains("subnqn:  " + CLOSED_NQN);
        JsonArray records =
                run("discover", "-o json").expectSuccess().json().getAsJsonArray("records");
        assertThat(log).contains("Number of Records " + records.size() + ",");
    }

    @Test
    void identifiesAController() {
        Outcome outcome = run("identify-ctrl", "-n " + NQN).expectSuccess();
        assertThat(outcome.out().lines())
                .startsWith("NVME Identify Controller:")
                .contains(
                        "sn        : 0123456789          ",
                        "mn        : Example" + " ".repeat(33),
                        "subnqn    : " + NQN);
        JsonObject json = run("id-ctrl", "-o json -n " + NQN).expectSuccess().json();
        assertThat(json.get("subnqn").getAsString()).isEqualTo(NQN);
        assertThat(json.getAsJsonArray("psds")).hasSize(json.get("npss").getAsInt() + 1);
    }

    @Test
    void identifiesANamespace() {
        assertThat(run("identify-ns", "-N 7 -n " + NQN).expectSuccess().out().lines())
                .startsWith("NVME Identify Namespace 7:", "nsze    : 0x100");
        JsonObject json = run("id-ns", "-N 0x1 -o json -n " + NQN).expectSuccess().json();
        assertThat(json.get("nsze").getAsLong() * BLOCK).isEqualTo(4 << 20);
    }

    @Test
    void takesTheOnlyNamespaceThereIs() {
        assertThat(
                        run("identify-ns", "-q " + GUEST_NQN + " -n " + CLOSED_NQN)
                                .expectSuccess()
                                .out())
                .startsWith("NVME Identify Namespace 3:");
        run("identify-ns", "-n " + NQN)
                .expectFailure(
                        1,
                        "%s at %s has several namespaces, 1, 7: choose one with -N"
                                .formatted(NQN, at()));
        run("identify-ns", "-n " + BUSY_NQN)
                .expectFailure(1, BUSY_NQN + " at " + at() + " has no namespace");
    }

    @Test
    void showsHealth() {
        Outcome outcome = run("smart-log", "-n " + NQN).expectSuccess();
        assertThat(outcome.out())
                .startsWith("Smart Log for NVME device:" + NQN + " namespace-id:ffffffff")
                .containsPattern("available_spare\t+: 100%");
        JsonObject json = run("smart-log", "-o json -n " + NQN).expectSuccess().json();
        assertThat(json.get("avail_spare").getAsInt()).isEqualTo(100);
    }

    @Test
    void listsWhatADiscoveryServiceOffers() {
        try (Host host = StandardTransports.open();
                HostController _ = host.connect(options(BUSY_NQN))) {
            String busy = BUSY_NQN + " at " + at() + " has no controller to spare";
            Outcome outcome = run("list", "").expectSuccess();
            assertThat(outcome.out().lines())
                    .anyMatch(line -> line.matches(NQN + " +" + at() + " .* 0x1 .* 4\\.19 +MB .*"))
                    .anyMatch(line -> line.matches(NQN + " +" + at() + " .* 0x7 .* 1\\.05 +MB .*"))
                    .anyMatch(
                            line -> line.matches(BUSY_NQN + " +" + at() + " +unreachable: " + busy))
                    .noneMatch(line -> line.contains(CLOSED_NQN))
                    .last()
                    .isEqualTo("Another discovery service: tcp 192.0.2.77:8009");
            JsonObject json = run("list", "-o json").expectSuccess().json();
            assertThat(json.getAsJsonArray("Subsystems"))
                    .map(each -> each.getAsJsonObject().has("Error"))
                    .containsExactlyInAnyOrder(false, true);
        }
        assertThat(run("list", "").expectSuccess().out().lines())
                .anyMatch(line -> line.matches(BUSY_NQN + ".* none"));
    }

    private ConnectOptions options(String nqn) {
        return ConnectOptions.to(nqn).address("127.0.0.1").service(service);
    }

    // ---- data

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " -g",
                " -G -i 2 -Q 8",
                " -g -G",
                " -t tcp_offload",
                " -t tcp_offload --device poll -g -G"
            })
    void readsWhatItWrote(String more) throws IOException {
        Path data = random(3 * 1024 * 1024 + 5 * BLOCK, 42);
        Path back = folder.resolve("back");
        String where = " --start-block 3 -N 1 -n " + NQN + more;
        run("write", "-d " + data + where).expectSuccess();
        run("read", "--bytes " + Files.size(data) + " -d " + back + where).expectSuccess();
        assertThat(back).hasSameBinaryContentAs(data);
    }

    @Test
    void readsUpToTheEnd() throws IOException {
        Path data = random(1 << 20, 7);
        Path back = folder.resolve("back");
        run("write", "-N 7 -d " + data + " -n " + NQN).expectSuccess();
        run("read", "-N 7 --start-block 0x10 -d " + back + " -n " + NQN).expectSuccess();
        byte[] whole = Files.readAllBytes(data);
        assertThat(Files.readAllBytes(back))
                .isEqualTo(Arrays.copyOfRange(whole, 16 * BLOCK, whole.length));
    }

    @Test
    void padsTheLastBlockOnlyWhenAsked() throws IOException {
        Path full = random(4 * BLOCK, 1);
        Path part = random(BLOCK + 1, 2);
        Path back = folder.resolve("back");
        String disk = " -N 7 -n " + NQN;
        run("write", "-d " + full + disk).expectSuccess();
        run("write", "-d " + part + disk)
                .expectFailure(
                        1,
                        part
                                + ": 4097 bytes are no whole blocks of 4096 (--pad fills up the last one)");
        run("read", "--block-count 4 -d " + back + disk).expectSuccess();
        assertThat(back).hasSameBinaryContentAs(full);
        run("write", "--pad -d " + part + disk).expectSuccess();
        run("read", "--block-count 4 -d " + back + disk).expectSuccess();
        byte[] expected = Files.readAllBytes(full);
        Arrays.fill(expected, 0, 2 * BLOCK, (byte) 0);
        System.arraycopy(Files.readAllBytes(part), 0, expected, 0, BLOCK + 1);
        assertThat(Files.readAllBytes(back)).isEqualTo(expected);
    }

    @Test
    void writesNoMoreThanItWasTold() throws IOException {
        Path data = random(4 * BLOCK, 3);
        Path back = folder.resolve("back");
        String disk = " -N 7 -n " + NQN;
        run("write", "--block-count 2 -d " + data + disk).expectSuccess();
        run("read", "--block-count 4 -d " + back + disk).expectSuccess();
        byte[] expected = Files.readAllBytes(data);
        Arrays.fill(expected, 2 * BLOCK, 4 * BLOCK, (byte) 0);
        assertThat(Files.readAllBytes(back)).isEqualTo(expected);
        run("write", "--block-count 5 -d " + data + disk)
                .expectFailure(1, data + " ended after 16384 of 20480 bytes");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    read --start-block 256            | block 256 is beyond the end of namespace 7 of 256 blocks of 4096 bytes
                    read --start-block 1 --block-count 256 | 256 blocks from block 1 on are too many for namespace 7 of 256 blocks of 4096 bytes
                    read --bytes 100                  | 100 bytes are no whole blocks of 4096
                    read --bytes 4k -d /dev/full      | /dev/full: No space left on device
                    read --bytes 4k -d /no/such/file  | /no/such/file: does not exist
                    read --bytes 4k -d /              | /: Is a directory
                    write -d /no/such/file            | /no/such/file: does not exist
                    write -d /dev/zero                | /dev/zero has more than the 1048576 bytes that fit, which were written
                    write --bytes 4k -d /dev/null     | /dev/null ended after 0 of 4096 bytes
                    """)
    void saysWhyDataCannotBeMoved(String line, String why) {
        String[] words = line.split(" ", 2);
        String file = words[1].contains("-d ") ? "" : " -d " + folder.resolve("out");
        run(words[0], words[1] + " -N 7 -n " + NQN + file).expectFailure(1, ": " + why);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void doesNotTouchAFileBeforeThereIsSomethingToRead() throws IOException {
        Path precious = Files.writeString(folder.resolve("precious"), "mine");
        assertThat(run("read", "-d " + precious + " -N 9 -n " + NQN).status()).isEqualTo(1);
        assertThat(run("read", "-d " + precious + " -n nqn.none").status()).isEqualTo(1);
        assertThat(precious).hasContent("mine");
    }

    // ---- what does not work

    @ParameterizedTest
    @ValueSource(
            strings = {
                "identify-ctrl",
                "identify-ns",
                "smart-log",
                "read -d /dev/null",
                "write -d /dev/null"
            })
    void saysWhyItDoesNotConnect(String command) throws IOException {
        String[] words = command.split(" ", 2);
        String more = words.length > 1 ? " " + words[1] : "";
        run(words[0], "-n nqn.none" + more)
                .expectFailure(1, ": there is no subsystem nqn.none at " + at());
        run(words[0], "-n " + CLOSED_NQN + " -q nqn.me" + more)
                .expectFailure(
                        1,
                        ": %s at %s does not allow this host, nqn.me".formatted(CLOSED_NQN, at()));
        refused(words[0], "-n " + NQN + more);
        unanswered(words[0], "-n " + NQN + more);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " --device poll"})
    void saysWhyItDoesNotConnectByAnOffloadDevice(String device) throws IOException {
        String way = "-t tcp_offload" + device;
        run("identify-ctrl", "-n nqn.none " + way)
                .expectFailure(
                        1, ": there is no subsystem nqn.none at tcp_offload 127.0.0.1:" + service);
        int port = freePort();
        run(words("identify-ctrl -a 127.0.0.1 -s " + port + " -n " + NQN + " " + way))
                .expectFailure(1, ": 127.0.0.1:" + port + ": Connection refused");
        try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            String where = "127.0.0.1:" + silent.getLocalPort();
            run(words(
                            "identify-ctrl --timeout 200 -a "
                                    + where.replace(":", " -s ")
                                    + " -n "
                                    + NQN
                                    + " "
                                    + way))
                    .expectFailure(1, ": " + where + ": no ICResp within 200 ms");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"discover", "list"})
    void saysWhyItDoesNotDiscover(String command) throws IOException {
        refused(command, "");
        unanswered(command, "");
    }

    private static void refused(String command, String more) throws IOException {
        int port = freePort();
        run(words(command + " -a 127.0.0.1 -s " + port + " " + more))
                .expectFailure(1, ": tcp 127.0.0.1:" + port + ": connection refused");
    }

    private static List<String> words(String line) {
        return List.of(line.strip().split(" ", -1));
    }

    /** Something accepts the connection and says nothing. */
    private static void unanswered(String command, String more) throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            String where = "127.0.0.1 -s " + silent.getLocalPort();
            String line = command + " --timeout 200 -a " + where + " " + more;
            run(words(line))
                    .expectFailure(
                            1,
                            ": tcp 127.0.0.1:%d: no ICResp within 200 ms"
                                    .formatted(silent.getLocalPort()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    1 | -a no.such.host.invalid      | tcp no.such.host.invalid:4420: unknown host
                    1 | -a 127.0.0.1 -s 70000        | tcp: trsvcid '70000' is no port number
                    1 | -a 127.0.0.1 -w 192.0.2.9    | tcp 127.0.0.1:4420: host_traddr 192.0.2.9: cannot assign requested address
                    1 | -a 127.0.0.1 -w here         | tcp 127.0.0.1:4420: host_traddr 'here' is no IP address
                    1 | -a 127.0.0.1 -f nosuch0      | tcp 127.0.0.1:4420: host_iface nosuch0: no such device
                    1 | -t tcp_offload -a no.such.host.invalid | tcp_offload no.such.host.invalid:4420: unknown host
                    1 | -t tcp_offload -a 127.0.0.1 --device nosuch | tcp_offload 127.0.0.1: there is no offload device nosuch; registered: io_uring, poll
                    1 | -t tcp_offload -a 127.0.0.1 -f nosuch0 --device poll | offload device poll does not reach 127.0.0.1 by nosuch0; registered: io_uring, poll
                    1 | -t tcp_offload -a 127.0.0.1 -w 192.0.2.9 | no offload device reaches 127.0.0.1 from 192.0.2.9; registered: io_uring, poll
                    1 | -a 127.0.0.1 -t rdma -g      | rdma does not take the option hdr_digest
                    1 | -a 127.0.0.1 -t rdma -f lo   | rdma does not take the option host_iface
                    2 | -a 127.0.0.1 -t fc           | --transport: 'fc' is none of [tcp, tcp_offload, rdma]; see 'jnvmet identify-ctrl --help'
                    2 | -a 127.0.0.1 --device poll   | --device is for the transport tcp_offload, not tcp; see 'jnvmet identify-ctrl --help'
                    2 | -s 4420                      | Missing required option: '--traddr=ADDRESS'; see 'jnvmet identify-ctrl --help'
                    """)
    void saysWhichWayThereIsNot(int status, String line, String why) {
        List<String> words = new ArrayList<>(List.of("identify-ctrl", "-n", NQN));
        words.addAll(List.of(line.split(" ", -1)));
        run(words).expectFailure(status, "jnvmet identify-ctrl: " + why);
    }

    @Test
    void saysWhichNamespaceThereIsNot() {
        for (String command : List.of("identify-ns", "read -d /dev/null", "write -d /dev/null")) {
            String[] words = command.split(" ", 2);
            String more = words.length > 1 ? " " + words[1] : "";
            run(words[0], "-N 3 -n " + NQN + more)
                    .expectFailure(
                            1, ": %s at %s has no namespace 3; it has 1, 7".formatted(NQN, at()));
        }
        run("smart-log", "-N 3 -n " + NQN)
                .expectFailure(1, "Get Log Page was refused: invalid field in command");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    identify-ctrl                        | Missing required option: '--nqn=NQN'
                    identify-ns -n x -N 0                | there is no namespace 0
                    identify-ns -n x -N all              | 'all' is no namespace identifier, 1 to 0xffffffff
                    discover -o xml                      | 'xml'
                    read -n x --bytes 4x -d /dev/null    | '4x' is no number of bytes, such as 4096, 0x1000 or 4k
                    read -n x --bytes 1 --block-count 1  | --block-count and --bytes exclude each other
                    write -n x --pad=maybe -d /dev/null  | 'maybe'
                    list extra                           | 'extra'
                    """)
    void answersWrongUsageWithStatusTwo(String line, String why) {
        String[] words = line.split(" ", 2);
        Outcome outcome = run(words[0], words.length > 1 ? words[1] : "");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err().lines())
                .singleElement()
                .asString()
                .contains(why)
                .endsWith("; see 'jnvmet " + words[0] + " --help'");
    }
}
