package org.jnvmet.app.bench;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.console.Signals;
import org.jnvmet.app.console.Terminal;
import org.jnvmet.app.console.Verbosity;
import org.jnvmet.app.nvme.ConnectArguments;
import org.jnvmet.app.nvme.Connector;
import org.jnvmet.app.nvme.NamespaceArgument;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostSubsystem;
import org.jnvmet.host.IoPolicy;
import org.jnvmet.host.transports.StandardTransports;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code jnvmet bench}: load for a controller, in the habits of fio. */
@Command(
        name = "bench",
        description =
                "Puts load on a namespace and reports latency and throughput, with the options, the layout and the JSON"
                        + " of fio. Patterns that write overwrite the namespace.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done",
            "1:failed; one line says why",
            "2:wrong options",
            "3:--verify found wrong data",
            "128:ended by a signal, in order"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet bench -a 127.0.0.1 -n NQN --rw=randread --bs=4k --iodepth=32 --runtime=10s --time_based",
            "  jnvmet bench -a 127.0.0.1 -n NQN --rw=randrw --rwmixread=70 --bs=16k --iodepth=16 \\",
            "         --size=1g --verify=crc32c",
            "  jnvmet bench -t tcp_offload -a 192.0.2.7 -n NQN --rw=read --bs=128k --iodepth=8 --numjobs=4 \\",
            "         --runtime=30s --time_based --group_reporting --output-format=json --output=run.json"
        })
