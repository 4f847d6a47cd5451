package org.jnvmet.app.nvme;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.fabrics.DiscoveryEntry;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How to reach a controller, by the names and letters of nvme-cli. */
public final class ConnectArguments {
    /** Where discovery services listen over TCP, by registration; all others on the transport's own port. */
    private static final String TCP_DISCOVERY_SERVICE = "8009";

    private static final String TCP = "tcp";
    private static final String OFFLOAD = "tcp_offload";
    private static final String RDMA = "rdma";
    private static final int MS_PER_SECOND = 1000;
    private static final int MAX_QUEUES = 65_535;
    private static final int MAX_ENTRIES = 65_536;
    private static final int MAX_SECONDS = Integer.MAX_VALUE / MS_PER_SECOND;

    /** The transports that this host has. */
    static final class Transports extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Transports() {
            super(List.of(TCP, OFFLOAD, RDMA));
        }
    }

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-t", "--transport"},
            paramLabel = "TYPE",
            completionCandidates = Transports.class,
            description = "tcp, tcp_offload or rdma. Default: tcp.")
    private String transport = TCP;

    @Option(
            names = {"-a", "--traddr"},
            paramLabel = "ADDRESS",
            required = true,
            description = "Address of the controller: IP address or host name.")
    private String address = "";

    @Option(
            names = {"-s", "--trsvcid"},
            paramLabel = "PORT",
            description = "Port there. Default: 4420, and 8009 to discover over TCP.")
    private @Nullable String service;

    @Option(
            names = {"-n", "--nqn"},
            paramLabel = "NQN",
            description =
                    "Name of the subsystem. Default to discover: the well-known discovery NQN.")
    private @Nullable String nqn;

    @Option(
            names = {"-q", "--hostnqn"},
            paramLabel = "NQN",
            description =
                    "Name of this host. Default: that of /etc/nvme/hostnqn, or one made from /etc/machine-id.")
    private @Nullable String hostNqn;

    @Option(
            names = {"-I", "--hostid"},
            paramLabel = "UUID",
            converter = HostIdentity.Id.class,
            description =
                    "Identifier of this host. Default: that of /etc/nvme/hostid, or the one in the name.")
    private @Nullable UUID hostId;

    @Option(
            names = {"-w", "--host-traddr"},
            paramLabel = "ADDRESS",
            description = "Local address to connect from.")
    private @Nullable String hostAddress;

    @Option(
            names = {"-f", "--host-iface"},
            paramLabel = "NAME",
            description = "Local network interface to connect from.")
    private @Nullable String hostInterface;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description =
                    "The offload device to use, with -t tcp_offload. Default: the first that can.")
    private @Nullable String device;

    @Option(
            names = {"-i", "--nr-io-queues"},
            paramLabel = "N",
            description = "I/O queues. Default: 1.")
    private int ioQueues = 1;

    @Option(
            names = {"-Q", "--queue-size"},
            paramLabel = "N",
            description = "Entries of each I/O queue. Default: 128.")
    private int queueSize = 128;

    @Option(
            names = {"-g", "--hdr-digest"},
            description = "CRC-32C over headers.")
    private boolean headerDigest;

    @Option(
            names = {"-G", "--data-digest"},
            description = "CRC-32C over data.")
    private boolean dataDigest;

    @Option(
            names = {"-k", "--keep-alive-tmo"},
            paramLabel = "S",
            description = "Keep alive time-out in seconds, 0 for none. Default: 5.")
    private @Nullable Integer keepAlive;

    @Option(
            names = {"-l", "--ctrl-loss-tmo"},
            paramLabel = "S",
            description =
                    "Seconds to try to reconnect to a controller that was lost, -1 for ever. Default: 600.")
    private int controllerLoss = 600;

    @Option(
            names = {"-c", "--reconnect-delay"},
            paramLabel = "S",
            description = "Seconds between two attempts to reconnect. Default: 10.")
    private int reconnectDelay = 10;

    @Option(
            names = "--timeout",
            paramLabel = "MS",
            description =
                    "Time limit of connecting and of each command, in milliseconds. Default: 10 s to connect, 60 s"
                            + " for an admin command, 30 s for I/O.")
    private @Nullable Integer timeout;

    /**
     * To the subsystem that {@code -n} names.
     *
     * @throws ParameterException when it is missing, or a value is out of range
     */
    public ConnectOptions toSubsystem() {
        if (nqn == null) {
            throw wrong("Missing required option: '--nqn=NQN'");
        }
        return to(nqn, service == null ? "" : service);
    }

    /**
     * As {@link #toSubsystem}, for admin commands only: no I/O queues.
     *
     * @throws ParameterException when {@code -n} is missing, or a value is out of range
     */
    ConnectOptions toAdminQueue() {
        return toSubsystem().ioQueues(0);
    }

    /**
     * To the discovery controller at the address; no I/O queues, no keep alive but what was asked for.
     *
     * @throws ParameterException when a value is out of range
     */
    public ConnectOptions toDiscovery() {
        String port = transport.equals(RDMA) ? "" : TCP_DISCOVERY_SERVICE;
        ConnectOptions options =
                to(nqn == null ? Nqn.DISCOVERY : nqn, service == null ? port : service).ioQueues(0);
        return keepAlive == null ? options.keepAliveMs(0) : options;
    }

    /**
     * To a subsystem elsewhere, by the same transport, as the same host and with the same settings.
     *
     * @throws ParameterException when a value is out of range
     */
    public ConnectOptions to(String subsystem, String traddr, String trsvcid) {
        return to(subsystem, trsvcid).address(traddr);
    }

    /**
     * To what a discovery log entry offers: as {@link #to(String, String, String)}, by the entry's transport.
     *
     * @param type TRTYPE
     * @return null when this host has no such transport
     * @throws ParameterException when a value is out of range
     */
    @Nullable ConnectOptions offered(int type, String subsystem, String traddr, String trsvcid) {
        boolean same = transport.equals(RDMA) == (type == DiscoveryEntry.TRTYPE_RDMA);
        return switch (type) {
            case DiscoveryEntry.TRTYPE_TCP ->
                    through(same ? transport : TCP, subsystem, trsvcid).address(traddr);
            case DiscoveryEntry.TRTYPE_RDMA -> through(RDMA, subsystem, trsvcid).address(traddr);
            default -> null;
        };
    }

    private ConnectOptions to(String subsystem, String trsvcid) {
        if (device != null && !transport.equals(OFFLOAD)) {
            throw wrong("--device is for the transport " + OFFLOAD + ", not " + transport);
        }
        return through(transport, subsystem, trsvcid);
    }

    private ConnectOptions through(String by, String subsystem, String trsvcid) {
        if (!Nqn.fits(subsystem)) {
            throw wrong("--nqn: '" + subsystem + "' is not 1 to " + Nqn.MAX_BYTES + " bytes long");
        }
        if (!new Transports().contains(transport)) {
            throw wrong("--transport: '" + transport + "' is none of " + new Transports());
        }
        ConnectOptions options = ConnectOptions.to(subsystem).transport(by).address(address);
        if (!trsvcid.isEmpty()) {
            options.service(trsvcid);
        }
        addHost(options);
        addRoute(options);
        addQueues(options);
        addTimes(options);
        return options;
    }

    private void addHost(ConnectOptions options) {
        if (hostNqn != null && !Nqn.fits(hostNqn)) {
            throw wrong(
                    "--hostnqn: '" + hostNqn + "' is not 1 to " + Nqn.MAX_BYTES + " bytes long");
        }
        HostIdentity host = HostIdentity.of(hostNqn, hostId);
        options.host(host.nqn(), host.id());
    }

    private void addRoute(ConnectOptions options) {
        if (hostAddress != null) {
            options.hostAddress(hostAddress);
        }
        if (hostInterface != null && !followsToRdma(options)) {
            options.hostInterface(hostInterface);
        }
        if (device != null && options.transport().equals(OFFLOAD)) {
            options.offloadDevice(device);
        }
    }

    /** What was said for TCP is not said for an entry of RDMA; who asks for RDMA is told what it does not take. */
    private boolean followsToRdma(ConnectOptions options) {
        return options.transport().equals(RDMA) && !transport.equals(RDMA);
    }

    private void addQueues(ConnectOptions options) {
        options.ioQueues(within("--nr-io-queues", ioQueues, 1, MAX_QUEUES))
                .ioEntries(within("--queue-size", queueSize, 2, MAX_ENTRIES));
        if (!followsToRdma(options)) {
            options.digests(headerDigest, dataDigest);
        }
    }

    private void addTimes(ConnectOptions options) {
        if (keepAlive != null) {
            options.keepAliveMs(
                    MS_PER_SECOND * within("--keep-alive-tmo", keepAlive, 0, MAX_SECONDS));
        }
        options.reconnectDelayMs(
                MS_PER_SECOND * within("--reconnect-delay", reconnectDelay, 1, MAX_SECONDS));
        int loss = within("--ctrl-loss-tmo", controllerLoss, -1, MAX_SECONDS);
        options.controllerLossMs(loss < 0 ? ConnectOptions.NEVER : MS_PER_SECOND * loss);
        if (timeout != null) {
            int ms = within("--timeout", timeout, 1, Integer.MAX_VALUE);
            options.connectTimeoutMs(ms).timeoutsMs(ms, ms);
        }
    }

    private int within(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw wrong("%s: %d is not within %d .. %d".formatted(option, value, least, most));
        }
        return value;
    }

    private ParameterException wrong(String why) {
        if (spec == null) {
            throw new IllegalStateException(why);
        }
        return new ParameterException(spec.commandLine(), why);
    }
}
