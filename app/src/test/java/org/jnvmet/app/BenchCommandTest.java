package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.conf.DefaultConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code jnvmet bench} over TCP against a server in this process, whose namespace is a file of 1 MiB. */
@Timeout(120)
final class BenchCommandTest {
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo";

    @TempDir private Path folder;

    private String service = "";

    @SuppressWarnings("NullAway.Init") // before each test
    private Path disk;

    @SuppressWarnings("NullAway.Init") // before each test
    private Server server;

    /** How a command ended and what it printed. */
    private record Outcome(int status, List<String> out, List<String> err) {
        JsonObject json() {
            return JsonParser.parseString(String.join("\n", out)).getAsJsonObject();
        }
    }

    @BeforeEach
    void serve() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service = String.valueOf(free.getLocalPort());
        }
        disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
        String config =
                DefaultConfig.json().replace("4420", service).replace("mem:1g", disk.toString());
        Path file = Files.writeString(folder.resolve("config.json"), config);
        ControlOption control = new ControlOption(folder.resolve("control"));
        server = Server.start(new Server.Settings(file, null, null, 1, control));
    }

    @AfterEach
    void end() {
        server.close();
    }

    private static Outcome run(List<String> arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                Main.commandLine()
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(arguments.toArray(String[]::new));
        return new Outcome(
                status, out.toString().lines().toList(), err.toString().lines().toList());
    }

    private Outcome bench(String options) {
        List<String> arguments =
                new ArrayList<>(List.of("bench", "-a", "127.0.0.1", "-s", service, "-n", NQN));
        arguments.addAll(List.of(options.split(" ", -1)));
        return run(arguments);
    }

    @Test
    void reportsAsFio() {
        Outcome outcome = bench("--rw=randrw --rwmixread=70 --iodepth=8 --size=512k --eta=never");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out())
                .first()
                .asString()
                .startsWith("bench: (g=0): rw=randrw, bs=(R) 4096B-4096B,")
                .endsWith("ioengine=tcp, iodepth=8");
        assertThat(outcome.out())
                .contains("     commands  : submitted=128, completed=128, failed=0")
                .contains("Run status group 0 (all jobs):")
                .anyMatch(line -> line.matches("  read: IOPS=.*, BW=.* \\(.*\\)\\(.*/\\d+msec\\)"));
    }

    @Test
    void reportsAsFioDoesToPrograms() {
        Outcome outcome =
                bench(
                        "--name=both --rw=randread --numjobs=2 --group_reporting --size=256k --output-format=json+"
                                + " --hdr-digest --data-digest");
        assertThat(outcome.status()).isZero();
        JsonObject json = outcome.json();
        assertThat(json.getAsJsonArray("jobs")).hasSize(1);
        JsonObject job = json.getAsJsonArray("jobs").get(0).getAsJsonObject();
        assertThat(job.get("jobname").getAsString()).isEqualTo("both");
        assertThat(job.getAsJsonObject("read").get("total_ios").getAsInt()).isEqualTo(128);
        assertThat(job.getAsJsonObject("job options").get("rw").getAsString())
                .isEqualTo("randread");
        assertThat(json.getAsJsonObject("global options").get("trsvcid").getAsString())
                .isEqualTo(service);
        int inBins = 0;
        var bins = job.getAsJsonObject("read").getAsJsonObject("clat_ns").getAsJsonObject("bins");
        for (String key : bins.keySet()) {
            inBins += bins.get(key).getAsInt();
        }
        assertThat(inBins).isEqualTo(128);
    }

    @Test
    void writesTheReportToAFile() throws IOException {
        Path report = folder.resolve("report.json");
        Outcome outcome =
                bench("--size=16k --output-format=json --output=" + report + " --allocations");
        assertThat(outcome).isEqualTo(new Outcome(0, List.of(), List.of()));
        assertThat(JsonParser.parseString(Files.readString(report)).isJsonObject()).isTrue();
        assertThat(bench("--size=16k --output=" + folder).err())
                .singleElement()
                .asString()
                .startsWith("jnvmet bench: --output " + folder + ": cannot be written");
    }

    @ParameterizedTest
    @ValueSource(strings = {"crc32c", "pattern"})
    void endsWithStatusThreeWhenDataIsWrong(String how) throws IOException {
        assertThat(bench("--rw=write --iodepth=4 --verify=" + how).status()).isZero();
        try (RandomAccessFile medium = new RandomAccessFile(disk.toFile(), "rw")) {
            medium.seek(100_000);
            int old = medium.read();
            medium.seek(100_000);
            medium.write(old ^ 1);
        }
        Outcome outcome = bench("--rw=read --iodepth=4 --verify=" + how);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err())
                .singleElement()
                .asString()
                .startsWith(
                        "jnvmet bench: " + how + ": verify failed at offset 98304, length 4096 ")
                .contains("first at byte 100000: expected 0x");
        assertThat(outcome.out())
                .contains("     verify    : right=255, wrong=1, unknown=0, in doubt=0 blocks");
    }

    @Test
    void endsWithStatusOneWhenACommandFails() throws IOException {
        try (RandomAccessFile medium = new RandomAccessFile(disk.toFile(), "rw")) {
            medium.setLength(512 << 10);
        }
        Outcome outcome = bench("--rw=read");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).singleElement().asString().startsWith("jnvmet bench: Read: ");
        assertThat(outcome.out()).anyMatch(line -> line.startsWith("     errors    : total=1,"));
        Outcome wentOn = bench("--rw=read --continue_on_error");
        assertThat(wentOn.status()).isZero();
        assertThat(wentOn.out()).anyMatch(line -> line.startsWith("     errors    : total=128,"));
    }

    @Test
    void goesAlongSeveralPaths() {
        Outcome outcome =
                bench(
                        "--rw=randrw --size=256k --iodepth=4 --verify=crc32c --iopolicy=round-robin --path=localhost:"
                                + service);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.status()).isZero();
    }

    @Test
    void showsProgressWhenAskedTo() {
        Outcome outcome =
                bench("--rw=read --time_based --runtime=1200ms --rate_iops=100 --eta=always");
        assertThat(outcome.status()).isZero();
        assertThat(String.join("", outcome.err()))
                .contains("Jobs: 1 (f=1): [R(1)][")
                .contains(" IOPS][eta 00m:0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --rw=readrandom             | 'readrandom' is none of read, write,
                    --bs=4q                     | '4q' is no number of bytes
                    --bs=0                      | --bs: 0 is not within 1 .. 1g
                    --bs=2g                     | --bs: 2147483648 is not within 1 .. 1g
                    --iodepth=0                 | --iodepth: 0 is not within 1 .. 65535
                    --numjobs=0                 | --numjobs: 0 is not within 1 .. 1024
                    --rwmixread=101             | --rwmixread: 101 is not within 0 .. 100
                    --size=200%                 | '200%' is not within 1% .. 100%
                    --runtime=1w                | '1w' is no time
                    --time_based                | --time_based needs --runtime
                    --time_based=yes --runtime=1 | 'yes' is neither 0 nor 1
                    --rate=0                    | a rate of 0 never gets anywhere
                    --rate=1m --rate_iops=5     | --rate and --rate_iops exclude each other
                    --verify=md5                | 'md5' is none of crc32c, pattern
                    --rw=trim --verify=crc32c   | what is trimmed cannot be verified
                    --continue_on_error=some    | 'some' is none of all, none
                    --output-format=xml         | --output-format: 'xml' is none of normal, json, json+
                    --eta=now                   | --eta: 'now' is none of always, never, auto
                    --path=a:b:c                | 'a:b:c' is no ADDRESS[:PORT]
                    --iopolicy=random           | 'random' is none of numa, round-robin, queue-depth
                    --nsid=0                    | there is no namespace 0
                    """)
    void answersWrongOptionsWithASentenceAndStatusTwo(String options, String sentence) {
        Outcome outcome = bench(options);
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err())
                .singleElement()
                .asString()
                .startsWith("jnvmet bench: ")
                .contains(sentence)
                .endsWith("see 'jnvmet bench --help'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --nsid=7         | has no namespace 7
                    --size=2m        | job 1 would need bytes 0 to 2097152, the namespace has 1048576
                    --bs=1000        | --bs=1000 is no multiple of the namespace's blocks of
                    --bs=512m        | --bs=536870912
                    """)
    void saysInASentenceWhatCannotBeDone(String options, String sentence) {
        Outcome outcome = bench(options);
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).singleElement().asString().contains(sentence);
    }

    @Test
    void saysWhenNobodyListens() {
        server.close();
        Outcome outcome = bench("--rw=read");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err())
                .singleElement()
                .asString()
                .contains("127.0.0.1")
                .contains(service);
    }
}
