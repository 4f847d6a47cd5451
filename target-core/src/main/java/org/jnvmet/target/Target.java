package org.jnvmet.target;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BackendFactory;
import org.jnvmet.target.spi.Staging;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.wire.Nqn;
import org.jspecify.annotations.Nullable;

/**
 * The whole target: subsystems, ports, hosts, the discovery service, and the transports and backends they
 * may use. Configuration methods: any thread, refusals as {@link ConfigException}.
 *
 * <p>{@link #lock()} guards which entities exist and how they refer to each other. It is short: nothing
 * is opened, closed, waited for or told to a controller while it is held.
 */
public final class Target implements AutoCloseable {
    /** Well-known NQN of the discovery subsystem. */
    public static final String DISCOVERY_NQN = Nqn.DISCOVERY;

    /** Version of this product; the default firmware revision. */
    public static final String VERSION = "0.1.0";

    /** Longest name of a subsystem; one byte of the 223 of an NQN is left for a terminator. */
    public static final int MAX_NQN_BYTES = 222;

    private static final int MAX_DISCOVERY_NQN_BYTES = 255;

    private final Object lock = new Object();
    private final Map<String, Transport> transports = new LinkedHashMap<>();
    private final List<BackendFactory> backends;
    private final Staging staging;
    private final CntlidPool controllerIds = new CntlidPool();
    private final AnaGroupCounts anaGroupCounts = new AnaGroupCounts();
    private final AtomicLong generation = new AtomicLong();

    // Written under the lock, read by any thread.
    private final Map<String, Subsystem> subsystems = new ConcurrentHashMap<>();
    private final Map<Integer, Port> ports = new ConcurrentSkipListMap<>();
    private final Map<String, Host> hosts = new ConcurrentHashMap<>();
    private volatile String discoveryNqn = DISCOVERY_NQN;
    private volatile boolean closing;
    private volatile boolean restoring;

    private final Subsystem discovery = new Subsystem(this, DISCOVERY_NQN, true);

    /** All data is staged in system memory. */
    public Target(List<Transport> transports, List<BackendFactory> backends) {
        this(transports, backends, Staging.NONE);
    }

    /** {@code staging} is closed with the target. */
    public Target(List<Transport> transports, List<BackendFactory> backends, Staging staging) {
        this.staging = staging;
        transports.forEach(transport -> this.transports.put(transport.name(), transport));
        this.backends = List.copyOf(backends);
    }

