package org.jnvmet.host;

import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntConsumer;
import org.jnvmet.wire.Nqn;

/**
 * How to connect to a controller. The defaults are those of a Linux host, with one I/O queue. Not to
 * be changed any more once passed to {@link Host#connect}.
 */
public final class ConnectOptions {
    /** Entries of the admin queue: 31 commands and the slot that stays empty. */
    static final int ADMIN_ENTRIES = 32;

    /** A time-out that never ends: {@code ctrl_loss_tmo} and {@code fast_io_fail_tmo}. */
    public static final int NEVER = -1;

    private final Set<ConnectOption> given = EnumSet.noneOf(ConnectOption.class);
    private final String subsystemNqn;
    private String transport = "tcp";
    private String address = "";
    private String service = "";
    private String hostAddress = "";
    private String hostInterface = "";
    private String offloadDevice = "";
    private UUID hostId = AdminCommands.newHostId();
    private String hostNqn = "nqn.2014-08.org.nvmexpress:uuid:" + hostId;
    private int ioQueues = 1;
    private int ioEntries = 128;
    private int keepAliveMs = 5000;
    private int reconnectDelayMs = 10_000;
    private int controllerLossMs = 600_000;
    private int fastIoFailMs = NEVER;
    private boolean flowControl = true;
    private boolean headerDigest;
    private boolean dataDigest;
    private boolean duplicate;
    private long connectTimeoutMs = 10_000;
    private long adminTimeoutMs = 60_000;
    private long ioTimeoutMs = 30_000;
    private IntConsumer onAsyncEvent = _ -> {};

    private ConnectOptions(String subsystemNqn) {
        this.subsystemNqn = subsystemNqn;
        given.add(ConnectOption.NQN);
    }

    /** Options to connect to an NVM subsystem. */
    public static ConnectOptions to(String subsystemNqn) {
        return new ConnectOptions(subsystemNqn);
    }

    /** Options to connect to a discovery controller: no I/O queues, no keep alive. */
    public static ConnectOptions toDiscovery() {
        return to(Nqn.DISCOVERY).ioQueues(0).keepAliveMs(0);
    }

    private ConnectOptions give(ConnectOption option) {
        given.add(option);
        return this;
    }

    /** Name of the transport; {@code tcp} if not set. */
    public ConnectOptions transport(String name) {
        transport = name;
        return this;
    }

    /** Where the controller is: over TCP an IP address or a host name. */
    public ConnectOptions address(String traddr) {
        address = traddr;
        return give(ConnectOption.TRADDR);
    }

    /** Which service there: over TCP a port number; the transport's usual one if not set. */
    public ConnectOptions service(String trsvcid) {
        service = trsvcid;
        return give(ConnectOption.TRSVCID);
    }

    /** The local address to connect from. */
    public ConnectOptions hostAddress(String hostTraddr) {
        hostAddress = hostTraddr;
        return give(ConnectOption.HOST_TRADDR);
    }

    /** The local network interface to connect from. */
    public ConnectOptions hostInterface(String name) {
        hostInterface = name;
        return give(ConnectOption.HOST_IFACE);
    }

    /** The one offload device to ask; all of them, in the order of their registration, if not set. */
    public ConnectOptions offloadDevice(String name) {
        offloadDevice = name;
        return this;
    }

    /** Name and identifier of this host; random ones if not set. */
    public ConnectOptions host(String nqn, UUID id) {
        hostNqn = nqn;
        hostId = id;
        return give(ConnectOption.HOSTNQN).give(ConnectOption.HOSTID);
    }

    /** I/O queues to ask for; the controller, the route or the processors may give fewer. */
    public ConnectOptions ioQueues(int count) {
        ioQueues = atLeast(0, count, ConnectOption.NR_IO_QUEUES);
        return give(ConnectOption.NR_IO_QUEUES);
    }

    /** Entries of each I/O queue; fewer if the controller cannot hold so many. */
    public ConnectOptions ioEntries(int entries) {
        ioEntries = atLeast(2, entries, ConnectOption.QUEUE_SIZE);
        return give(ConnectOption.QUEUE_SIZE);
    }

    /** Keep alive time-out; 0 for none, and then none is sent. */
    public ConnectOptions keepAliveMs(int ms) {
        keepAliveMs = atLeast(0, ms, ConnectOption.KEEP_ALIVE_TMO);
        return give(ConnectOption.KEEP_ALIVE_TMO);
    }

    /** How long to wait before each attempt to connect again after an error. */
    public ConnectOptions reconnectDelayMs(int ms) {
        reconnectDelayMs = atLeast(1, ms, ConnectOption.RECONNECT_DELAY);
        return give(ConnectOption.RECONNECT_DELAY);
    }

