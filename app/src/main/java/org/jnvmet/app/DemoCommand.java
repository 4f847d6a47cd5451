package org.jnvmet.app;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jnvmet.app.bench.RandomReads;
import org.jnvmet.app.console.ByteCount;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.console.TextTable;
import org.jnvmet.app.console.Verbosity;
import org.jnvmet.app.nvme.Connector;
import org.jnvmet.conf.ConfigFileException;
import org.jnvmet.conf.DefaultConfig;
import org.jnvmet.conf.Transaction;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Discovery;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.transports.StandardTransports;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.target.Port;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jnvmet demo}: a target, and a host that proves it by every transport there is for TCP. */
@Command(
        name = "demo",
        description =
                "Starts a target with a memory disk, connects to it by the transports tcp and tcp_offload, writes and"
                        + " verifies data, and measures random reads. Then data goes through emulated PCI peer memory"
                        + " to a disk that is a temporary file.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final String ADDRESS = "127.0.0.1";
    private static final String DEFAULT_SERVICE = "\"4420\"";
    private static final String ANY_SERVICE = "\"0\"";
    private static final String DEFAULT_DISK = "mem:1g";
    private static final long MIB = 1 << 20;
    private static final int READ_BYTES = 4096;
    private static final int READ_DEPTH = 32;
    private static final int MAX_RUNTIME = 3600;

    /** What is written and verified through peer memory. */
    private static final long STAGED_BYTES = 64 * MIB;

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            converter = ByteCount.class,
            description = "How much each transport writes and verifies, in MiB. Default: 1g.")
    private long size = 1 << 30;

    @Option(
            names = "--disk",
            paramLabel = "BYTES",
            converter = ByteCount.class,
            description = {
                "Size of the disk, in MiB; the data goes there in several passes where it is smaller. Default: as much as"
                        + " the data, or less where memory is short."
            })
    private @Nullable Long diskSize;

    @Option(
            names = "--runtime",
            paramLabel = "S",
            description = "Seconds that each transport is measured. Default: 5.")
    private int runtime = 5;

    @Mixin private Verbosity verbosity = new Verbosity(Level.WARN);
    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        verbosity.apply();
        long wanted = diskSize == null ? DemoDisk.bytes(size) : diskSize;
        if (size < MIB || wanted < MIB || runtime < 1 || runtime > MAX_RUNTIME) {
            throw new ParameterException(
                    command().commandLine(),
                    "--size and --disk are 1m at least, --runtime is within 1 .. " + MAX_RUNTIME);
        }
        size = size / MIB * MIB;
        long disk = wanted / MIB * MIB;
        int loops = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        try (DemoMachine machine = machine(Math.min(size, STAGED_BYTES));
                Assembly assembly = new Assembly(loops, staging(machine));
                Host host = StandardTransports.open()) {
            configure(assembly, disk);
            Port port = assembly.target().ports().iterator().next();
            String nqn = port.subsystems().getFirst().nqn();
            String service = String.valueOf(assembly.boundTcpPort(port));
            say(
                    "Target: %s, a memory disk of %s, at %s:%s"
                            .formatted(nqn, DemoTransfer.size(disk), ADDRESS, service));
            discover(host, service, nqn);
            TextTable table =
                    new TextTable("Transport", "IOPS", "MB/s", "p50", "p99").numbersFrom(1);
            int seed = 0;
            for (String transport : new String[] {"tcp", "tcp_offload"}) {
                ConnectOptions options =
                        ConnectOptions.to(nqn)
                                .transport(transport)
                                .address(ADDRESS)
                                .service(service);
                seed++;
                prove(host, options, (long) seed << 32, table);
            }
            new DemoPeerMemory(command().commandLine(), machine, assembly).prove(host);
            conclude(table, nqn);
        } catch (HostException failure) {
            throw new CommandFailure("the host says: " + failure.getMessage(), failure);
        }
        return 0;
    }

    private static DemoMachine machine(long diskBytes) {
        try {
            return new DemoMachine(diskBytes);
        } catch (IOException failure) {
            throw CommandFailure.of("the emulated machine", failure);
        }
    }

    private static PeerStaging staging(DemoMachine machine) {
        return new PeerStaging(machine.sysfs(), new SplittableRandom());
    }

    /** The embedded configuration, on another TCP port where its own is taken. */
    private static void configure(Assembly assembly, long diskBytes) {
        String json = DefaultConfig.json().replace(DEFAULT_DISK, "mem:" + diskBytes);
        Transaction transaction = assembly.transaction();
        try {
            transaction.restore(json, assembly.tree());
        } catch (ConfigFileException taken) {
            transaction.restore(json.replace(DEFAULT_SERVICE, ANY_SERVICE), assembly.tree());
        }
    }

    private void discover(Host host, String service, String nqn) {
        Discovery.Log log =
                Discovery.read(
                        host, ConnectOptions.toDiscovery().address(ADDRESS).service(service));
        if (log.entries().stream().noneMatch(entry -> entry.subsystemNqn().equals(nqn))) {
            throw new CommandFailure("discovery does not show " + nqn);
        }
        say("Host: discovered it, 1 of %d entries".formatted(log.entries().size()));
    }

    private void prove(Host host, ConnectOptions options, long seed, TextTable table)
            throws InterruptedException {
        try (HostController controller = Connector.connect(host, options)) {
            String carrier = controller.carrier();
            say("%nBy %s: controller %d".formatted(carrier, controller.id()));
            HostNamespace disk = controller.namespace(controller.activeNamespaces(0)[0]);
            new DemoTransfer(command().commandLine()).run(disk, size, seed);
            RandomReads.Figures figures =
                    RandomReads.run(
                            disk, READ_BYTES, READ_DEPTH, TimeUnit.SECONDS.toNanos(runtime));
            say(
                    "  measured  %d s of random reads, %d bytes, %d outstanding"
                            .formatted(runtime, READ_BYTES, READ_DEPTH));
            table.row(
                    carrier,
                    "%,.0f".formatted(figures.iops()),
                    "%.0f".formatted(figures.bytesPerSecond() / 1e6),
                    "%d us".formatted(Math.round(figures.medianNs() / 1e3)),
                    "%d us".formatted(Math.round(figures.percentile99Ns() / 1e3)));
        }
    }

    private void conclude(TextTable table, String nqn) {
        say(
                "%nAll as it should be. Random reads of %d bytes, %d outstanding:%n"
                        .formatted(READ_BYTES, READ_DEPTH));
        table.text().lines().forEach(line -> say("  " + line));
        say(
                """

                Where to go next: 'jnvmet serve' has such a disk for other hosts, until Ctrl-C. Then
                  jnvmet list -a 127.0.0.1 -s 4420
                  jnvmet bench -a 127.0.0.1 -n %1$s --rw=randrw --runtime=10s --time_based
                  nvme connect -t tcp -a 127.0.0.1 -s 4420 -n %1$s\
                """
                        .formatted(nqn));
    }

    private void say(String line) {
        PrintWriter out = command().commandLine().getOut();
        out.println(line);
        out.flush();
    }

    private CommandSpec command() {
        if (spec == null) {
            throw new IllegalStateException("not run by the command line");
        }
        return spec;
    }
}
