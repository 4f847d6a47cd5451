package org.jnvmet.app.bench;

import org.jnvmet.app.console.ByteCount;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** What the jobs do, by fio's names. */
final class WorkloadArguments {
    private static final int MAX_BLOCK = 1 << 30;
    private static final int MAX_DEPTH = 65_535;
    private static final int MAX_JOBS = 1024;

    /** fio's own, too, is always the same, so that runs can be repeated. */
    private static final long SEED = 0x89;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(names = "--name", paramLabel = "NAME", description = "Name of the jobs in reports.")
    private String name = RunReport.JOB;

    @Option(
            names = {"--rw", "--readwrite"},
            paramLabel = "PATTERN",
            converter = ToReadWrite.class,
            description =
                    "read, write, trim, randread, randwrite, randtrim, rw or randrw; rw is both in turn. Random"
                            + " blocks are chosen independently of each other (fio's norandommap). Default: read.")
    private ReadWrite readWrite = ReadWrite.READ;

    @Option(
            names = {"--bs", "--blocksize"},
            paramLabel = "SIZE",
            converter = ByteCount.class,
            description = "Bytes of an I/O: 512, 4k, 1m, ... to the base of 1,024. Default: 4k.")
    private long blockSize = 4096;

    @Option(
            names = "--iodepth",
            paramLabel = "N",
            description = "I/Os that each job keeps outstanding. Default: 1.")
    private int depth = 1;