public final class BenchCommand implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int WRONG_DATA = 3;
    private static final int SIGNALLED = 128;
    private static final int USUAL_ENTRIES = 128;

    @Mixin private ConnectArguments connection = new ConnectArguments();

    @Option(
            names = "--path",
            paramLabel = "ADDRESS[:PORT]",
            converter = ToPath.class,
            description =
                    "Another way to the same subsystem; I/O uses what is best and goes on when one fails. May be given"
                            + " several times.")
    private List<PathAddress> paths = List.of();

    @Option(
            names = "--iopolicy",
            paramLabel = "POLICY",
            converter = ToPolicy.class,
            description =
                    "How I/O is spread over several paths: numa, round-robin or queue-depth. Default: numa.")
    private IoPolicy policy = IoPolicy.NUMA;

    @Mixin private NamespaceArgument namespace = new NamespaceArgument();

    @Mixin private WorkloadArguments workload = new WorkloadArguments();

    @Option(
            names = "--group_reporting",
            arity = "0..1",
            fallbackValue = "1",
            paramLabel = "0|1",
            converter = WorkloadArguments.ToSwitch.class,
            description = "Report all jobs as one.")
    private int together;

    @Option(
            names = "--output-format",
            paramLabel = "FORMAT",
            description = "normal, json or json+, which has all steps of the histograms.")
    private String format = "normal";

    @Option(names = "--output", paramLabel = "FILE", description = "Write the report there.")
    private @Nullable Path output;

    @Option(
            names = "--eta",
            paramLabel = "always|never|auto",
            description = "The progress line. Default: auto, when standard error is a terminal.")
    private String eta = "auto";

    @Option(
            names = "--allocations",
            description =
                    "Report how many bytes of heap this process allocated for each command, by the JVM's own account.")
    private boolean allocations;

    @Mixin private Verbosity verbosity = new Verbosity(Level.WARN);
    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        verbosity.apply();
        oneOf("--output-format", format, "normal", "json", "json+");
        JobOptions options = workload.options();
        ConnectOptions connect = withRoomFor(options, connection.toSubsystem());
        try (ProgressDisplay display = new ProgressDisplay(err(), progressWanted());
                Host host = StandardTransports.open()) {
            BenchRun run = new BenchRun(options, System::nanoTime, display::show);
            stopOnSignal(run);
            ZonedDateTime began = ZonedDateTime.now(ZoneId.systemDefault());
            List<JobStats> jobs = run.execute(open(host, connect, options), newRun());
            display.clear();
            return report(options, connect, run, began, jobs);
        } catch (HostException failure) {
            throw new CommandFailure(String.valueOf(failure.getMessage()), failure);
        }
    }

    private static int newRun() {
        return ThreadLocalRandom.current().nextInt();
    }

    /** A queue for each job, and an entry for each of its I/Os, unless the user wants it otherwise. */
    private ConnectOptions withRoomFor(JobOptions options, ConnectOptions connect) {
        if (!given("--nr-io-queues")) {
            connect.ioQueues(options.jobs());
        }
        if (!given("--queue-size")) {
            int jobsOnAQueue = Math.ceilDiv(options.jobs(), connect.ioQueues());
            connect.ioEntries(Math.max(USUAL_ENTRIES, jobsOnAQueue * options.depth() + 1));
        }
        return connect;
    }

    private boolean given(String option) {
        return command().commandLine().getParseResult().hasMatchedOption(option);
    }

    /** The namespace, over one controller or over all that the paths lead to. */
    private HostNamespace open(Host host, ConnectOptions connect, JobOptions options) {
        HostController first = Connector.connect(host, connect);
        int id = namespace.of(first);
        if (paths.isEmpty()) {
            return first.namespace(id);
        }
        String nqn = connect.subsystemNqn();
        for (PathAddress path : paths) {
            ConnectOptions other = connection.to(nqn, path.address(), path.service());
            HostController _ = Connector.connect(host, withRoomFor(options, other));
        }
        HostSubsystem subsystem = host.subsystem(nqn);
        subsystem.ioPolicy(policy);
        return subsystem.namespace(id);
    }

    private static void stopOnSignal(BenchRun run) {
        Signals signals = Signals.install();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        signals.await();
                        run.stop();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    // ---- the report

    private int report(
            JobOptions options,
            ConnectOptions connect,
            BenchRun run,
            ZonedDateTime began,
            List<JobStats> jobs) {
        List<JobStats> groups = RunReport.grouped(jobs, together == 1);
        RunReport report =
                new RunReport(
                        "jnvmet-" + version(),
                        connect.transport(),
                        ProcessHandle.current().pid(),
                        options,
                        texts(option -> !ofWorkload(option)),
                        texts(BenchCommand::ofWorkload),
                        began,
                        ZonedDateTime.now(ZoneId.systemDefault()),
                        run.usage(),
                        run.allocatedBytes(),
                        groups);
        print(report);
        int status = status(report);
        return status == 0 && run.stopped() ? SIGNALLED : status;
    }

    private void print(RunReport report) {
        if (output == null) {
            print(report, command().commandLine().getOut());
            return;
        }
        try (PrintWriter file = new PrintWriter(Files.newBufferedWriter(output))) {
            print(report, file);
        } catch (IOException e) {
            throw new CommandFailure("--output " + output + ": cannot be written: " + e, e);
        }
    }

    private void print(RunReport report, PrintWriter out) {
        if (format.equals("normal")) {
            NormalReport.print(report, allocations, out);
        } else {
            JsonReport.print(report, format.equals("json+"), out);
        }
    }

    private int status(RunReport report) {
        String name = command().qualifiedName();
        int status = 0;
        for (JobStats group : report.groups()) {
            if (FioErrors.of(group, report.options()) != 0 && group.firstError() != null) {
                err().println(name + ": " + group.firstError());
                status = Math.max(status, FAILED);
            }
            if (group.verify().wrongBlocks() > 0) {
                group.verify().details().forEach(detail -> err().println(name + ": " + detail));
                status = WRONG_DATA;
            }
        }
        err().flush();
        return status;
    }

    private Map<String, String> texts(Predicate<OptionSpec> which) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (OptionSpec option : command().commandLine().getParseResult().matchedOptions()) {
            if (which.test(option)) {
                texts.put(
                        (ofWorkload(option) ? option.names()[0] : option.longestName())
                                .replaceFirst("^-+", ""),
                        String.join(",", option.originalStringValues()));
            }
        }
        return texts;
    }

    private static boolean ofWorkload(OptionSpec option) {
        return option.userObject() instanceof Field field
                && field.getDeclaringClass() == WorkloadArguments.class;
    }

    private static final class ToPath implements ITypeConverter<PathAddress> {
        @Override
        public PathAddress convert(String text) {
            try {
                return PathAddress.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    private static final class ToPolicy implements ITypeConverter<IoPolicy> {
        @Override
        public IoPolicy convert(String text) {
            for (IoPolicy each : IoPolicy.values()) {
                if (each.toString().equals(text)) {
                    return each;
                }
            }
            throw new TypeConversionException(
                    "'%s' is none of %s"
                            .formatted(
                                    text,
                                    Arrays.stream(IoPolicy.values())
                                            .map(IoPolicy::toString)
                                            .collect(Collectors.joining(", "))));
        }
    }

    private static String version() {
        String version = BenchCommand.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }

    // ---- the console

    private boolean progressWanted() {
        oneOf("--eta", eta, "always", "never", "auto");
        return eta.equals("always") || (eta.equals("auto") && Terminal.isError());
    }

    private void oneOf(String option, String value, String... allowed) {
        if (!List.of(allowed).contains(value)) {
            throw new ParameterException(
                    command().commandLine(),
                    "%s: '%s' is none of %s".formatted(option, value, String.join(", ", allowed)));
        }
    }

    private PrintWriter err() {
        return command().commandLine().getErr();
    }

    private CommandSpec command() {
        if (spec == null) {
            throw new IllegalStateException("not run by the command line");
        }
        return spec;
    }
}
