package org.jnvmet.target;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port: {@code ports/<id>}. It is enabled, and listens, from the first subsystem link to the removal of
 * the last; address and parameters are fixed while it is enabled. Configuration methods: any thread,
 * refusals as {@link ConfigException}.
 *
 * <p>The configuration lock is held while the transport starts or stops listening. Loops never take it;
 * they read the volatile fields.
 */
public final class Port {
    private static final Logger LOG = LoggerFactory.getLogger(Port.class);

    private final Target target;
    private final int id;
    private final PortAnaGroups anaGroups;
    private final PortReferrals referrals;
    private final ReentrantLock configuration = new ReentrantLock();

    // Written under the configuration lock.
    private volatile Address address = Address.UNSET;
    private volatile PortParameters parameters = PortParameters.UNSET;
    private volatile PeerMemory allowedPeerMemory = PeerMemory.OFF;
    private volatile boolean strictPeerMemory;
    private volatile int maxTransferBytes = PortParameters.MDTS_UNIT_BYTES;
    private volatile @Nullable Transport transport;
    private volatile List<Subsystem> subsystems = List.of();
    private Transport.@Nullable Listener listener;
    private boolean removed;

    Port(Target target, int id) {
        this.target = target;
        this.id = id;
        this.anaGroups = new PortAnaGroups(this);
        this.referrals = new PortReferrals(this);
    }

    public int id() {
        return id;
    }

    public Target target() {
        return target;
    }

    public boolean enabled() {
        return !subsystems.isEmpty();
    }

    /** EACCES while enabled: for callers who must say so before they look at a new value. */
    public void requireDisabled(String attribute) {
        if (enabled()) {
            throw new ConfigException(
                    Errno.EACCES, "%s is enabled: %s cannot change".formatted(this, attribute));
        }
    }

    public Address address() {
        return address;
    }

    /** Replaces the address; EACCES while enabled. */
    public void address(Address address) {
        changeAddress(_ -> address);
    }

    /** Changes parts of the address in one step; {@code change} runs only when a change is allowed. */
    public void changeAddress(UnaryOperator<Address> change) {
        whileDisabled(
                "its address",
                () -> {
                    Address next = change.apply(address);
                    next.validate();
                    address = next;
                });
    }

    /** As configured: -1, or the number found or chosen at link. */
    public int inlineDataBytes() {
        return parameters.inlineDataBytes();
    }

    public void inlineDataBytes(int bytes) {
        whileDisabled(
                "param_inline_data_size", () -> parameters = parameters.withInlineDataBytes(bytes));
    }

    /** As configured: -1, or the number of entries found or chosen at link. */
    public int maxQueueEntries() {
        return parameters.maxQueueEntries();
    }

    public void maxQueueEntries(int entries) {
        whileDisabled(
                "param_max_queue_size", () -> parameters = parameters.withMaxQueueEntries(entries));
    }

    /** As configured: -1 or 0 .. 255; the first link makes 0 (no limit) of -1. */
    public int mdts() {
        return parameters.mdts();
    }

    public void mdts(int mdts) {
        whileDisabled("param_mdts", () -> parameters = parameters.withMdts(mdts));
    }

    /** Whether, and where, the data of its hosts' I/O may be staged in PCI peer memory. */
    public PeerMemory allowedPeerMemory() {
        return allowedPeerMemory;
    }

    /** Whether nothing may be staged elsewhere than {@link #allowedPeerMemory()} says. */
    public boolean strictPeerMemory() {
        return strictPeerMemory;
    }

    /** Also while hosts are served: holds for the commands that follow. EINVAL when strict and there is none. */
    public void allowedPeerMemory(PeerMemory setting) {
        changePeerMemory(setting, strictPeerMemory);
    }

    /** As {@link #allowedPeerMemory(PeerMemory)}. */
    public void strictPeerMemory(boolean strict) {
        changePeerMemory(allowedPeerMemory, strict);
    }

    private void changePeerMemory(PeerMemory setting, boolean strict) {
        configuration.lock();
        try {
            refuseRemoved();
            target.staging().changing(this, setting, strict);
            allowedPeerMemory = setting;
            strictPeerMemory = strict;
        } finally {
            configuration.unlock();
        }
    }

    /** Largest transfer of one command in bytes, a power of two, and what Identify reports; the smaller of {@link #mdts()} and the transport's. */
    public int maxTransferBytes() {
        return maxTransferBytes;
    }

    /** The transport while enabled. */
    public @Nullable Transport transport() {
        return transport;
    }

