package org.jnvmet.app.bench;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.HostNamespace;

/**
 * Runs jobs against a namespace, from start to end: one thread watches them, takes the samples and wakes those that
 * wait for their rate.
 */
final class BenchRun {
    private static final long MS = 1_000_000;

    /** fio's bwavgtime. */
    private static final long SAMPLE_NS = 500 * MS;

    private static final long PROGRESS_NS = 1000 * MS;
    private static final long LOOK_NS = 20 * MS;

    /** How late a job may be that is held back by its rate; it catches up. */
    private static final long PACE_NS = MS / 5;

    private final JobOptions options;
    private final LongSupplier clock;
    private final Consumer<String> progress;
    private final List<Job> jobs = new ArrayList<>();
    private boolean stopped;
    private long allocatedBytes;
    private ProcessUsage usage = ProcessUsage.NONE;

    /**
     * Prepares a run.
     *
     * @param clock nanoseconds from any origin
     * @param progress is given a line now and then
     */
    BenchRun(JobOptions options, LongSupplier clock, Consumer<String> progress) {
        this.options = options;
        this.clock = clock;
        this.progress = progress;
    }

    /**
     * Runs all jobs and returns what they did when no command is outstanding any more.
     *
     * @param run tells the blocks that this run writes from others
     * @throws CommandFailure when the namespace does not suit the options
     */
    List<JobStats> execute(HostNamespace namespace, int run) throws InterruptedException {
        checkTransfer(namespace);
        // Of the heap's collector: a request that never ended could still use the memory.
        Job.Environment environment =
                new Job.Environment(
                        clock, Arena.ofAuto(), new SplittableRandom(options.seed()), run);
        List<Job> prepared = new ArrayList<>();
        for (int i = 0; i < options.jobs(); i++) {
            Region region = Region.of(options, i, namespace.blocks(), namespace.blockBytes());
            prepared.add(new Job(options, region, i, namespace, environment));
        }
        long start = clock.getAsLong();
        synchronized (jobs) {
            jobs.addAll(prepared);
            prepared.forEach(Job::start);
            if (stopped) {
                stop();
            }
        }
        watch(prepared, start);
        List<JobStats> stats = prepared.stream().map(Job::stats).toList();
        stats.forEach(BenchRun::checkComplete);
        return stats;
    }

    private void checkTransfer(HostNamespace namespace) {
        int most = namespace.maxTransferBytes();
        if (!options.readWrite().trims() && options.blockBytes() > most) {
            throw new CommandFailure(
                    "--bs=%d is more than the %d bytes that one command may transfer"
                            .formatted(options.blockBytes(), most));
        }
    }

    /** Ends the jobs before their time; any thread. */
    void stop() {
        synchronized (jobs) {
            stopped = true;
            jobs.forEach(Job::stop);
        }
    }

    /** Whether it was told to end before its time. */
    boolean stopped() {
        synchronized (jobs) {
            return stopped;
        }
    }

    /** What the process used from the end of the ramp until the last job had ended. */
    ProcessUsage usage() {
        return usage;
    }

    /** Bytes of heap that were allocated meanwhile, but for what watching the run took. */
    long allocatedBytes() {
        return allocatedBytes;
    }

    private static void checkComplete(JobStats stats) {
        long ended = stats.completedCommands() + stats.failedCommands();
        if (ended != stats.submittedCommands()) {
            throw new IllegalStateException(
                    "%d commands were submitted, %d have ended"
                            .formatted(stats.submittedCommands(), ended));
        }
    }

    private void watch(List<Job> running, long startNs) throws InterruptedException {
        long measuredFrom = startNs + options.time().rampNs();
        long nextProgress = startNs + PROGRESS_NS;
        ProgressLine line = new ProgressLine(options.blockBytes(), startNs);
        Measurement measurement = null;
        while (running.stream().anyMatch(job -> job.end().getCount() > 0)) {
            long now = clock.getAsLong();
            if (measurement != null) {
                measurement.look(now);
            } else if (now - measuredFrom >= 0) {
                measurement = new Measurement(running, now);
            }
            if (now - nextProgress >= 0) {
                nextProgress += PROGRESS_NS;
                progress.accept(line.next(progress(running, startNs, now), ios(running), now));
            }
            pause(running);
        }
        if (measurement != null) {
            measurement.end();
        }
    }

    /** What is measured beside the jobs themselves, from the end of the ramp on. */
    private final class Measurement {
        private final List<Job> running;
        private final ProcessUsage usageBefore = ProcessUsage.now();
        private final long allocatedBefore = ProcessUsage.allocatedByOthers();
        private long lastSampleNs;

        Measurement(List<Job> running, long nowNs) {
            this.running = running;
            lastSampleNs = nowNs;
            running.forEach(job -> forEachDirection(job, DirectionStats::skipSample));
        }

        void look(long nowNs) {
            long ns = nowNs - lastSampleNs;
            if (ns < SAMPLE_NS) {
                return;
            }
            lastSampleNs = nowNs;
            for (Job job : running) {
                if (job.phase() == Job.Phase.RUNNING) {
                    forEachDirection(job, each -> sample(each, ns));
                }
            }
        }

        void end() {
            allocatedBytes = ProcessUsage.allocatedByOthers() - allocatedBefore;
            usage = ProcessUsage.now().since(usageBefore);
        }
    }

    private static void sample(DirectionStats stats, long ns) {
        if (stats.iosSoFar() > 0) {
            stats.sample(ns);
        }
    }

    private static void forEachDirection(Job job, Consumer<DirectionStats> action) {
        for (Direction direction : Direction.ALL) {
            action.accept(job.stats().of(direction));
        }
    }

    private static void pause(List<Job> running) throws InterruptedException {
        boolean paced = false;
        for (Job job : running) {
            if (job.paced()) {
                paced = true;
                job.wake();
            }
        }
        if (paced) {
            LockSupport.parkNanos(PACE_NS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            return;
        }
        for (Job job : running) {
            if (job.end().getCount() > 0) {
                boolean _ = job.end().await(LOOK_NS, TimeUnit.NANOSECONDS);
                return;
            }
        }
    }

    // ---- progress

    private ProgressLine.Progress progress(List<Job> running, long startNs, long nowNs) {
        boolean ramp = nowNs - startNs < options.time().rampNs();
        List<Character> letters = running.stream().map(job -> letter(job, ramp)).toList();
        double share = share(running, startNs, nowNs);
        long left = share <= 0 ? 0 : (long) ((nowNs - startNs) * (1 - share) / share);
        return new ProgressLine.Progress(letters, share, left);
    }

    private char letter(Job job, boolean ramp) {
        return switch (job.phase()) {
            case RUNNING -> ramp ? '/' : options.readWrite().letter();
            case READING_BACK -> 'V';
            case ENDED -> '_';
        };
    }

    /** What is over of the time or of the size, whichever is more. */
    private double share(List<Job> running, long startNs, long nowNs) {
        long whole = options.time().rampNs() + options.time().runNs();
        double share = options.time().runNs() == 0 ? 0 : (double) (nowNs - startNs) / whole;
        if (!options.time().basedOnTime()) {
            double units = running.stream().mapToLong(job -> job.region().units()).sum();
            double done = 0;
            for (long ios : ios(running)) {
                done += ios;
            }
            share = Math.max(share, done / units);
        }
        return Math.min(1, share);
    }

    private static long[] ios(List<Job> running) {
        long[] sums = new long[Direction.ALL.size()];
        for (Job job : running) {
            for (Direction direction : Direction.ALL) {
                sums[direction.index()] += job.stats().of(direction).iosSoFar();
            }
        }
        return sums;
    }
}
