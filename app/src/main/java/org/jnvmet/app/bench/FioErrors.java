package org.jnvmet.app.bench;

/** The error of a job as a number of Linux, as fio reports it. */
final class FioErrors {
    private static final int EIO = 5;
    private static final int EILSEQ = 84;

    private FioErrors() {}

    /** 0 for none; a failed command that did not end the job is none. */
    static int of(JobStats stats, JobOptions options) {
        if (stats.verify().wrongBlocks() > 0) {
            return EILSEQ;
        }
        boolean ended = options.onError() == JobOptions.OnError.END && stats.failedCommands() > 0;
        return ended ? EIO : 0;
    }
}
