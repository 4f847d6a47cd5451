package org.jnvmet.app.bench;

import java.io.PrintWriter;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A report for people, laid out as fio's. */
final class NormalReport {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss yyyy", Locale.ROOT);
    private static final long US = 1000;
    private static final long MS = 1_000_000;
    private static final int PER_LINE = 4;
    private static final int SHARES_PER_LINE = 5;
    private static final String[] DEPTHS = {"1", "2", "4", "8", "16", "32", ">=64"};

    private final RunReport report;
    private final PrintWriter out;

    private NormalReport(RunReport report, PrintWriter out) {
        this.report = report;
        this.out = out;
    }

    static void print(RunReport report, boolean allocations, PrintWriter out) {
        NormalReport normal = new NormalReport(report, out);
        normal.header();
        report.groups().forEach(normal::group);
        normal.summary();
        if (allocations) {
            normal.allocations();
        }
        out.flush();
    }

    private void line(String text) {
        out.println(text);
    }

    private void header() {
        int bytes = report.options().blockBytes();
        line(
                "%s: (g=0): rw=%s, bs=(R) %dB-%dB, (W) %dB-%dB, (T) %dB-%dB, ioengine=%s, iodepth=%d"
                        .formatted(
                                report.name(),
                                report.options().readWrite().text(),
                                bytes,
                                bytes,
                                bytes,
                                bytes,
                                bytes,
                                bytes,
                                report.transport(),
                                report.options().depth()));
        int jobs = report.options().jobs();
        if (jobs > 1) {
            line("...");
        }
        line(report.program());
        line("Starting %d %s".formatted(jobs, jobs == 1 ? "job" : "jobs"));
        line("");
    }

    private void group(JobStats group) {
        line(
                "%s: (groupid=0, jobs=%d): err=%2d: pid=%d: %s"
                        .formatted(
                                report.name(),
                                group.jobs(),
                                FioErrors.of(group, report.options()),
                                report.pid(),
                                TIME.format(report.ended())));
        for (Direction direction : Direction.ALL) {
            if (group.of(direction).ios() > 0) {
                direction(group, direction);
            }
        }
        shares(group);
        line(
                "  cpu          : usr=%3.2f%%, sys=%3.2f%%, ctx=%d, majf=%d, minf=%d"
                        .formatted(
                                report.userPercent(group),
                                report.systemPercent(group),
                                report.contextSwitches(),
                                report.majorFaults(),
                                report.minorFaults()));
        depths(group);
        line(
                "     issued rwts: total=%d,%d,%d,0 short=0,0,0,0 dropped=0,0,0,0"
                        .formatted(
                                group.of(Direction.READ).ios(),
                                group.of(Direction.WRITE).ios(),
                                group.of(Direction.TRIM).ios()));
        if (group.failedCommands() > 0) {
            line(
                    "     errors    : total=%d, first_error=<%s>"
                            .formatted(group.failedCommands(), String.valueOf(group.firstError())));
        }
        line(
                "     latency   : target=0, window=0, percentile=100.00%%, depth=%d"
                        .formatted(report.options().depth()));
        line(
                "     commands  : submitted=%d, completed=%d, failed=%d"
                        .formatted(
                                group.submittedCommands(),
                                group.completedCommands(),
                                group.failedCommands()));
        if (report.options().verify().enabled()) {
            verification(group.verify());
        }
    }

    private void direction(JobStats group, Direction direction) {
        DirectionStats stats = group.of(direction);
        double bandwidth = RunReport.bandwidth(group, direction);
        line(
                "  %s: IOPS=%s, BW=%s (%s)(%s/%dmsec)"
                        .formatted(
                                direction.text(),
                                FioNumber.decimal(RunReport.rate(group, direction)),
                                FioNumber.binaryBytes(bandwidth, "B/s"),
                                FioNumber.decimalBytes(bandwidth, "B/s"),
                                FioNumber.binaryBytes((double) stats.bytes(), "B"),
                                group.runtimeMs()));
        latency("   slat", stats.submission());
        latency("   clat", stats.latencies().spread());
        latency("    lat", stats.latencies().spread());
        percentiles(stats.latencies());
        samples(stats, bandwidth(direction));
    }

    private double bandwidth(Direction direction) {
        return report.bandwidth(direction);
    }

    private void latency(String name, Spread spread) {
        if (spread.count() == 0) {
            return;
        }
        double unit = 1;
        String unitName = "nsec";
        if (spread.min() > 2 * US && spread.max() > 100 * US - 1) {
            unit = US;
            unitName = "usec";
        }
        if (spread.min() > 2 * MS && spread.max() > 100 * MS - 1) {
            unit = MS;
            unitName = "msec";
        }
        line(
                " %s (%s): min=%s, max=%s, avg=%5.2f, stdev=%5.2f"
                        .formatted(
                                name,
                                unitName,
                                FioNumber.longDecimal(spread.min() / unit),
                                FioNumber.longDecimal(spread.max() / unit),
                                spread.mean() / unit,
                                spread.standardDeviation() / unit));
    }

