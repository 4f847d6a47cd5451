package org.jnvmet.app.bench;

import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run that has ended: what there is to report of it.
 *
 * @param program name and version
 * @param transport what carried the commands
 * @param pid of this process
 * @param options what each job did
 * @param globalOptions how the run was connected, by names and values as given
 * @param jobOptions what was asked of the jobs, by names and values as given
 * @param began when
 * @param ended when
 * @param usage what the process used while it was measured
 * @param allocatedBytes of heap, meanwhile
 * @param groups one for each job, or a single one for all
 */
record RunReport(
        String program,
        String transport,
        long pid,
        JobOptions options,
        Map<String, String> globalOptions,
        Map<String, String> jobOptions,
        ZonedDateTime began,
        ZonedDateTime ended,
        ProcessUsage usage,
        long allocatedBytes,
        List<JobStats> groups) {
    /** Name of the jobs, unless they are given one. */
    static final String JOB = "bench";

    /** The percentiles that fio reports. */
    static final List<Double> PERCENTILES =
            List.of(
                    1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0,
                    99.5, 99.9, 99.95, 99.99);

    /** The jobs one by one, or added up to one. */
    static List<JobStats> grouped(List<JobStats> jobs, boolean together) {
        List<JobStats> groups = new ArrayList<>(jobs);
        if (together) {
            JobStats sum = groups.getFirst();
            groups.stream().skip(1).forEach(sum::add);
            return List.of(sum);
        }
        return groups;
    }

    String name() {
        return jobOptions.getOrDefault("name", JOB);
    }

    /** Whole seconds that the run took, rounded up. */
    long elapsedSeconds() {
        return Duration.between(began, ended).plusMillis(999).toSeconds();
    }

    /** Of a direction and all groups, bytes per second. */
    double bandwidth(Direction direction) {
        return groups.stream().mapToDouble(group -> bandwidth(group, direction)).sum();
    }

    static double bandwidth(JobStats group, Direction direction) {
        return group.of(direction).bytes() * 1000.0 / group.runtimeMs();
    }

    static double rate(JobStats group, Direction direction) {
        return group.of(direction).ios() * 1000.0 / group.runtimeMs();
    }

    /** Processor time of the program in percent of the run time, the share of one group. */
    double userPercent(JobStats group) {
        return share(usage.userMs(), group);
    }

    /** Processor time of the kernel in percent of the run time, the share of one group. */
    double systemPercent(JobStats group) {
        return share(usage.systemMs(), group);
    }

    private double share(long ms, JobStats group) {
        return 100.0 * ms / groups.size() / group.runtimeMs();
    }

    long contextSwitches() {
        return usage.contextSwitches() / groups.size();
    }

    long majorFaults() {
        return usage.majorFaults() / groups.size();
    }

    long minorFaults() {
        return usage.minorFaults() / groups.size();
    }

    /** I/Os that were measured. */
    long ios() {
        long sum = 0;
        for (JobStats group : groups) {
            for (Direction direction : Direction.ALL) {
                sum += group.of(direction).ios();
            }
        }
        return sum;
    }
}