    /** Exports a subsystem; the first link starts listening. EEXIST, EINVAL, or the errno of listen. */
    public void link(Subsystem subsystem) {
        configuration.lock();
        try {
            refuseRemoved();
            if (exports(subsystem)) {
                throw new ConfigException(
                        Errno.EEXIST, "%s exports %s already".formatted(this, subsystem));
            }
            target.retain(subsystem);
            boolean linked = false;
            try {
                target.staging().linking(this, subsystem);
                if (enabled()) {
                    subsystems = Stream.concat(subsystems.stream(), Stream.of(subsystem)).toList();
                } else {
                    start(subsystem);
                }
                linked = true;
            } finally {
                if (!linked) {
                    letGo(subsystem);
                }
            }
            LOG.info("{} exports {}", this, subsystem);
        } finally {
            configuration.unlock();
        }
        announce(subsystem);
    }

    /** Ends the export: deletes the controllers that came through it; the last unlink stops listening. */
    public void unlink(Subsystem subsystem) {
        configuration.lock();
        try {
            if (!subsystems.contains(subsystem)) {
                throw new ConfigException(
                        Errno.ENOENT, "%s does not export %s".formatted(this, subsystem));
            }
            if (subsystems.size() == 1) {
                stopListening(); // first: a host that returns shall not be refused for good
            }
            // First hide, then evict: see Subsystem.admit for why no controller slips through.
            subsystems = subsystems.stream().filter(other -> other != subsystem).toList();
            subsystem.evict(this, "%s no longer exports %s".formatted(this, subsystem));
            if (!enabled()) {
                endTransport();
            }
            letGo(subsystem);
            LOG.info("{} no longer exports {}", this, subsystem);
        } finally {
            configuration.unlock();
        }
        announce(subsystem);
    }

    private void letGo(Subsystem subsystem) {
        try {
            target.staging().unlinked(this, subsystem);
        } finally {
            target.release(subsystem);
        }
    }

    /** Linked subsystems in the order of linking; an immutable copy. */
    public List<Subsystem> subsystems() {
        return subsystems;
    }

    /** Every enabled port exports the discovery subsystem, too. Any thread. */
    public boolean exports(Subsystem subsystem) {
        return subsystem.isDiscovery() ? enabled() : subsystems.contains(subsystem);
    }

    public Referral createReferral(String name) {
        configuration.lock();
        try {
            refuseRemoved();
            return referrals.create(name);
        } finally {
            configuration.unlock();
        }
    }

    /** Disables the referral first. */
    public void removeReferral(Referral referral) {
        referrals.remove(referral);
    }

    public Collection<Referral> referrals() {
        return referrals.all();
    }

    /** Makes group 2 .. 128 known on this port, inaccessible at first. */
    public void createAnaGroup(int group) {
        anaGroups.create(group);
    }

    public void removeAnaGroup(int group) {
        anaGroups.remove(group);
    }

    /** State of a group on this port; inaccessible when the port does not know it. Data path. */
    public AnaState anaState(int group) {
        return anaGroups.state(group);
    }

    public void anaState(int group, AnaState state) {
        anaGroups.state(group, state);
    }

    /** Marks as removed; ENOTEMPTY while something hangs on it. */
    void retire() {
        configuration.lock();
        try {
            refuseRemoved();
            if (enabled() || !referrals().isEmpty() || !anaGroups.onlyDefault()) {
                throw new ConfigException(
                        Errno.ENOTEMPTY, this + " has subsystems, referrals or ANA groups");
            }
            removed = true;
        } finally {
            configuration.unlock();
        }
    }

    /** Target's end, step one: hosts look for another path. */
    void makeInaccessible() {
        anaGroups.shutDown();
    }

    /** Target's end, step two. False when somebody held the configuration for more than {@code nanos}. */
    boolean shutDown(long nanos) throws InterruptedException {
        if (!configuration.tryLock(nanos, TimeUnit.NANOSECONDS)) {
            return false;
        }
        try {
            removed = true;
            stopListening(); // before the exports vanish: see TargetShutdown
            endTransport();
            subsystems = List.of();
            return true;
        } finally {
            configuration.unlock();
        }
    }

    static void checkId(int id) {
        if (id < 0 || id > 0xffff) {
            throw new ConfigException(
                    Errno.EINVAL, "port id %d is not within 0 .. 65535".formatted(id));
        }
    }

    /**
     * Listens for the first subsystem. The export is visible before the first connection can arrive: a
     * host that reconnects at that very moment must not be told that the subsystem is unknown.
     */
    private void start(Subsystem first) {
        PortParameters before = parameters;
        boolean listening = false;
        try {
            Transport chosen = chooseTransport();
            parameters = before.within(chosen.limits());
            maxTransferBytes = parameters.maxTransferBytes(chosen.limits());
            transport = chosen;
            subsystems = List.of(first);
            listener = chosen.listen(target, this);
            listening = true;
        } finally {
            if (!listening) {
                subsystems = List.of();
                transport = null;
                parameters = before;
                first.evict(this, this + " could not listen");
            }
        }
    }

