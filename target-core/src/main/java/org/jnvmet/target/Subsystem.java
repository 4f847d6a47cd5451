package org.jnvmet.target;

import java.security.SecureRandom;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;

/**
 * An NVM subsystem, or the target's one discovery subsystem. Configuration methods: any thread, refusals
 * as {@link ConfigException}. Look-ups of the data path read immutable copies that are replaced whole.
 *
 * <p>The lock is short: loops take it in Connect. Order of locks: a port's or namespace's configuration
 * lock, the target's lock, this lock, the identifier pool's. Relations between entities (allowed hosts,
 * links of ports) are guarded by the target's lock.
 */
public final class Subsystem {
    /** Most namespaces of one subsystem. */
    public static final int MAX_NAMESPACES = 1024;

    /** Most I/O queues of one controller. */
    public static final int MAX_QUEUE_ID = 128;

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int VERSION_2_1 = 2 << 16 | 1 << 8;

    private final Target target;
    private final String nqn;
    private final boolean discovery;
    private final ReentrantLock lock = new ReentrantLock();
    private final ControllerRoster roster;
    private final AssociationFence fence = new AssociationFence();

    // Written under the lock.
    private volatile int version = VERSION_2_1;
    private volatile String serial = randomSerial();
    private volatile String model = "Linux";
    private volatile String firmware =
            Target.VERSION.substring(0, Math.min(8, Target.VERSION.length()));
    private volatile int ieeeOui;
    private volatile int vendorId;
    private volatile int subsystemVendorId;
    private volatile int minControllerId = 1;
    private volatile int maxControllerId = CntlidPool.MAX;
    private volatile int maxQueueId;
    private volatile boolean discovered;
    private volatile NamespaceTable namespaces = NamespaceTable.EMPTY;
    private boolean removed;

    // Written under the target's lock.
    private volatile boolean allowAnyHost;
    private final Map<String, Host> allowedHosts = new ConcurrentHashMap<>();

    /** Ports that export this subsystem; guarded by the target's lock. */
    int links;

    Subsystem(Target target, String nqn, boolean discovery) {
        this.target = target;
        this.nqn = nqn;
        this.discovery = discovery;
        this.roster = new ControllerRoster(target.controllerIds(), lock);
        this.allowAnyHost = discovery;
        this.maxQueueId = discovery ? 0 : MAX_QUEUE_ID;
    }

    /** Name on the wire, at most 223 bytes. */
    public String nqn() {
        return discovery ? target.discoveryNqn() : nqn;
    }

    public Target target() {
        return target;
    }

    /** Whether this is the discovery subsystem, whose controllers are discovery controllers. */
    public boolean isDiscovery() {
        return discovery;
    }

    public boolean allowAnyHost() {
        return allowAnyHost;
    }

    /** EINVAL while hosts are named in {@link #allowedHosts()}. Existing controllers stay. */
    public void allowAnyHost(boolean allow) {
        synchronized (target.lock()) {
            if (allow && !allowedHosts.isEmpty()) {
                throw new ConfigException(
                        Errno.EINVAL,
                        "%s has allowed hosts: attr_allow_any_host cannot be set".formatted(this));
            }
            if (allowAnyHost == allow) {
                return;
            }
            allowAnyHost = allow;
        }
        target.discoveryChanged(controller -> controller.port().exports(this));
    }

    /** Major shl 16 | minor shl 8 | tertiary: the VS property. */
    public int version() {
        return version;
    }

    public void version(int version) {
        identity("attr_version", () -> this.version = version);
    }

    /** Serial number without padding, 1 .. 20 printable characters. */
    public String serial() {
        return serial;
    }

    /** Blanks at the end are padding and as good as none. */
    public void serial(String serial) {
        identity(
                "attr_serial",
                () -> this.serial = printable("attr_serial", serial, 20).stripTrailing());
    }

    public String model() {
        return model;
    }

    public void model(String model) {
        identity("attr_model", () -> this.model = printable("attr_model", model, 40));
    }

    public String firmware() {
        return firmware;
    }

    public void firmware(String firmware) {
        identity("attr_firmware", () -> this.firmware = printable("attr_firmware", firmware, 8));
    }

    /** IEEE OUI, 24 bits. */
    public int ieeeOui() {
        return ieeeOui;
    }

    public void ieeeOui(int oui) {
        identity(
                "attr_ieee_oui",
                () -> ieeeOui = within("attr_ieee_oui", Integer.toUnsignedLong(oui), 0, 0xffffff));
    }

