package org.jnvmet.interop;

import java.time.Duration;
import java.util.List;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostQueue;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.rdma.RdmaSettings;
import org.jnvmet.host.rdma.RdmaTransport;
import org.jnvmet.verbs.linux.LinuxVerbs;

/**
 * Runs in a guest with an RDMA device: our host connects a controller with many queues and disconnects it,
 * again and again; at the end as much of the device is in use as after the first time. Arguments are
 * address, service, subsystem, and how often. Fails when something is left.
 */
final class RdmaConnects {
    private static final int IO_QUEUES = 64, ENTRIES = 16;
    private static final RdmaSettings LITTLE_MEMORY =
            new RdmaSettings(64 << 10, 64 << 10, 64 << 10, 4096);

    /** Connecting takes long there, and Keep Alives start afterwards. */
    private static final int KEEP_ALIVE_MS = 120_000;

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Host host;
    private final String[] way;
    private int queues;

    private RdmaConnects(Host host, String[] way) {
        this.host = host;
        this.way = way;
    }

    public static void main(String[] way) throws InterruptedException {
        RdmaTransport rdma = new RdmaTransport(LinuxVerbs::open, LITTLE_MEMORY);
        try (Host host = new Host(List.of(rdma), IO_QUEUES)) {
            new RdmaConnects(host, way).run(Integer.parseInt(way[3]));
        }
    }

    private void run(int times) throws InterruptedException {
        long start = System.nanoTime();
        String connected = connectAndLeave();
        System.out.printf("first: %d ms%n", (System.nanoTime() - start) / 1_000_000);
        String before = settled(connected);
        queues = 0;
        for (int i = 0; i < times; i++) {
            connectAndLeave();
        }
        long deadline = System.nanoTime() + LIMIT.toNanos();
        String after = inUse();
        while (!after.equals(before) && System.nanoTime() < deadline) {
            Thread.sleep(100);
            after = inUse();
        }
        System.out.printf(
                "%d queues%nconnected: %s%nbefore: %s%nafter: %s%n",
                queues, connected, before, after);
        if (!after.equals(before)) {
            System.exit(1);
        }
    }

    /** What is in use when nothing of the device has gone for a second. */
    private static String settled(String connected) throws InterruptedException {
        String last = connected;
        String now = inUse();
        while (!now.equals(last) || now.equals(connected)) {
            Thread.sleep(1000);
            last = now;
            now = inUse();
        }
        return now;
    }

    /** Returns what is in use while all queues are connected; each has carried a command. */
    private String connectAndLeave() {
        ConnectOptions options =
                ConnectOptions.to(way[2])
                        .transport("rdma")
                        .address(way[0])
                        .service(way[1])
                        .ioQueues(IO_QUEUES)
                        .ioEntries(ENTRIES)
                        .keepAliveMs(KEEP_ALIVE_MS);
        try (HostController controller = host.connect(options)) {
            List<HostQueue> ioQueues = controller.ioQueues();
            for (HostQueue queue : ioQueues) {
                queue.execute(IoCommands.flush(1)).orThrow();
            }
            queues += 1 + ioQueues.size();
            return inUse();
        }
    }

    private static String inUse() {
        String script = "SERVER=jnvmet ADDRESS=; . /lab/rdma-lib.sh; in_use";
        return LocalShell.exec(LIMIT, "bash", "-c", script).expectSuccess(script);
    }
}
