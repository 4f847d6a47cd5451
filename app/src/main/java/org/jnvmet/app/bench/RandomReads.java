package org.jnvmet.app.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.HostNamespace;

/** A benchmark of one kind, for those who want a few figures and no report: random reads. */
public final class RandomReads {
    private static final long RAMP_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final double MEDIAN = 50;
    private static final double NINETY_NINE = 99;
    private static final long SEED = 1;

    private RandomReads() {}

    /**
     * What came out.
     *
     * @param iops I/Os a second
     * @param bytesPerSecond bytes a second
     * @param medianNs latency within which half of the I/Os ended, in nanoseconds
     * @param percentile99Ns latency within which 99 of 100 I/Os ended, in nanoseconds
     */
    public record Figures(double iops, double bytesPerSecond, long medianNs, long percentile99Ns) {}

    /**
     * Reads at random places of the whole namespace; half a second that is not counted comes first.
     *
     * @param bytes bytes of a read, whole blocks
     * @param depth reads that are outstanding at once
     * @param ns for so long
     * @throws CommandFailure when a read fails
     */
    public static Figures run(HostNamespace namespace, int bytes, int depth, long ns)
            throws InterruptedException {
        JobOptions options =
                new JobOptions(
                        ReadWrite.RANDREAD,
                        bytes,
                        depth,
                        1,
                        Portion.ALL,
                        0,
                        0,
                        new JobOptions.Duration(ns, true, RAMP_NS),
                        100,
                        new JobOptions.Verify(Verification.NONE, false, false),
                        JobOptions.Limits.NONE,
                        JobOptions.OnError.END,
                        SEED);
        List<JobStats> jobs =
                new BenchRun(options, System::nanoTime, _ -> {}).execute(namespace, 0);
        JobStats stats = jobs.getFirst();
        if (stats.firstError() != null) {
            throw new CommandFailure(String.valueOf(stats.firstError()));
        }
        Latencies latencies = stats.of(Direction.READ).latencies();
        return new Figures(
                RunReport.rate(stats, Direction.READ),
                RunReport.bandwidth(stats, Direction.READ),
                latencies.percentile(MEDIAN),
                latencies.percentile(NINETY_NINE));
    }
}
