package org.jnvmet.app.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/**
 * A report for programs, with the keys of fio 3's JSON in fio's order. What fio does not know stands in an object
 * {@code jnvmet} of each job.
 */
final class JsonReport {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("EEE MMM dd HH:mm:ss yyyy", Locale.ROOT);
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    private static final int DECIMALS = 6;
    private static final String[] DEPTHS = {"1", "2", "4", "8", "16", "32", ">=64"};
    private static final String[] BATCHES = {"0", "4", "8", "16", "32", "64", ">=64"};

    private final RunReport report;
    private final boolean steps;

    private JsonReport(RunReport report, boolean steps) {
        this.report = report;
        this.steps = steps;
    }

    /**
     * Prints it.
     *
     * @param steps whether all steps of the histograms are wanted, as with fio's {@code json+}
     */
    static void print(RunReport report, boolean steps, PrintWriter out) {
        out.println(GSON.toJson(of(report, steps)));
        out.flush();
    }

    static JsonObject of(RunReport report, boolean steps) {
        return new JsonReport(report, steps).run();
    }

    private JsonObject run() {
        JsonObject run = new JsonObject();
        // Programs look for "fio-3" here to know the schema.
        run.addProperty("fio version", "fio-3.39-" + report.program());
        long ms = report.ended().toInstant().toEpochMilli();
        run.addProperty("timestamp", ms / 1000);
        run.addProperty("timestamp_ms", ms);
        run.addProperty("time", TIME.format(report.ended()));
        run.add("global options", texts(report.globalOptions()));
        JsonArray jobs = new JsonArray();
        report.groups().forEach(group -> jobs.add(job(group)));
        run.add("jobs", jobs);
        run.add("disk_util", new JsonArray());
        return run;
    }

    private JsonObject job(JobStats group) {
        JsonObject job = new JsonObject();
        job.addProperty("jobname", report.name());
        job.addProperty("groupid", 0);
        job.addProperty("job_start", report.began().toInstant().toEpochMilli());
        job.addProperty("error", FioErrors.of(group, report.options()));
        job.addProperty("eta", 0);
        job.addProperty("elapsed", report.elapsedSeconds());
        job.add("job options", texts(report.jobOptions()));
        for (Direction direction : Direction.ALL) {
            job.add(direction.text(), direction(group, direction));
        }
        JsonObject sync = new JsonObject();
        sync.addProperty("total_ios", 0);
        sync.add("lat_ns", spread(new Spread()));
        job.add("sync", sync);
        job.addProperty("job_runtime", group.runtimeMs() * group.jobs());
        job.add("usr_cpu", number(report.userPercent(group)));
        job.add("sys_cpu", number(report.systemPercent(group)));
        job.addProperty("ctx", report.contextSwitches());
        job.addProperty("majf", report.majorFaults());
        job.addProperty("minf", report.minorFaults());
        distributions(job, group);
        job.addProperty("latency_depth", report.options().depth());
        job.addProperty("latency_target", 0);
        job.add("latency_percentile", number(100));
        job.addProperty("latency_window", 0);
        job.add("jnvmet", ours(group));
        return job;
    }

    private JsonObject direction(JobStats group, Direction direction) {
        DirectionStats stats = group.of(direction);
        double bandwidth = RunReport.bandwidth(group, direction);
        JsonObject json = new JsonObject();
        json.addProperty("io_bytes", stats.bytes());
        json.addProperty("io_kbytes", stats.bytes() / 1024);
        json.addProperty("bw_bytes", (long) bandwidth);
        json.addProperty("bw", (long) bandwidth / 1024);
        json.add("iops", number(RunReport.rate(group, direction)));
        json.addProperty("runtime", stats.ios() == 0 ? 0 : group.runtimeMs());
        json.addProperty("total_ios", stats.ios());
        json.addProperty("short_ios", 0);
        json.addProperty("drop_ios", 0);
        json.add("slat_ns", spread(stats.submission()));
        json.add("clat_ns", completion(stats.latencies()));
        json.add("lat_ns", spread(stats.latencies().spread()));
        Spread samples = stats.bandwidth();
        json.addProperty("bw_min", samples.min());
        json.addProperty("bw_max", samples.max());
        json.add("bw_agg", number(NormalReport.share(samples, report.bandwidth(direction))));
        json.add("bw_mean", number(samples.mean()));
        json.add("bw_dev", number(samples.standardDeviation()));
        json.addProperty("bw_samples", samples.count());
        json.addProperty("iops_min", stats.rate().min());
        json.addProperty("iops_max", stats.rate().max());
        json.add("iops_mean", number(stats.rate().mean()));
        json.add("iops_stddev", number(stats.rate().standardDeviation()));
        json.addProperty("iops_samples", stats.rate().count());
        return json;
    }