    public int vendorId() {
        return vendorId;
    }

    public void vendorId(int id) {
        vendorId = within("attr_vendor_id", id, 0, 0xffff);
    }

    public int subsystemVendorId() {
        return subsystemVendorId;
    }

    public void subsystemVendorId(int id) {
        subsystemVendorId = within("attr_subsys_vendor_id", id, 0, 0xffff);
    }

    public int minControllerId() {
        return minControllerId;
    }

    /** For new controllers. */
    public void minControllerId(int id) {
        locked(() -> minControllerId = within("attr_cntlid_min", id, 1, maxControllerId));
    }

    public int maxControllerId() {
        return maxControllerId;
    }

    /** For new controllers. */
    public void maxControllerId(int id) {
        locked(() -> maxControllerId = within("attr_cntlid_max", id, minControllerId, 0xffff));
    }

    /** I/O queues per controller, 1 .. 128. Changing it deletes every controller. */
    public int maxQueueId() {
        return maxQueueId;
    }

    public void maxQueueId(int id) {
        within("attr_qid_max", id, 1, MAX_QUEUE_ID);
        // One critical section: a controller made before it is evicted, one made after copies the
        // new limit.
        evict(_ -> true, () -> maxQueueId = id, "attr_qid_max of %s was set".formatted(this));
    }

    /** A controller executed Identify Controller: identity attributes are fixed from now on. Any thread. */
    public void markDiscovered() {
        if (!discovered) {
            locked(() ->
                    discovered = true); // under the lock, so that no identity change is half done
        }
    }

    /** ENOMEM when the number exists already or the subsystem is full. */
    public Namespace createNamespace(int nsid) {
        if (nsid == 0 || nsid == -1) {
            throw new ConfigException(
                    Errno.EINVAL, Integer.toUnsignedString(nsid) + " cannot be a namespace id");
        }
        lock.lock();
        try {
            refuseRemoved();
            if (namespaces.find(nsid) != null) {
                throw new ConfigException(
                        Errno.ENOMEM,
                        "namespace %s of %s exists already"
                                .formatted(Integer.toUnsignedString(nsid), nqn));
            }
            if (namespaces.list().size() >= MAX_NAMESPACES) {
                throw new ConfigException(
                        Errno.ENOMEM,
                        "%s has %d namespaces already".formatted(this, MAX_NAMESPACES));
            }
            Namespace namespace = new Namespace(this, nsid);
            namespaces = namespaces.with(namespace);
            return namespace;
        } finally {
            lock.unlock();
        }
    }

    /** Disables and removes; may take long. */
    public void removeNamespace(Namespace namespace) {
        namespace.retire();
        locked(() -> namespaces = namespaces.without(namespace));
    }

    /** The namespace with this id, enabled or not, or null. Data path. */
    public @Nullable Namespace namespace(int nsid) {
        return namespaces.find(nsid);
    }

    /** All namespaces in ascending order of id; an immutable copy. Data path. */
    public List<Namespace> namespaces() {
        return namespaces.list();
    }

    /** EINVAL while any host is allowed, EEXIST when allowed already. */
    public void allowHost(Host host) {
        synchronized (target.lock()) {
            target.refuseUnless(target.has(host), host);
            target.refuseUnless(target.has(this), this);
            if (allowAnyHost) {
                throw new ConfigException(
                        Errno.EINVAL,
                        "%s allows any host: %s cannot be added".formatted(this, host));
            }
            if (allowedHosts.putIfAbsent(host.nqn(), host) != null) {
                throw new ConfigException(
                        Errno.EEXIST, "%s is allowed by %s already".formatted(host, this));
            }
            host.allowances++;
        }
        tellHost(host);
    }

    /** Refuses new connects of the host; existing controllers stay. */
    public void disallowHost(Host host) {
        synchronized (target.lock()) {
            if (!allowedHosts.remove(host.nqn(), host)) {
                throw new ConfigException(
                        Errno.ENOENT, "%s is not allowed by %s".formatted(host, this));
            }
            host.allowances--;
        }
        tellHost(host);
    }

    public Collection<Host> allowedHosts() {
        return List.copyOf(allowedHosts.values());
    }

    /** Whether a host of this name may connect and sees the subsystem in discovery. */
    public boolean allows(String hostNqn) {
        return allowAnyHost || allowedHosts.containsKey(hostNqn);
    }

