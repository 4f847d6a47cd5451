package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.jnvmet.p2pmem.pool.DmaBufProvider;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.transport.tcp.TcpSettings;
import org.jnvmet.transport.tcp.TcpTransport;

/**
 * A target with peer memory on an emulated machine: below a switch the network interface {@code lo} and an
 * SSD with memory, on which the file system of the test's directory is said to lie. Files are opened for
 * direct I/O and hosts come through sockets, as in earnest. When it is closed nothing may be mapped or lent.
 */
final class StagingFixture implements AutoCloseable {
    static final String SUBSYSTEM = "nqn.2025-01.org.jnvmet:staging";
    static final int BLOCK = 4096;

    final EmulatedTree tree;
    final EmulatedBus switchPorts;
    final EmulatedFunction nic;
    final EmulatedFunction ssd;
    final ManualWatch watch = new ManualWatch();
    final IoWorkers workers = new IoWorkers(8);
    final WatchedBackends media = new WatchedBackends(new Backends(workers));
    final TcpTransport tcp;
    final RegisteringTransport rdma;
    final PeerStaging staging;
    final Target target;
    final Subsystem subsystem;
    final Port port;
    private final Path directory;
    private final List<Host> hosts = new ArrayList<>();

    StagingFixture(Path directory, long memoryBytes) {
        this(directory, memoryBytes, 2, SelfCheck.LIMIT_NANOS);
    }

    StagingFixture(Path directory, long memoryBytes, int loops, long checkNanos) {
        this(directory, memoryBytes, loops, checkNanos, _ -> List.of(), "tcp");
    }

    /**
     * The first port is one of RDMA, whose hosts come through sockets all the same.
     *
     * @param handedIn memory that the machine has beside that of sysfs
     */
    static StagingFixture ofRdma(
            Path directory,
            long memoryBytes,
            Function<StagingFixture, List<DmaBufProvider>> handedIn) {
        return new StagingFixture(
                directory, memoryBytes, 2, SelfCheck.LIMIT_NANOS, handedIn, "rdma");
    }

    private StagingFixture(
            Path directory,
            long memoryBytes,
            int loops,
            long checkNanos,
            Function<StagingFixture, List<DmaBufProvider>> handedIn,
            String trtype) {
        this.directory = directory;
        tree = EmulatedTree.in(directory.resolve("sys")).cpu("GenuineIntel", 6);
        EmulatedBus socket = tree.hostBridge(0, 0);
        switchPorts = socket.rootPort().below().upstreamPort().below();
        nic = switchPorts.downstreamPort().below().endpoint().nic().networkInterface("lo");
        ssd = switchPorts.downstreamPort().below().endpoint().nvme();
        int[] device = deviceOf(directory);
        ssd.memory(memoryBytes).blockDevice("nvme0n1", device[0], device[1]);
        tcp = new TcpTransport(TcpSettings.DEFAULTS.withLoops(loops));
        rdma = new RegisteringTransport(tcp);
        staging =
                new PeerStaging(
                        tree.root(),
                        new SplittableRandom(7),
                        handedIn.apply(this),
                        watch,
                        checkNanos);
        target = new Target(List.of(tcp, rdma), List.of(media), staging);
        subsystem = target.createSubsystem(SUBSYSTEM);
        subsystem.allowAnyHost(true);
        port = port(1, trtype, "127.0.0.1");
    }

    /** A port that no subsystem is linked to; no data in capsules, as that is never staged. */
    Port port(int id, String address) {
        return port(id, "tcp", address);
    }

    Port port(int id, String trtype, String address) {
        Port made = target.createPort(id);
        made.changeAddress(unset ->
                unset.withTrtype(trtype).withAdrfam("ipv4").withTraddr(address).withTrsvcid("0"));
        made.inlineDataBytes(0);
        return made;
    }

    /** Number of the device that a file system lies on, as stat gives it. */
    private static int[] deviceOf(Path path) {
        try {
            long number = (Long) Files.getAttribute(path, "unix:dev");
            return new int[] {
                (int) ((number >>> 8) & 0xfff),
                (int) ((number & 0xff) | ((number >>> 12) & 0xfff00))
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file of that size, as a medium. */
    String file(String name, long bytes) {
        Path path = directory.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return path.toString();
    }

    Namespace namespace(int nsid, String medium) {
        Namespace namespace = subsystem.createNamespace(nsid);
        namespace.devicePath(medium);
        return namespace;
    }

    Namespace enabled(int nsid, String medium) {
        Namespace namespace = namespace(nsid, medium);
        namespace.enable();
        return namespace;
    }

    HostController connect(int ioQueues, int entries) {
        return connect(port, ioQueues, entries);
    }

    HostController connect(Port through, int ioQueues, int entries) {
        Host host = new Host(List.of(new org.jnvmet.host.tcp.TcpTransport()), ioQueues);
        hosts.add(host);
        InetSocketAddress bound = Objects.requireNonNull(tcp.boundAddress(through));
        HostController controller =
                host.connect(
                        ConnectOptions.to(SUBSYSTEM)
                                .address("127.0.0.1")
                                .service(Integer.toString(bound.getPort()))
                                .ioQueues(ioQueues)
                                .ioEntries(entries)
                                .reconnectDelayMs(20));
        staging.settled();
        return controller;
    }

    /** The lines of a status by their keys; of several reasons the first. */
    static Map<String, String> lines(String status) {
        Map<String, String> lines = new LinkedHashMap<>();
        for (String line : status.lines().toList()) {
            int blank = line.indexOf(' ');
            lines.putIfAbsent(line.substring(0, blank), line.substring(blank + 1));
        }
        return lines;
    }

    Map<String, String> status() {
        return lines(staging.status(port));
    }

    static long number(Map<String, String> lines, String key) {
        return Long.parseLong(Objects.requireNonNull(lines.get(key), key));
    }

    /** Commands that fell back, whatever the reason. */
    static long fallBacks(Map<String, String> lines) {
        return lines.entrySet().stream()
                .filter(line -> line.getKey().startsWith("fallback_"))
                .mapToLong(line -> Long.parseLong(line.getValue()))
                .sum();
    }

    long lentBytes() {
        return staging.providers().stream().mapToLong(report -> report.pool().lentBytes()).sum();
    }

    long mappedBytes() {
        return staging.providers().stream().mapToLong(report -> report.pool().mappedBytes()).sum();
    }

    void disconnect() {
        hosts.forEach(Host::close);
        hosts.clear();
    }

    @Override
    public void close() {
        disconnect();
        for (Port each : target.ports()) {
            List.copyOf(each.subsystems()).forEach(each::unlink);
        }
        while (!subsystem.controllers().isEmpty()) {
            Thread.onSpinWait();
        }
        while (mappedBytes() > 0 && lentBytes() == 0) {
            Thread.onSpinWait(); // loops pass, then it is unmapped; with a limit on the test
        }
        assertThat(lentBytes()).as("bytes lent at the end").isZero();
        target.close();
        workers.close();
    }
}