    private JsonObject spread(Spread spread) {
        JsonObject json = new JsonObject();
        json.addProperty("min", spread.min());
        json.addProperty("max", spread.max());
        json.add("mean", number(spread.mean()));
        json.add("stddev", number(spread.standardDeviation()));
        json.addProperty("N", spread.count());
        return json;
    }

    private JsonObject completion(Latencies latencies) {
        JsonObject json = spread(latencies.spread());
        if (latencies.spread().count() == 0) {
            return json;
        }
        JsonObject percentiles = new JsonObject();
        for (double percent : RunReport.PERCENTILES) {
            percentiles.addProperty(
                    String.format(Locale.ROOT, "%.6f", percent), latencies.percentile(percent));
        }
        json.add("percentile", percentiles);
        if (steps) {
            JsonObject bins = new JsonObject();
            latencies.forEach((ns, count) -> bins.addProperty(String.valueOf(ns), count));
            json.add("bins", bins);
        }
        return json;
    }

    private void distributions(JsonObject job, JobStats group) {
        double[] depths = group.depthPercent();
        JsonObject levels = new JsonObject();
        for (int i = 0; i < DEPTHS.length; i++) {
            levels.add(DEPTHS[i], number(depths[i]));
        }
        job.add("iodepth_level", levels);
        job.add("iodepth_submit", oneByOne(group));
        job.add("iodepth_complete", oneByOne(group));
        LatencyShares shares = new LatencyShares();
        for (Direction direction : Direction.ALL) {
            shares.add(group.of(direction).latencies());
        }
        String[] units = {"latency_ns", "latency_us", "latency_ms"};
        for (int unit = 0; unit < units.length; unit++) {
            double[] percent = shares.percent(unit);
            JsonObject json = new JsonObject();
            for (int i = 0; i < percent.length; i++) {
                json.add(LatencyShares.name(i), number(percent[i]));
            }
            job.add(units[unit], json);
        }
    }

    /** How many at once: each command is submitted and completed for itself. */
    private static JsonObject oneByOne(JobStats group) {
        JsonObject json = new JsonObject();
        for (String batch : BATCHES) {
            boolean all = "4".equals(batch) && group.submittedCommands() > 0;
            json.add(batch, number(all ? 100 : 0));
        }
        return json;
    }

    private JsonObject ours(JobStats group) {
        JsonObject json = new JsonObject();
        json.addProperty("submitted", group.submittedCommands());
        json.addProperty("completed", group.completedCommands());
        json.addProperty("failed", group.failedCommands());
        json.addProperty("first_error", group.firstError());
        json.addProperty("allocated_bytes", report.allocatedBytes() / report.groups().size());
        if (report.options().verify().enabled()) {
            JsonObject verify = new JsonObject();
            verify.addProperty("right", group.verify().rightBlocks());
            verify.addProperty("wrong", group.verify().wrongBlocks());
            verify.addProperty("unknown", group.verify().unknownBlocks());
            verify.addProperty("in_doubt", group.verify().inDoubtBlocks());
            json.add("verify", verify);
        }
        return json;
    }

    private static JsonObject texts(Map<String, String> options) {
        JsonObject json = new JsonObject();
        options.forEach(json::addProperty);
        return json;
    }

    private static JsonPrimitive number(double value) {
        return new JsonPrimitive(
                BigDecimal.valueOf(value).setScale(DECIMALS, RoundingMode.HALF_UP));
    }
}