    /** How long to try to connect again; {@link #NEVER} to give up, 0 to not even try. */
    public ConnectOptions controllerLossMs(int ms) {
        controllerLossMs = atLeast(NEVER, ms, ConnectOption.CTRL_LOSS_TMO);
        return give(ConnectOption.CTRL_LOSS_TMO);
    }

    /** How long I/O waits for a lost controller before it fails; {@link #NEVER}: until it is given up. */
    public ConnectOptions fastIoFailMs(int ms) {
        fastIoFailMs = atLeast(NEVER, ms, ConnectOption.FAST_IO_FAIL_TMO);
        return give(ConnectOption.FAST_IO_FAIL_TMO);
    }

    /** Whether the controller shall report the queue head; without it reads may end with SUCCESS. */
    public ConnectOptions flowControl(boolean enabled) {
        flowControl = enabled;
        return give(ConnectOption.DISABLE_SQFLOW);
    }

    /** Whether PDU headers and data carry digests. */
    public ConnectOptions digests(boolean header, boolean data) {
        headerDigest = header;
        dataDigest = data;
        if (header) {
            given.add(ConnectOption.HDR_DIGEST);
        }
        if (data) {
            given.add(ConnectOption.DATA_DIGEST);
        }
        return this;
    }

    /** Allows a second connection along the same way. */
    public ConnectOptions duplicate(boolean allowed) {
        duplicate = allowed;
        return give(ConnectOption.DUPLICATE_CONNECT);
    }

    /** Time limit of opening a queue's connection. */
    public ConnectOptions connectTimeoutMs(long ms) {
        connectTimeoutMs = ms;
        return this;
    }

    /** Time limits of admin commands and of I/O commands. */
    public ConnectOptions timeoutsMs(long admin, long io) {
        adminTimeoutMs = admin;
        ioTimeoutMs = io;
        return this;
    }

    /** Receives dword 0 of each asynchronous event, on a thread that must not be kept waiting. */
    public ConnectOptions onAsyncEvent(IntConsumer listener) {
        onAsyncEvent = listener;
        return this;
    }

    private static int atLeast(int least, int value, ConnectOption option) {
        if (value < least) {
            throw new IllegalArgumentException(option + " " + value + " is below " + least);
        }
        return value;
    }

    /** The options that were set. */
    public Set<ConnectOption> given() {
        return EnumSet.copyOf(given);
    }

    public String subsystemNqn() {
        return subsystemNqn;
    }

    public String transport() {
        return transport;
    }

    public String address() {
        return address;
    }

    public String service() {
        return service;
    }

    public String hostAddress() {
        return hostAddress;
    }

    public String hostInterface() {
        return hostInterface;
    }

    public String offloadDevice() {
        return offloadDevice;
    }

    public String hostNqn() {
        return hostNqn;
    }

    public UUID hostId() {
        return hostId;
    }

    public int ioQueues() {
        return ioQueues;
    }

    public int ioEntries() {
        return ioEntries;
    }

    public int keepAliveMs() {
        return keepAliveMs;
    }

    public int reconnectDelayMs() {
        return reconnectDelayMs;
    }

    public int controllerLossMs() {
        return controllerLossMs;
    }

    public int fastIoFailMs() {
        return fastIoFailMs;
    }

    public boolean flowControl() {
        return flowControl;
    }

    public boolean headerDigest() {
        return headerDigest;
    }

    public boolean dataDigest() {
        return dataDigest;
    }

    public boolean duplicate() {
        return duplicate;
    }

    public long connectTimeoutMs() {
        return connectTimeoutMs;
    }

    public long adminTimeoutMs() {
        return adminTimeoutMs;
    }

    public long ioTimeoutMs() {
        return ioTimeoutMs;
    }

    public IntConsumer onAsyncEvent() {
        return onAsyncEvent;
    }

    /** Attempts to connect again before the controller is given up; -1 for no limit. */
    int maxReconnects() {
        return controllerLossMs < 0 ? -1 : Math.ceilDiv(controllerLossMs, reconnectDelayMs);
    }

    /** Whether both lead along the same way to the same subsystem, as the same host. */
    boolean sameWay(ConnectOptions other) {
        return transport.equals(other.transport)
                && address.equals(other.address)
                && service.equals(other.service)
                && hostAddress.equals(other.hostAddress)
                && hostInterface.equals(other.hostInterface)
                && subsystemNqn.equals(other.subsystemNqn)
                && hostNqn.equals(other.hostNqn)
                && hostId.equals(other.hostId);
    }

    /** The way, for messages: {@code tcp 127.0.0.1:4420}. */
    public String way() {
        return service.isEmpty()
                ? transport + " " + address
                : transport + " " + address + ":" + service;
    }
}