    private void percentiles(Latencies latencies) {
        List<Long> values = RunReport.PERCENTILES.stream().map(latencies::percentile).toList();
        long unit = 1;
        String name = "nsec";
        if (values.getFirst() > 2 * US && values.getLast() > 100 * US - 1) {
            unit = US;
            name = "usec";
        }
        if (values.getFirst() > 2 * MS && values.getLast() > 100 * MS - 1) {
            unit = MS;
            name = "msec";
        }
        long divisor = unit;
        List<String> texts =
                values.stream()
                        .map(value -> String.valueOf((value + divisor - 1) / divisor))
                        .toList();
        int width = Math.max(5, texts.getLast().length());
        line("    clat percentiles (%s):".formatted(name));
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            cells.add(
                    ("%5.2fth=[%" + width + "s]")
                            .formatted(RunReport.PERCENTILES.get(i), texts.get(i)));
        }
        for (int from = 0; from < cells.size(); from += PER_LINE) {
            int to = Math.min(from + PER_LINE, cells.size());
            line(
                    "     | %s%s"
                            .formatted(
                                    String.join(", ", cells.subList(from, to)),
                                    to < cells.size() ? "," : ""));
        }
    }

    private void samples(DirectionStats stats, double all) {
        Spread bandwidth = stats.bandwidth();
        if (bandwidth.count() == 0) {
            return;
        }
        boolean large = bandwidth.mean() > 1024 * 1024;
        double unit = large ? 1024 : 1;
        line(
                "   bw (%5s/s): min=%5d, max=%5d, per=%3.2f%%, avg=%5.2f, stdev=%5.2f, samples=%d"
                        .formatted(
                                large ? "MiB" : "KiB",
                                (long) (bandwidth.min() / unit),
                                (long) (bandwidth.max() / unit),
                                share(bandwidth, all),
                                bandwidth.mean() / unit,
                                bandwidth.standardDeviation() / unit,
                                bandwidth.count()));
        line(
                "   iops        : min=%5d, max=%5d, avg=%5.2f, stdev=%5.2f, samples=%d"
                        .formatted(
                                stats.rate().min(),
                                stats.rate().max(),
                                stats.rate().mean(),
                                stats.rate().standardDeviation(),
                                stats.rate().count()));
    }

    /** The samples' mean in percent of the bandwidth of all groups, 100 at most. */
    static double share(Spread bandwidth, double all) {
        return all == 0 ? 0 : Math.min(100, bandwidth.mean() * 1024 * 100 / all);
    }

    private void shares(JobStats group) {
        LatencyShares shares = new LatencyShares();
        for (Direction direction : Direction.ALL) {
            shares.add(group.of(direction).latencies());
        }
        String[] units = {"nsec", "usec", "msec"};
        for (int unit = 0; unit < units.length; unit++) {
            double[] percent = shares.percent(unit);
            List<String> cells = new ArrayList<>();
            for (int i = 0; i < percent.length; i++) {
                if (percent[i] > 0) {
                    cells.add("%s=%3.2f%%".formatted(LatencyShares.name(i), percent[i]));
                }
            }
            for (int from = 0; from < cells.size(); from += SHARES_PER_LINE) {
                int to = Math.min(from + SHARES_PER_LINE, cells.size());
                line(
                        "  lat (%s)   : %s"
                                .formatted(
                                        units[unit], String.join(", ", cells.subList(from, to))));
            }
        }
    }

    private void depths(JobStats group) {
        double[] percent = group.depthPercent();
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < DEPTHS.length; i++) {
            cells.add("%s=%3.1f%%".formatted(DEPTHS[i], percent[i]));
        }
        line("  IO depths    : %s".formatted(String.join(", ", cells)));
        String one = group.submittedCommands() > 0 ? "100.0%" : "0.0%";
        for (String what : List.of("submit  ", "complete")) {
            line(
                    "     %s  : 0=0.0%%, 4=%s, 8=0.0%%, 16=0.0%%, 32=0.0%%, 64=0.0%%, >=64=0.0%%"
                            .formatted(what, one));
        }
    }

    private void verification(VerifyStats verify) {
        line(
                "     verify    : right=%d, wrong=%d, unknown=%d, in doubt=%d blocks"
                        .formatted(
                                verify.rightBlocks(),
                                verify.wrongBlocks(),
                                verify.unknownBlocks(),
                                verify.inDoubtBlocks()));
    }

    private void summary() {
        line("");
        line("Run status group 0 (all jobs):");
        for (Direction direction : Direction.ALL) {
            List<JobStats> busy =
                    report.groups().stream()
                            .filter(group -> group.of(direction).ios() > 0)
                            .toList();
            if (!busy.isEmpty()) {
                summary(direction, busy);
            }
        }
    }

    private void summary(Direction direction, List<JobStats> groups) {
        double all = bandwidth(direction);
        double[] each =
                groups.stream()
                        .mapToDouble(group -> RunReport.bandwidth(group, direction))
                        .sorted()
                        .toArray();
        double least = each[0];
        double most = each[each.length - 1];
        long bytes = groups.stream().mapToLong(group -> group.of(direction).bytes()).sum();
        line(
                "%7s: bw=%s (%s), %s-%s (%s-%s), io=%s (%s), run=%d-%dmsec"
                        .formatted(
                                direction.name(),
                                FioNumber.binaryBytes(all, "B/s"),
                                FioNumber.decimalBytes(all, "B/s"),
                                FioNumber.binaryBytes(least, "B/s"),
                                FioNumber.binaryBytes(most, "B/s"),
                                FioNumber.decimalBytes(least, "B/s"),
                                FioNumber.decimalBytes(most, "B/s"),
                                FioNumber.binaryBytes((double) bytes, "B"),
                                FioNumber.decimalBytes((double) bytes, "B"),
                                groups.stream().mapToLong(JobStats::runtimeMs).min().orElse(0),
                                groups.stream().mapToLong(JobStats::runtimeMs).max().orElse(0)));
    }

    private void allocations() {
        long bytes = report.allocatedBytes();
        line("");
        line(
                "Allocations: %d bytes for %d I/Os, %.3f bytes each"
                        .formatted(
                                bytes, report.ios(), (double) bytes / Math.max(1, report.ios())));
    }
}
