package org.jnvmet.app.bench;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What a job has done in one direction. The job writes; {@link #iosSoFar} and {@link #sample} are for the thread that
 * watches it, and the rest may be read once the job has ended.
 */
final class DirectionStats {
    private static final double NS_PER_SECOND = 1e9;

    private final int blockBytes;
    private final Latencies latencies = new Latencies();
    private final Spread submission = new Spread();
    private final Spread bandwidth = new Spread();
    private final Spread rate = new Spread();
    private long ios;

    /** With those of the ramp; one writer, read by others. */
    private final AtomicLong all = new AtomicLong();

    // Of the thread that watches.
    private long sampledIos;

    DirectionStats(int blockBytes) {
        this.blockBytes = blockBytes;
    }

    /** An I/O has succeeded. */
    void add(long ns, boolean measured) {
        all.setOpaque(all.getPlain() + 1);
        if (measured) {
            ios++;
            latencies.add(ns);
        }
    }

    /** An I/O has been handed over, which took so long. */
    void addSubmission(long ns) {
        submission.add(Math.max(ns, 0));
    }

    /** Adds those of another job. */
    void add(DirectionStats other) {
        ios += other.ios;
        latencies.add(other.latencies);
        submission.add(other.submission);
        bandwidth.addBeside(other.bandwidth);
        rate.addBeside(other.rate);
    }

    /** All I/Os that have succeeded up to now; any thread. */
    long iosSoFar() {
        return all.getOpaque();
    }

    long bytesSoFar() {
        return iosSoFar() * blockBytes;
    }

    /** Begins the time of the first sample. */
    void skipSample() {
        sampledIos = iosSoFar();
    }

    /** Takes a sample of bandwidth and rate over the time since the last one. */
    void sample(long ns) {
        long now = iosSoFar();
        double seconds = ns / NS_PER_SECOND;
        long done = now - sampledIos;
        sampledIos = now;
        rate.add(Math.round(done / seconds));
        bandwidth.add(Math.round(done * (double) blockBytes / seconds / 1024));
    }

    long ios() {
        return ios;
    }

    long bytes() {
        return ios * blockBytes;
    }

    /** From before an I/O is handed over to its completion. */
    Latencies latencies() {
        return latencies;
    }

    /** Of some I/Os, how long handing them over took; in nanoseconds. */
    Spread submission() {
        return submission;
    }

    /** Samples in KiB a second. */
    Spread bandwidth() {
        return bandwidth;
    }

    /** Samples in I/Os a second. */
    Spread rate() {
        return rate;
    }
}