    /** Live controllers; a snapshot. */
    public Collection<Controller> controllers() {
        return roster.live();
    }

    /** The live controller with this id, or null. Any thread. */
    public @Nullable Controller controller(int id) {
        return roster.live(id);
    }

    /**
     * Takes in a new controller that came through {@code port}: allocates its id (lowest free in the
     * subsystem's range, unique in the target) and calls {@code make} with it, all under the
     * subsystem's short lock. Null: no id is free. Loops call this; it never waits for slow work.
     *
     * <p>Whoever ends an export first makes it visible ({@link Port#exports} turns false, or the
     * subsystem counts as removed) and then evicts controllers under the same lock. So a Connect that
     * got the lock earlier is evicted, and one that gets it later is refused here: none survives.
     *
     * @throws ConfigException ENOENT when the port no longer exports the subsystem
     */
    public @Nullable Controller admit(Port port, IntFunction<Controller> make) {
        lock.lock();
        try {
            refuseRemoved();
            if (!port.exports(this)) {
                throw new ConfigException(
                        Errno.ENOENT, "%s does not export %s".formatted(port, this));
            }
            return roster.admit(minControllerId, maxControllerId, make);
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a controller and frees its id. Idempotent; any thread. */
    public void forget(Controller controller) {
        roster.forget(controller);
    }

    /** Orders the end of a host's association before its next one. Any thread. */
    AssociationFence fence() {
        return fence;
    }

    ControllerRoster roster() {
        return roster;
    }

    /** Ends the controllers that came through {@code port}, which no longer exports this subsystem. */
    void evict(Port port, String reason) {
        evict(controller -> controller.port() == port, () -> {}, reason);
    }

    /** Ends all controllers; new ones may come. */
    void evictAll(String reason) {
        evict(_ -> true, () -> {}, reason);
    }

    /** No controller is admitted any more; all are ended. */
    void retire(String reason) {
        evict(_ -> true, () -> removed = true, reason);
    }

    /** Marks as removed unless something is in it; under the target's lock. */
    void retireIfEmpty() {
        lock.lock();
        try {
            if (!namespaces.list().isEmpty() || !allowedHosts.isEmpty()) {
                throw new ConfigException(
                        Errno.ENOTEMPTY,
                        "%s has %d namespaces and %d allowed hosts"
                                .formatted(this, namespaces.list().size(), allowedHosts.size()));
            }
            removed = true;
        } finally {
            lock.unlock();
        }
    }

    void tellControllers(Consumer<Controller> news) {
        ControllerRoster.tell(roster.live(), news);
    }

    private void evict(Predicate<Controller> doomed, Runnable change, String reason) {
        List<Controller> evicted;
        lock.lock();
        try {
            change.run();
            evicted = roster.evict(doomed);
        } finally {
            lock.unlock();
        }
        ControllerRoster.delete(evicted, reason);
    }

    private void tellHost(Host host) {
        target.discoveryChanged(controller ->
                controller.hostNqn().equals(host.nqn()) && controller.port().exports(this));
    }

    private void identity(String attribute, Runnable change) {
        locked(() -> {
            if (discovered) {
                throw new ConfigException(
                        Errno.EINVAL,
                        "hosts have identified %s: %s cannot change".formatted(this, attribute));
            }
            change.run();
        });
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
        } finally {
            lock.unlock();
        }
    }

    private void refuseRemoved() {
        if (removed) {
            throw new ConfigException(Errno.ENOENT, this + " has been removed");
        }
    }

    private static int within(String attribute, long value, long min, long max) {
        if (value < min || value > max) {
            throw new ConfigException(
                    Errno.EINVAL,
                    "%s: %d is not within %d .. %d".formatted(attribute, value, min, max));
        }
        return (int) value;
    }

    private static String printable(String attribute, String text, int maxLength) {
        if (text.isEmpty() || text.length() > maxLength) {
            throw new ConfigException(
                    Errno.EINVAL,
                    "%s: %d characters are not within 1 .. %d"
                            .formatted(attribute, text.length(), maxLength));
        }
        if (!text.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            throw new ConfigException(
                    Errno.EINVAL, attribute + ": only printable ASCII is allowed");
        }
        return text;
    }

    private static String randomSerial() {
        byte[] bytes = new byte[10];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public String toString() {
        return "subsystem " + nqn();
    }
}
