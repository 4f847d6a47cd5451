package org.jnvmet.benchmarks;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.transport.tcp.TcpSettings;
import org.jnvmet.transport.tcp.TcpTransport;

/**
 * Shows how many bytes of heap the target allocates for each read and write after warm-up: the
 * difference of a long and a short run, so that what a connection costs once does not count. The
 * target runs in this process, the load generator of the kit in another. Status 1 when an operation
 * allocates more than {@link #LIMIT} bytes.
 */
public final class AllocationBenchmark {
    /** What is still nothing: a timer or a keep alive now and then. */
    private static final double LIMIT = 1.0;

    private static final String NQN = "nqn.2026-01.org.jnvmet:benchmark";
    private static final Pattern IOS = Pattern.compile("\"ios\":\\s*([0-9]+)");

    /** Threads of the data path, by the start of their names: event loops and I/O workers. */
    private static final List<String> DATA_PATH = List.of("jnvmet-tcp-", "jnvmet-io-");

    private static final List<String> WORKLOADS =
            List.of(
                    "--rw randread --bs 4k --qd 32",
                    "--rw randread --bs 4k --qd 128 --conns 4",
                    "--rw randread --bs 4k --qd 32 --hdgst --ddgst",
                    "--rw randread --bs 4k --qd 32 --no-sqflow",
                    "--rw randwrite --bs 4k --qd 32",
                    "--rw randwrite --bs 4k --qd 32 --no-incapsule --hdgst --ddgst",
                    "--rw read --bs 128k --qd 32",
                    "--rw write --bs 128k --qd 32",
                    "--rw randrw --bs 64k --qd 32 --conns 2");

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final String load;
    private final int port;

    private AllocationBenchmark(String load, int port) {
        this.load = load;
        this.port = port;
    }

    /** What one run did. */
    private record Run(long operations, long allocatedBytes) {}

    /** Arguments: path of nvmeload, device_path of the medium, seconds of a long run. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("arguments: NVMELOAD DEVICE_PATH SECONDS");
            System.exit(2);
        }
        boolean nothing;
        try (IoWorkers workers = new IoWorkers(IoWorkers.DEFAULT_THREADS)) {
            TcpTransport transport = new TcpTransport(TcpSettings.DEFAULTS.withLoops(1));
            Target target = new Target(List.of(transport), List.of(new Backends(workers)));
            try {
                int port = listen(target, transport, arguments[1]);
                System.out.println("medium " + arguments[1]);
                nothing =
                        new AllocationBenchmark(arguments[0], port)
                                .measureAll(Integer.parseInt(arguments[2]));
            } finally {
                target.close();
            }
        }
        System.exit(nothing ? 0 : 1);
    }

    private static int listen(Target target, TcpTransport transport, String devicePath) {
        Subsystem subsystem = target.createSubsystem(NQN);
        subsystem.allowAnyHost(true);
        Namespace namespace = subsystem.createNamespace(1);
        namespace.devicePath(devicePath);
        namespace.enable();
        Port port = target.createPort(1);
        port.address(new Port.Address("tcp", "ipv4", "127.0.0.1", "0", "not specified", "none"));
        port.link(subsystem);
        InetSocketAddress bound = Objects.requireNonNull(transport.boundAddress(port));
        return bound.getPort();
    }

    private boolean measureAll(int seconds) throws IOException, InterruptedException {
        boolean nothing = true;
        for (String workload : WORKLOADS) {
            run(workload, seconds); // compiles
            Run brief = run(workload, 1);
            Run full = run(workload, 1 + seconds);
            double bytes =
                    (double) (full.allocatedBytes - brief.allocatedBytes)
                            / Math.max(1, full.operations - brief.operations);
            System.out.printf(
                    "%-64s %10d operations %9.3f bytes each%s%n",
                    workload, full.operations, bytes, bytes > LIMIT ? "   TOO MUCH" : "");
            nothing &= bytes <= LIMIT;
        }
        return nothing;
    }

    private Run run(String workload, int seconds) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(load);
        command.addAll(List.of("--nqn", NQN, "--port", Integer.toString(port)));
        command.addAll(List.of("--json", "--warmup", "0", "--runtime", Integer.toString(seconds)));
        command.addAll(List.of("--span", "128m"));
        command.addAll(List.of(workload.split(" ", -1)));
        long before = allocated();
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        long after = allocated();
        Matcher operations = IOS.matcher(output);
        if (status != 0 || !operations.find()) {
            throw new IllegalStateException(workload + ": status " + status + ": " + output);
        }
        return new Run(Long.parseLong(operations.group(1)), after - before);
    }

    private long allocated() {
        long bytes = 0;
        for (long id : threads.getAllThreadIds()) {
            ThreadInfo thread = threads.getThreadInfo(id);
            if (thread != null && DATA_PATH.stream().anyMatch(thread.getThreadName()::startsWith)) {
                bytes += threads.getThreadAllocatedBytes(id);
            }
        }
        return bytes;
    }
}
