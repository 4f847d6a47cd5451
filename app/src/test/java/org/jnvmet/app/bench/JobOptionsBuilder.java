package org.jnvmet.app.bench;

/** Options of a job for tests: 4 KiB random reads, one at a time, until something is set. */
final class JobOptionsBuilder {
    private ReadWrite readWrite = ReadWrite.RANDREAD;
    private int blockBytes = 4096;
    private int depth = 1;
    private int jobs = 1;
    private Portion size = Portion.ALL;
    private long offset;
    private long offsetIncrement;
    private JobOptions.Duration time = new JobOptions.Duration(0, false, 0);
    private int readPercent = 50;
    private JobOptions.Verify verify = new JobOptions.Verify(Verification.NONE, true, false);
    private JobOptions.Limits limits = JobOptions.Limits.NONE;
    private JobOptions.OnError onError = JobOptions.OnError.END;

    JobOptionsBuilder pattern(ReadWrite pattern) {
        readWrite = pattern;
        return this;
    }

    JobOptionsBuilder blockBytes(int bytes) {
        blockBytes = bytes;
        return this;
    }

    JobOptionsBuilder depth(int count) {
        depth = count;
        return this;
    }

    JobOptionsBuilder jobs(int count) {
        jobs = count;
        return this;
    }

    JobOptionsBuilder size(String text) {
        size = Portion.parse(text);
        return this;
    }

    JobOptionsBuilder offset(long bytes, long increment) {
        offset = bytes;
        offsetIncrement = increment;
        return this;
    }

    JobOptionsBuilder time(JobOptions.Duration duration) {
        time = duration;
        return this;
    }

    JobOptionsBuilder readPercent(int percent) {
        readPercent = percent;
        return this;
    }

    JobOptionsBuilder verify(Verification how) {
        verify = new JobOptions.Verify(how, true, false);
        return this;
    }

    JobOptionsBuilder limits(Rates bytes, Rates ios) {
        limits = new JobOptions.Limits(bytes, ios);
        return this;
    }

    JobOptionsBuilder onError(JobOptions.OnError what) {
        onError = what;
        return this;
    }

    JobOptions build() {
        return new JobOptions(
                readWrite,
                blockBytes,
                depth,
                jobs,
                size,
                offset,
                offsetIncrement,
                time,
                readPercent,
                verify,
                limits,
                onError,
                1);
    }
}
