package org.jnvmet.app.bench;

/**
 * What each of the jobs does, in fio's terms.
 *
 * @param readWrite the pattern
 * @param blockBytes bytes of an I/O
 * @param depth I/Os that a job keeps outstanding
 * @param jobs number of jobs
 * @param size what a job works on, and how much it moves unless {@code timeBased}
 * @param offset where the first job begins, in bytes
 * @param offsetIncrement how far each job begins behind the one before, in bytes
 * @param time when it ends
 * @param readPercent share of reads in a mixed pattern
 * @param verify how data is verified
 * @param limits how fast it may be, at most
 * @param onError whether to go on after a command that failed
 * @param seed of the random numbers
 */
record JobOptions(
        ReadWrite readWrite,
        int blockBytes,
        int depth,
        int jobs,
        Portion size,
        long offset,
        long offsetIncrement,
        Duration time,
        int readPercent,
        Verify verify,
        Limits limits,
        OnError onError,
        long seed) {

    /**
     * When a job ends.
     *
     * @param runNs after so much time at the latest; 0 for no limit
     * @param basedOnTime whether it begins again when all is done, until then
     * @param rampNs time before, of which nothing is reported
     */
    record Duration(long runNs, boolean basedOnTime, long rampNs) {}

    /**
     * How data is verified.
     *
     * @param how the way
     * @param atEnd whether all that was written is read again at the end
     * @param fatal whether the first wrong block ends the job
     */
    record Verify(Verification how, boolean atEnd, boolean fatal) {
        boolean enabled() {
            return how != Verification.NONE;
        }
    }

    /**
     * How fast a job may be.
     *
     * @param bytes bytes a second
     * @param ios I/Os a second; of both, one at most is limited
     */
    record Limits(Rates bytes, Rates ios) {
        static final Limits NONE = new Limits(Rates.UNLIMITED, Rates.UNLIMITED);

        /** Nanoseconds of one I/O; 0 for no limit. */
        double nsPerIo(Direction direction, int blockBytes) {
            if (bytes.of(direction) > 0) {
                return 1e9 * blockBytes / bytes.of(direction);
            }
            return ios.of(direction) > 0 ? 1e9 / ios.of(direction) : 0;
        }

        boolean limited() {
            return bytes.limited() || ios.limited();
        }
    }

    /** What becomes of a job when a command fails. */
    enum OnError {
        /** It ends. */
        END,
        /** It goes on, and the errors are counted. */
        CONTINUE
    }

    boolean verifiesWrites() {
        return verify.enabled() && readWrite.writes();
    }
}