    /** EINVAL for the discovery NQNs and for names that do not fit the wire, EEXIST. */
    public Subsystem createSubsystem(String nqn) {
        int bytes = nqn.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > MAX_NQN_BYTES) {
            throw new ConfigException(
                    Errno.EINVAL,
                    "a subsystem name of %d bytes is not within 1 .. %d"
                            .formatted(bytes, MAX_NQN_BYTES));
        }
        synchronized (lock) {
            refuseWhileClosing();
            if (nqn.equals(DISCOVERY_NQN) || nqn.equals(discoveryNqn)) {
                throw new ConfigException(Errno.EINVAL, nqn + " names the discovery subsystem");
            }
            Subsystem subsystem = new Subsystem(this, nqn, false);
            refuseExisting(subsystems.putIfAbsent(nqn, subsystem));
            return subsystem;
        }
    }

    /** ENOTEMPTY with namespaces or allowed hosts, EBUSY while a port links it; deletes its controllers. */
    public void removeSubsystem(Subsystem subsystem) {
        synchronized (lock) {
            refuseUnless(has(subsystem), subsystem);
            if (subsystem.links > 0) {
                throw new ConfigException(
                        Errno.EBUSY,
                        "%s is exported by %d ports".formatted(subsystem, subsystem.links));
            }
            subsystem.retireIfEmpty();
            subsystems.remove(subsystem.nqn(), subsystem);
        }
        subsystem.retire(subsystem + " is removed");
    }

    /** By name; both discovery NQNs give the discovery subsystem. Any thread. */
    public @Nullable Subsystem subsystem(String nqn) {
        return nqn.equals(DISCOVERY_NQN) || nqn.equals(discoveryNqn)
                ? discovery
                : subsystems.get(nqn);
    }

    /** All but the discovery subsystem; a snapshot. */
    public Collection<Subsystem> subsystems() {
        return List.copyOf(subsystems.values());
    }

    /** EINVAL beyond 0 .. 65,535, EEXIST. */
    public Port createPort(int id) {
        Port.checkId(id);
        synchronized (lock) {
            refuseWhileClosing();
            Port port = new Port(this, id);
            refuseExisting(ports.putIfAbsent(id, port));
            return port;
        }
    }

    /** ENOTEMPTY with subsystems, referrals or ANA groups other than 1. */
    public void removePort(Port port) {
        port.retire();
        synchronized (lock) {
            ports.remove(port.id(), port);
        }
    }

    /** In ascending order of id; a snapshot. */
    public Collection<Port> ports() {
        return List.copyOf(ports.values());
    }

    public Host createHost(String nqn) {
        synchronized (lock) {
            refuseWhileClosing();
            Host host = new Host(nqn);
            refuseExisting(hosts.putIfAbsent(nqn, host));
            return host;
        }
    }

    /** EBUSY while a subsystem allows it by name. */
    public void removeHost(Host host) {
        synchronized (lock) {
            refuseUnless(has(host), host);
            if (host.allowances > 0) {
                throw new ConfigException(
                        Errno.EBUSY,
                        "%s is allowed by %d subsystems".formatted(host, host.allowances));
            }
            hosts.remove(host.nqn(), host);
        }
    }

    public Collection<Host> hosts() {
        return List.copyOf(hosts.values());
    }

    /** The unique discovery NQN. */
    public String discoveryNqn() {
        return discoveryNqn;
    }

    /** 1 .. 255 bytes, EINVAL when a subsystem has the name. */
    public void discoveryNqn(String nqn) {
        int bytes = nqn.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > MAX_DISCOVERY_NQN_BYTES) {
            throw new ConfigException(
                    Errno.EINVAL,
                    "discovery_nqn: %d bytes are not within 1 .. %d"
                            .formatted(bytes, MAX_DISCOVERY_NQN_BYTES));
        }
        synchronized (lock) {
            if (subsystems.containsKey(nqn)) {
                throw new ConfigException(
                        Errno.EINVAL, "discovery_nqn: %s is a subsystem".formatted(nqn));
            }
            discoveryNqn = nqn;
        }
    }

    public Subsystem discoverySubsystem() {
        return discovery;
    }

    /** Generation counter of the discovery log. */
    public long generation() {
        return generation.get();
    }

    /** Change count of the ANA log. */
    public long anaChangeCount() {
        return anaGroupCounts.changes();
    }

    /** ANA groups that exist: used by a namespace anywhere or known to a port; ascending. */
    public int[] anaGroups() {
        return anaGroupCounts.existing();
    }

    /** Whether a saved configuration is being replayed: what is missing now may come in a moment. */
    public boolean restoring() {
        return restoring;
    }

    /**
     * Marks begin and end of a replay. In between, a host that asks for a subsystem which is not there
     * is told to come again; otherwise hosts that reconnect after a restart would give up for good.
     */
    public void restoring(boolean restoring) {
        this.restoring = restoring;
    }

    public @Nullable Transport transport(String trtype) {
        return transports.get(trtype);
    }

    /**
     * Orderly end: every group inaccessible, controllers deleted, listeners and transports closed,
     * namespaces disabled (flushed). Returns when all is done, or after ten seconds with a warning
     * that names what was not. Idempotent.
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (closing) {
                return;
            }
            closing = true;
        }
        new TargetShutdown(this, transports.values()).run();
        staging.close();
    }

    /** Decides where data is staged. */
    public Staging staging() {
        return staging;
    }

    Object lock() {
        return lock;
    }

    CntlidPool controllerIds() {
        return controllerIds;
    }

    AnaGroupCounts anaGroupCounts() {
        return anaGroupCounts;
    }

    /** Under the lock. */
    boolean has(Host host) {
        return hosts.get(host.nqn()) == host;
    }

    /** Under the lock. */
    boolean has(Subsystem subsystem) {
        return subsystems.get(subsystem.nqn()) == subsystem;
    }

    /** Notes that a port exports the subsystem, which then cannot be removed. */
    void retain(Subsystem subsystem) {
        synchronized (lock) {
            refuseWhileClosing();
            refuseUnless(has(subsystem), subsystem);
            subsystem.links++;
        }
    }

    void release(Subsystem subsystem) {
        synchronized (lock) {
            subsystem.links--;
        }
    }

    /** The discovery log has changed; tells the discovery controllers that can see it. Outside of short locks. */
    void discoveryChanged(Predicate<Controller> concerned) {
        generation.incrementAndGet();
        ControllerRoster.tell(
                discovery.controllers().stream().filter(concerned).toList(),
                Controller::discoveryChanged);
    }

    /** Asks the factories in turn; slow. */
    Backend openBackend(String path, boolean buffered) {
        refuseWhileClosing();
        for (BackendFactory factory : backends) {
            Backend backend = factory.open(path, buffered);
            if (backend != null) {
                return backend;
            }
        }
        throw new ConfigException(Errno.ENOENT, "nothing knows how to open " + path);
    }

    void refuseUnless(boolean exists, Object thing) {
        if (!exists) {
            throw new ConfigException(Errno.ENOENT, thing + " does not exist");
        }
    }

    private static void refuseExisting(@Nullable Object existing) {
        if (existing != null) {
            throw new ConfigException(Errno.EEXIST, existing + " exists already");
        }
    }

    private void refuseWhileClosing() {
        if (closing) {
            throw new ConfigException(Errno.EBUSY, "the target is shutting down");
        }
    }
}