    private Transport chooseTransport() {
        String trtype = address.trtype();
        if (trtype.isEmpty()) {
            throw new ConfigException(
                    Errno.EINVAL, this + ": addr_trtype is not set, subsystems cannot be linked");
        }
        Transport found = target.transport(trtype);
        if (found == null) {
            throw new ConfigException(
                    Errno.EINVAL, "%s: this build has no %s transport".formatted(this, trtype));
        }
        return found;
    }

    private void stopListening() {
        Transport.Listener ending = listener;
        listener = null;
        if (ending != null) {
            try {
                ending.close();
            } catch (RuntimeException e) {
                LOG.error("{}: closing its listener failed", this, e);
            }
        }
    }

    private void endTransport() {
        transport = null;
        target.discoverySubsystem().evict(this, this + " is disabled");
    }

    private void announce(Subsystem subsystem) {
        target.discoveryChanged(
                controller -> controller.port() == this && subsystem.allows(controller.hostNqn()));
    }

    private void whileDisabled(String what, Runnable change) {
        configuration.lock();
        try {
            refuseRemoved();
            requireDisabled(what);
            change.run();
        } finally {
            configuration.unlock();
        }
    }

    private void refuseRemoved() {
        if (removed) {
            throw new ConfigException(Errno.ENOENT, this + " has been removed");
        }
    }

    @Override
    public String toString() {
        return "port " + id;
    }

    /**
     * Address of a port or referral as configured, all as text of the tree; empty when unset.
     *
     * @param trtype "tcp", "rdma", "loop", "fc", "pci" or ""
     * @param adrfam "ipv4", "ipv6", "ib", "fc", "pci", "loop" or ""
     * @param treq "not specified", "required" or "not required"
     * @param tsas tcp: "none" or "tls1.3"; rdma: "connected"; else ""
     */
    public record Address(
            String trtype, String adrfam, String traddr, String trsvcid, String treq, String tsas) {
        /** What mkdir gives. */
        public static final Address UNSET = new Address("", "", "", "", "not specified", "");

        /** Bytes of TRADDR in the discovery log. */
        public static final int MAX_TRADDR_BYTES = 256;

        /** Bytes of TRSVCID in the discovery log. */
        public static final int MAX_TRSVCID_BYTES = 32;

        private static final Set<String> TRTYPES = Set.of("", "tcp", "rdma", "loop", "fc", "pci");
        private static final Set<String> ADRFAMS =
                Set.of("", "ipv4", "ipv6", "ib", "fc", "pci", "loop");
        private static final Set<String> TREQS =
                Set.of("not specified", "required", "not required");

        /** A transport type starts with its own default of {@code tsas}. */
        public Address withTrtype(String trtype) {
            return new Address(trtype, adrfam, traddr, trsvcid, treq, defaultTsas(trtype));
        }

        public Address withAdrfam(String adrfam) {
            return new Address(trtype, adrfam, traddr, trsvcid, treq, tsas);
        }

        public Address withTraddr(String traddr) {
            return new Address(trtype, adrfam, traddr, trsvcid, treq, tsas);
        }

        public Address withTrsvcid(String trsvcid) {
            return new Address(trtype, adrfam, traddr, trsvcid, treq, tsas);
        }

        public Address withTreq(String treq) {
            return new Address(trtype, adrfam, traddr, trsvcid, treq, tsas);
        }

        /** Giving up the secure channel of TCP also gives up requiring one. */
        public Address withTsas(String tsas) {
            String nextTreq = trtype.equals("tcp") && tsas.equals("none") ? UNSET.treq : treq;
            return new Address(trtype, adrfam, traddr, trsvcid, nextTreq, tsas);
        }

        void validate() {
            require(TRTYPES.contains(trtype), "addr_trtype", trtype);
            require(ADRFAMS.contains(adrfam), "addr_adrfam", adrfam);
            require(TREQS.contains(treq), "addr_treq", treq);
            require(bytes(traddr) <= MAX_TRADDR_BYTES, "addr_traddr", traddr);
            require(bytes(trsvcid) <= MAX_TRSVCID_BYTES, "addr_trsvcid", trsvcid);
            if (trtype.equals("tcp") && tsas.equals("tls1.3")) {
                throw new ConfigException(Errno.EINVAL, "addr_tsas: TLS is not built in");
            }
            require(tsas.equals(defaultTsas(trtype)), "addr_tsas", tsas);
        }

        private static String defaultTsas(String trtype) {
            return switch (trtype) {
                case "tcp" -> "none";
                case "rdma" -> "connected";
                default -> "";
            };
        }

        private static int bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8).length;
        }

        private static void require(boolean allowed, String attribute, String value) {
            if (!allowed) {
                throw new ConfigException(
                        Errno.EINVAL, "%s: \"%s\" is not allowed".formatted(attribute, value));
            }
        }
    }
}
