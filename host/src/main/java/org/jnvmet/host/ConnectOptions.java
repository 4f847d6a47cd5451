package org.jnvmet.host;

import java.util.UUID;
import java.util.function.IntConsumer;
import org.jnvmet.wire.Nqn;

/** How to connect to a controller. The defaults are those of a Linux host, with one I/O queue. */
public final class ConnectOptions {
    /** Entries of the admin queue: 31 commands and the slot that stays empty. */
    static final int ADMIN_ENTRIES = 32;

    private final String subsystemNqn;
    private UUID hostId = AdminCommands.newHostId();
    private String hostNqn = "nqn.2014-08.org.nvmexpress:uuid:" + hostId;
    private int ioQueues = 1;
    private int ioEntries = 128;
    private int keepAliveMs = 5000;
    private boolean flowControl = true;
    private long timeoutMs = 30_000;
    private IntConsumer onAsyncEvent = _ -> {};

    private ConnectOptions(String subsystemNqn) {
        this.subsystemNqn = subsystemNqn;
    }

    /** Options to connect to an NVM subsystem. */
    public static ConnectOptions to(String subsystemNqn) {
        return new ConnectOptions(subsystemNqn);
    }

    /** Options to connect to a discovery controller: no I/O queues, no keep alive. */
    public static ConnectOptions toDiscovery() {
        return to(Nqn.DISCOVERY).ioQueues(0).keepAliveMs(0);
    }

    /** Name and identifier of this host; random ones if not set. */
    public ConnectOptions host(String nqn, UUID id) {
        hostNqn = nqn;
        hostId = id;
        return this;
    }

    /** I/O queues to ask for; the controller may grant fewer. */
    public ConnectOptions ioQueues(int count) {
        ioQueues = count;
        return this;
    }

    /** Entries of each I/O queue; fewer if the controller cannot hold so many. */
    public ConnectOptions ioEntries(int entries) {
        ioEntries = entries;
        return this;
    }

    /** Keep alive time-out; 0 for none, and then none is sent. */
    public ConnectOptions keepAliveMs(int ms) {
        keepAliveMs = ms;
        return this;
    }

    /** Whether the controller shall report the queue head; without it reads may end with SUCCESS. */
    public ConnectOptions flowControl(boolean enabled) {
        flowControl = enabled;
        return this;
    }

    /** How long to wait for a command's completion. */
    public ConnectOptions timeoutMs(long ms) {
        timeoutMs = ms;
        return this;
    }

    /** Receives dword 0 of each asynchronous event, on a thread that must not be kept waiting. */
    public ConnectOptions onAsyncEvent(IntConsumer listener) {
        onAsyncEvent = listener;
        return this;
    }

    public String subsystemNqn() {
        return subsystemNqn;
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

    public boolean flowControl() {
        return flowControl;
    }

    public long timeoutMs() {
        return timeoutMs;
    }

    public IntConsumer onAsyncEvent() {
        return onAsyncEvent;
    }
}
