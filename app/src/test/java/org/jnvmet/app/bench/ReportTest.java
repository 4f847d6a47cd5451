package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reports of fixed statistics, compared with what is in the files here: normal.txt and report.json are ours,
 * fio-3.39.txt and fio-3.39.json were printed by fio 3.39 (Debian 13) when it was run with {@code --ioengine=libaio
 * --size=16m --filename=/tmp/f --name=bench --rw=randrw --rwmixread=70 --bs=4k --iodepth=32 --time_based --runtime=2
 * --randseed=1}, for the JSON with {@code --output-format=json+}.
 */
final class ReportTest {
    private static final ZonedDateTime END =
            ZonedDateTime.of(2026, 11, 1, 4, 11, 9, 836_000_000, ZoneOffset.UTC);
    private static final long MS = 1_000_000;

    /** What only ours has. */
    private static final String OURS = "jobs[].jnvmet";

    @TempDir private Path folder;

    private static String resource(String name) throws IOException {
        try (InputStream stream = ReportTest.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(stream, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A job of two seconds: {@code ios} reads of 50 to 1,050 us, and half as many writes. */
    private static JobStats job(int ios) {
        JobStats stats = new JobStats(4096);
        stats.begin(0);
        stats.lasts(2_001 * MS);
        for (Direction direction : List.of(Direction.READ, Direction.WRITE)) {
            DirectionStats of = stats.of(direction);
            int count = direction == Direction.READ ? ios : ios / 2;
            for (int i = 0; i < count; i++) {
                stats.submitted();
                stats.began(i < 31 ? i + 1 : 32);
                stats.completed();
                of.add(50_000 + i % 1000 * 1_000L, true);
                if (i % 16 == 0) {
                    of.addSubmission(400 + i % 1600);
                }
                if (i % (count / 4) == count / 4 - 1) {
                    of.sample(500 * MS);
                }
            }
        }
        return stats;
    }

    private static RunReport report(JobOptionsBuilder options, JobStats... groups) {
        Map<String, String> global = new LinkedHashMap<>(Map.of("traddr", "192.0.2.7"));
        Map<String, String> job = new LinkedHashMap<>();
        job.put("rw", "randrw");
        job.put("bs", "4k");
        return new RunReport(
                "jnvmet-1.0",
                "tcp",
                4711,
                options.pattern(ReadWrite.RANDRW).depth(32).build(),
                global,
                job,
                END.minusSeconds(2),
                END,
                new ProcessUsage(600, 800, 37_234, 0, 10),
                3_000,
                List.of(groups));
    }

    private static String normal(RunReport report, boolean allocations) {
        StringWriter text = new StringWriter();
        NormalReport.print(report, allocations, new PrintWriter(text));
        return text.toString();
    }

    @Test
    void printsTheNormalReport() throws IOException {
        assertThat(normal(report(new JobOptionsBuilder(), job(20_000)), true))
                .isEqualTo(resource("normal.txt"));
    }

    /** A line with all that varies taken out: numbers, and the prefixes and units that depend on them. */
    private static String shape(String line) {
        return line.replaceFirst("err= ?\\d+: pid=\\d+: .*", "err")
                .replaceFirst("ioengine=\\w+", "ioengine")
                .replaceFirst("(slat|clat|lat) \\([num]sec\\)", "$1")
                .replaceFirst("percentiles \\([num]sec\\)", "percentiles")
                .replaceAll("\\d+(\\.\\d+)?([kMGKi]*)", "#")
                .replaceAll("#(B\\b|B/s)", "#B")
                .replaceAll("= +", "=")
                .replaceAll("\\[ +", "[");
    }

    private static List<String> shapes(String text) {
        return text.lines()
                .map(ReportTest::shape)
                .map(line -> line.startsWith("  lat   :") ? "  lat" : line)
                .distinct()
                .toList();
    }

    @Test
    void isLaidOutAsFios() throws IOException {
        List<String> ours =
                new ArrayList<>(
                        shapes(normal(report(new JobOptionsBuilder(), job(20_000)), false)));
        assertThat(ours.removeIf(line -> line.startsWith("     commands  :"))).isTrue();
        assertThat(ours.removeIf(line -> line.startsWith("jnvmet-"))).isTrue();
        List<String> fios = new ArrayList<>(shapes(resource("fio-3.39.txt")));
        assertThat(fios.removeIf(line -> line.startsWith("fio-"))).isTrue();
        fios.replaceAll(line -> line.replace("Starting # process", "Starting # job"));
        fios.replaceAll(line -> line.replace("; # zone resets", ""));
        assertThat(ours).containsExactlyElementsOf(fios.stream().distinct().toList());
    }

    @Test
    void printsJobsOneByOneOrTogether() {
        RunReport apart = report(new JobOptionsBuilder().jobs(2), job(20_000), job(4_000));
        assertThat(normal(apart, false).lines())
                .contains(
                        "   READ: bw=46.9MiB/s (49.1MB/s), 7996KiB/s-39.0MiB/s (8188kB/s-40.9MB/s),"
                                + " io=93.8MiB (98.3MB), run=2001-2001msec")
                .filteredOn(line -> line.startsWith("bench: (groupid=0, jobs=1)"))
                .hasSize(2);
        RunReport together =
                report(
                        new JobOptionsBuilder().jobs(2),
                        RunReport.grouped(List.of(job(20_000), job(4_000)), true)
                                .toArray(JobStats[]::new));
        assertThat(normal(together, false).lines())
                .contains("     issued rwts: total=24000,12000,0,0 short=0,0,0,0 dropped=0,0,0,0")
                .contains("     commands  : submitted=36000, completed=36000, failed=0")
                .filteredOn(line -> line.startsWith("bench: (groupid=0, jobs=2)"))
                .hasSize(1);
    }

    @Test
    void showsErrorsAndWhatVerificationFound() {
        JobStats stats = job(4_000);
        stats.submitted();
        stats.failed();
        stats.firstError("Write: capacity exceeded");
        stats.verify().right();
        stats.verify().inDoubt(8);
        RunReport report = report(new JobOptionsBuilder().verify(Verification.CRC32C), stats);
        assertThat(normal(report, false).lines())
                .contains("     errors    : total=1, first_error=<Write: capacity exceeded>")
                .contains("     verify    : right=1, wrong=0, unknown=0, in doubt=8 blocks")
                .anyMatch(line -> line.startsWith("bench: (groupid=0, jobs=1): err= 5: pid=4711"));
        assertThat(job(report).get("error").getAsInt()).isEqualTo(5);
        stats.verify().wrong();
        assertThat(job(report).get("error").getAsInt()).isEqualTo(84);
    }

    private static JsonObject job(RunReport report) {
        return JsonReport.of(report, false).getAsJsonArray("jobs").get(0).getAsJsonObject();
    }

    private static String json(RunReport report, boolean steps) {
        StringWriter text = new StringWriter();
        JsonReport.print(report, steps, new PrintWriter(text));
        return text.toString();
    }

    @Test
    void printsTheJson() throws IOException {
        assertThat(json(report(new JobOptionsBuilder(), job(4_000)), false))
                .isEqualTo(resource("report.json"));
    }

    /** Paths of all keys with the kind of their value; lists count as one element, bins by their first. */
    private static void keys(JsonElement element, String path, Set<String> into) {
        if (element.isJsonObject()) {
            if (path.endsWith(" options") || path.endsWith(".bins")) {
                into.add(path + " {}");
                return;
            }
            element.getAsJsonObject()
                    .entrySet()
                    .forEach(entry -> keys(entry.getValue(), path + "." + entry.getKey(), into));
        } else if (element.isJsonArray()) {
            into.add(path + " []");
            element.getAsJsonArray().forEach(each -> keys(each, path + "[]", into));
        } else {
            String text = element.getAsString();
            boolean number = element.getAsJsonPrimitive().isNumber();
            String kind = number ? (text.contains(".") ? "real" : "whole") : "text";
            into.add(path + " " + kind);
        }
    }

    private static Set<String> keys(String json) {
        Set<String> keys = new TreeSet<>();
        keys(JsonParser.parseString(json), "", keys);
        return keys;
    }

    @Test
    void hasTheKeysOfFiosJsonAndTheKindsOfTheirValues() throws IOException {
        Set<String> ours = keys(json(report(new JobOptionsBuilder(), job(20_000)), true));
        assertThat(ours.removeIf(key -> key.startsWith("." + OURS))).isTrue();
        // fio leaves this out when it knows of no disk, and prints a list otherwise.
        assertThat(ours.remove(".disk_util []")).isTrue();
        assertThat(ours).isEqualTo(keys(resource("fio-3.39.json")));
    }

    @Test
    void hasTheKeysInFiosOrder() throws IOException {
        JsonObject fios =
                JsonParser.parseString(resource("fio-3.39.json"))
                        .getAsJsonObject()
                        .getAsJsonArray("jobs")
                        .get(0)
                        .getAsJsonObject();
        JsonObject ours = job(report(new JobOptionsBuilder(), job(4_000)));
        List<String> keys = new ArrayList<>(ours.keySet());
        assertThat(keys.removeLast()).isEqualTo("jnvmet");
        assertThat(keys).containsExactlyElementsOf(fios.keySet());
        assertThat(ours.getAsJsonObject("read").keySet())
                .containsExactlyElementsOf(fios.getAsJsonObject("read").keySet());
    }

    @Test
    void isReadByFiosOwnTool() throws IOException, InterruptedException {
        assumeThat(onPath("fio_jsonplus_clat2csv")).as("fio is installed").isTrue();
        Path source = folder.resolve("run.json");
        Files.writeString(
                source, json(report(new JobOptionsBuilder(), job(20_000), job(4_000)), true));
        List<String> command =
                List.of(
                        "fio_jsonplus_clat2csv",
                        source.toString(),
                        folder.resolve("run.csv").toString());
        String made = run(command);
        assumeThat(made).as("Python has what the tool needs").doesNotContain("No module named");
        assertThat(made).contains("run_job0.csv generated", "run_job1.csv generated");
        List<String> validate = new ArrayList<>(command);
        validate.add("--validate");
        assertThat(run(validate)).contains("run_job0.csv validated", "run_job1.csv validated");
        assertThat(Files.readAllLines(folder.resolve("run_job1.csv"))).hasSizeGreaterThan(100);
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process tool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(tool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return said;
    }

    private static boolean onPath(String program) {
        for (String each : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(each, program))) {
                return true;
            }
        }
        return false;
    }
}
