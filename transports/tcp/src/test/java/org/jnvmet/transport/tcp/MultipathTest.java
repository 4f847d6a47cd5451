package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.IoPolicy;
import org.jnvmet.target.AnaState;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A host with two paths to a real target. Connections are cut and ANA states change under load: no error
 * reaches the caller, and every byte read is the one written last.
 */
@Timeout(120)
class MultipathTest {
    private static final String SUBSYSTEM = "nqn.2025-01.org.jnvmet:multipath";
    private static final int PATHS = 2;
    private static final int BLOCK = 4096;
    private static final int CLIENTS = 6;
    private static final int REGION_BLOCKS = 512;
    private static final int MOST_BLOCKS = 48;
    private static final int DISTURBANCES = 40;

    /** Transfers between two disturbances, so that each strikes a load that is under way again. */
    private static final int TRANSFERS = 60;

    private static final AnaState[] STATES = {
        AnaState.OPTIMIZED, AnaState.NON_OPTIMIZED, AnaState.INACCESSIBLE, AnaState.CHANGE
    };

    private final TcpTransport transport = new TcpTransport(TcpSettings.DEFAULTS.withLoops(2));
    private final IoWorkers workers = new IoWorkers(2);
    private final Target target = new Target(List.of(transport), List.of(new Backends(workers)));
    private final List<Port> ports = new ArrayList<>();
    private final List<CuttableRelay> relays = new ArrayList<>();
    private final Host host = new Host(List.of(new org.jnvmet.host.tcp.TcpTransport()), 2);

    private final AtomicLong transfers = new AtomicLong();
    private final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
    private volatile boolean stop;

    @BeforeEach
    void start() {
        Subsystem subsystem = target.createSubsystem(SUBSYSTEM);
        subsystem.allowAnyHost(true);
        Namespace namespace = subsystem.createNamespace(1);
        namespace.devicePath("mem:16M");
        namespace.enable();
        for (int i = 0; i < PATHS; i++) {
            Port port = target.createPort(i + 1);
            port.address(
                    new Port.Address("tcp", "ipv4", "127.0.0.1", "0", "not specified", "none"));
            port.link(subsystem);
            ports.add(port);
            InetSocketAddress bound = Objects.requireNonNull(transport.boundAddress(port));
            CuttableRelay relay =
                    new CuttableRelay(
                            new InetSocketAddress(
                                    InetAddress.getLoopbackAddress(), bound.getPort()));
            relays.add(relay);
            HostController controller =
                    host.connect(
                            ConnectOptions.to(SUBSYSTEM)
                                    .address("127.0.0.1")
                                    .service(Integer.toString(relay.port()))
                                    .ioQueues(2)
                                    .reconnectDelayMs(50)
                                    .controllerLossMs(ConnectOptions.NEVER));
            assertThat(controller.state()).isEqualTo(HostController.State.LIVE);
        }
    }

    @AfterEach
    void stop() {
        host.close();
        relays.forEach(CuttableRelay::close);
        target.close();
        workers.close();
    }

    /** One who writes and reads back in a region of its own. */
    private final class Client {
        private final HostNamespace disk;
        private final long first;
        private final Random random;
        private final byte[] expected = new byte[REGION_BLOCKS * BLOCK];

        Client(HostNamespace disk, int number) {
            this.disk = disk;
            first = (long) number * REGION_BLOCKS;
            random = new Random(number);
        }

        void run() {
            try {
                while (!stop) {
                    transfer();
                    transfers.incrementAndGet();
                }
            } catch (RuntimeException | AssertionError e) {
                errors.add(e);
            }
        }

        private void transfer() {
            int blocks = 1 + random.nextInt(MOST_BLOCKS);
            int at = random.nextInt(REGION_BLOCKS - blocks);
            byte[] data = new byte[blocks * BLOCK];
            if (random.nextBoolean()) {
                random.nextBytes(data);
                System.arraycopy(data, 0, expected, at * BLOCK, data.length);
                disk.write(first + at, data).orThrow();
            } else {
                disk.read(first + at, data).orThrow();
                check(data, at);
            }
        }

        void checkAll(HostNamespace through) {
            check(through.read(first, REGION_BLOCKS).orThrow().bytes(), 0);
        }

        private void check(byte[] data, int at) {
            int wrong =
                    Arrays.mismatch(
                            data, 0, data.length, expected, at * BLOCK, at * BLOCK + data.length);
            if (wrong >= 0) {
                throw new AssertionError(
                        "wrong byte at %d of block %d".formatted(wrong, first + at));
            }
        }
    }

    private void awaitTransfers(long count) {
        while (transfers.get() < count && errors.isEmpty()) {
            LockSupport.parkNanos(100_000);
        }
    }

    private void disturb(Random random, int round) {
        int struck = random.nextInt(PATHS);
        if (round % 2 == 0) {
            relays.get(struck).cut();
            if (random.nextInt(4) == 0) {
                relays.get(1 - struck).cut();
            }
            return;
        }
        AnaState state = STATES[random.nextInt(STATES.length)];
        boolean accessible = state == AnaState.OPTIMIZED || state == AnaState.NON_OPTIMIZED;
        if (!accessible) {
            ports.get(1 - struck).anaState(1, AnaState.OPTIMIZED);
        }
        ports.get(struck).anaState(1, state);
    }

    @ParameterizedTest
    @EnumSource(IoPolicy.class)
    void noErrorReachesTheCaller(IoPolicy policy) throws InterruptedException {
        host.subsystem(SUBSYSTEM).ioPolicy(policy);
        HostNamespace disk = host.subsystem(SUBSYSTEM).namespace(1);
        assertThat(disk.ways()).extracting(HostNamespace.Path::usable).containsOnly(true);
        List<Client> clients = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Client client = new Client(disk, i);
            clients.add(client);
            threads.add(Thread.ofPlatform().name("client-" + i).start(client::run));
        }

        Random random = new Random(policy.toString().hashCode());
        for (int round = 0; round < DISTURBANCES && errors.isEmpty(); round++) {
            awaitTransfers(transfers.get() + TRANSFERS);
            disturb(random, round);
        }
        ports.forEach(port -> port.anaState(1, AnaState.OPTIMIZED));
        awaitTransfers(transfers.get() + TRANSFERS);
        stop = true;
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(errors).isEmpty();
        clients.forEach(client -> client.checkAll(disk));
        for (CuttableRelay relay : relays) {
            assertThat(relay.connections()).as("connections made anew").isGreaterThan(6);
        }
    }
}