    @Option(
            names = "--numjobs",
            paramLabel = "N",
            description =
                    "Jobs; each has an I/O queue of its own unless --nr-io-queues says otherwise. Default: 1.")
    private int jobs = 1;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ToPortion.class,
            description =
                    "What each job works on, in bytes or percent of the namespace; when it has moved as much, it ends."
                            + " Default: all there is.")
    private Portion size = Portion.ALL;

    @Option(
            names = "--offset",
            paramLabel = "SIZE",
            converter = ByteCount.class,
            description = "Where that begins. Default: 0.")
    private long offset;

    @Option(
            names = "--offset_increment",
            paramLabel = "SIZE",
            converter = ByteCount.class,
            description =
                    "How far each job begins behind the one before. Default: 0; with --verify and writes each job has"
                            + " a part of its own.")
    private long offsetIncrement;

    @Option(
            names = "--runtime",
            paramLabel = "TIME",
            converter = ToTime.class,
            description =
                    "End after this time at the latest: 10s, 1m, ...; seconds without a unit.")
    private long runtimeNs;

    @Option(
            names = "--time_based",
            arity = "0..1",
            fallbackValue = "1",
            paramLabel = "0|1",
            converter = ToSwitch.class,
            description = "Begin again when --size is done, until --runtime is over.")
    private int timeBased;

    @Option(
            names = "--ramp_time",
            paramLabel = "TIME",
            converter = ToTime.class,
            description = "Run so long before anything is measured.")
    private long rampNs;

    @Option(
            names = "--rwmixread",
            paramLabel = "PERCENT",
            description = "Share of reads in rw and randrw. Default: 50.")
    private int readPercent = 50;

    @Option(
            names = "--rate",
            paramLabel = "SIZE[,SIZE]",
            converter = ToRates.class,
            description =
                    "Bytes a second that each job moves at most, in each direction; or for reads, writes and trims.")
    private Rates rate = Rates.UNLIMITED;

    @Option(
            names = "--rate_iops",
            paramLabel = "N[,N]",
            converter = ToRates.class,
            description = "The same in I/Os a second.")
    private Rates rateIops = Rates.UNLIMITED;

    @Option(
            names = "--verify",
            paramLabel = "crc32c|pattern",
            converter = ToVerification.class,
            description =
                    "Write blocks that say which they are, and check all that is read of them. Writes are read back at"
                            + " the end.")
    private Verification verify = Verification.NONE;

    @Option(
            names = "--do_verify",
            paramLabel = "0|1",
            converter = ToSwitch.class,
            description = "Whether --verify reads back what was written. Default: 1.")
    private int verifyAtEnd = 1;

    @Option(
            names = "--verify_fatal",
            arity = "0..1",
            fallbackValue = "1",
            paramLabel = "0|1",
            converter = ToSwitch.class,
            description = "End at the first wrong block.")
    private int verifyFatal;

    @Option(
            names = "--continue_on_error",
            arity = "0..1",
            fallbackValue = "all",
            paramLabel = "all|none",
            converter = ToOnError.class,
            description =
                    "Count commands that fail and go on. Default: the first one ends the job.")
    private JobOptions.OnError onError = JobOptions.OnError.END;

    @Option(
            names = "--randseed",
            paramLabel = "N",
            description = "Seed of the random numbers. Default: always the same.")
    private long seed = SEED;

    /**
     * The options, checked.
     *
     * @throws ParameterException when a value is out of range, or two contradict each other
     */
    JobOptions options() {
        require(
                blockSize >= 1 && blockSize <= MAX_BLOCK,
                "--bs: " + blockSize + " is not within 1 .. 1g");
        within("--iodepth", depth, 1, MAX_DEPTH);
        within("--numjobs", jobs, 1, MAX_JOBS);
        within("--rwmixread", readPercent, 0, 100);
        require(timeBased == 0 || runtimeNs > 0, "--time_based needs --runtime");
        require(
                !rate.limited() || !rateIops.limited(),
                "--rate and --rate_iops exclude each other");
        require(
                verify == Verification.NONE || !readWrite.trims(),
                "--verify: what is trimmed cannot be verified");
        return new JobOptions(
                readWrite,
                (int) blockSize,
                depth,
                jobs,
                size,
                offset,
                offsetIncrement,
                new JobOptions.Duration(runtimeNs, timeBased == 1, rampNs),
                readPercent,
                new JobOptions.Verify(verify, verifyAtEnd == 1, verifyFatal == 1),
                new JobOptions.Limits(rate, rateIops),
                onError,
                seed);
    }

    String name() {
        return name;
    }

    private void within(String option, int value, int least, int most) {
        require(
                value >= least && value <= most,
                "%s: %d is not within %d .. %d".formatted(option, value, least, most));
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            if (spec == null) {
                throw new IllegalStateException(otherwise);
            }
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    /** Reads a value with a function that says in a sentence what is wrong with it. */
    private interface Conversion {
        static <T> T of(java.util.function.Function<String, T> parser, String text) {
            try {
                return parser.apply(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    private static final class ToReadWrite implements ITypeConverter<ReadWrite> {
        @Override
        public ReadWrite convert(String text) {
            return Conversion.of(ReadWrite::parse, text);
        }
    }

    private static final class ToTime implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return Conversion.of(Times::parse, text);
        }
    }

    private static final class ToPortion implements ITypeConverter<Portion> {
        @Override
        public Portion convert(String text) {
            return Conversion.of(Portion::parse, text);
        }
    }

    private static final class ToRates implements ITypeConverter<Rates> {
        @Override
        public Rates convert(String text) {
            return Conversion.of(Rates::parse, text);
        }
    }

    private static final class ToVerification implements ITypeConverter<Verification> {
        @Override
        public Verification convert(String text) {
            return Conversion.of(Verification::parse, text);
        }
    }

    private static final class ToOnError implements ITypeConverter<JobOptions.OnError> {
        @Override
        public JobOptions.OnError convert(String text) {
            return switch (text) {
                case "all", "io" -> JobOptions.OnError.CONTINUE;
                case "none" -> JobOptions.OnError.END;
                default -> throw new TypeConversionException("'" + text + "' is none of all, none");
            };
        }
    }

    /** No boolean: picocli would take an option without a value for the opposite of its default. */
    static final class ToSwitch implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return switch (text) {
                case "1" -> 1;
                case "0" -> 0;
                default -> throw new TypeConversionException("'" + text + "' is neither 0 nor 1");
            };
        }
    }
}
