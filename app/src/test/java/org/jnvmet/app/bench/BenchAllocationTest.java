package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.tcp.TcpTransport;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.transport.tcp.TcpSettings;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** After warm-up neither the load generator nor the host allocates for an I/O; nor does the target over TCP. */
@Timeout(120)
final class BenchAllocationTest {
    private static final String NQN = "nqn.2026-01.org.jnvmet:bench";
    private static final int MOST_RUNS = 30;

    /** What the virtual machine itself may do meanwhile, per I/O. */
    private static final double TOLERANCE_BYTES = 1;

    private static double bytesOfAnIo(HostNamespace namespace, ReadWrite pattern)
            throws InterruptedException {
        JobOptions options =
                new JobOptionsBuilder()
                        .pattern(pattern)
                        .depth(32)
                        .time(new JobOptions.Duration(400_000_000, true, 100_000_000))
                        .build();
        BenchRun run = new BenchRun(options, System::nanoTime, _ -> {});
        JobStats stats = run.execute(namespace, 1).getFirst();
        assertThat(stats.firstError()).isNull();
        return (double) run.allocatedBytes() / stats.completedCommands();
    }

    /** Runs until one stays below the tolerance: the compiler may need long on a busy machine. */
    @ParameterizedTest
    @EnumSource(names = {"RANDREAD", "RANDRW"})
    void allocatesNothingForReadsAndWrites(ReadWrite pattern) throws InterruptedException {
        org.jnvmet.transport.tcp.TcpTransport tcp =
                new org.jnvmet.transport.tcp.TcpTransport(TcpSettings.DEFAULTS.withLoops(1));
        try (IoWorkers workers = new IoWorkers(1);
                Target target = new Target(List.of(tcp), List.of(new Backends(workers)));
                Host host = new Host(List.of(new TcpTransport()))) {
            HostNamespace namespace = connect(host, export(target, tcp));
            double least = Double.MAX_VALUE;
            for (int run = 0; run < MOST_RUNS && least >= TOLERANCE_BYTES; run++) {
                least = Math.min(least, bytesOfAnIo(namespace, pattern));
            }
            assertThat(least).as("bytes per I/O").isLessThan(TOLERANCE_BYTES);
        }
    }

    private static int export(Target target, org.jnvmet.transport.tcp.TcpTransport tcp) {
        Port port = target.createPort(1);
        port.address(new Port.Address("tcp", "ipv4", "127.0.0.1", "0", "not specified", "none"));
        Subsystem subsystem = target.createSubsystem(NQN);
        subsystem.allowAnyHost(true);
        Namespace medium = subsystem.createNamespace(1);
        medium.devicePath("mem:16m");
        medium.enable();
        port.link(subsystem);
        return Objects.requireNonNull(tcp.boundAddress(port)).getPort();
    }

    private static HostNamespace connect(Host host, int service) {
        return host.connect(
                        ConnectOptions.to(NQN)
                                .address("127.0.0.1")
                                .service(String.valueOf(service)))
                .namespace(1);
    }
}
