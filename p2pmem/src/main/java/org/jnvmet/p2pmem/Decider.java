package org.jnvmet.p2pmem;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jnvmet.p2pmem.PortState.Way;
import org.jnvmet.p2pmem.pci.Candidate;
import org.jnvmet.p2pmem.pci.Choice;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.MapType;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.p2pmem.pci.PciFunction;
import org.jnvmet.p2pmem.pci.PciPath;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.p2pmem.pci.Selection;
import org.jnvmet.p2pmem.pci.Selection.Reach;
import org.jnvmet.p2pmem.pool.DmaBufProvider;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.p2pmem.pool.Provider;
import org.jnvmet.p2pmem.pool.SysfsProvider;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes decisions and has them proved. Guarded by the lock of {@link PeerStaging}. */
final class Decider {
    private static final Logger LOG = LoggerFactory.getLogger(Decider.class);

    private final Path sysfs;
    private final Map<PciAddress, DmaBufProvider> handedIn;
    private final RandomGenerator random;
    private final long checkNanos;
    private final Map<PciAddress, PeerPool> pools = new TreeMap<>();

    /** {@code handedIn}: providers that are used instead of those that sysfs shows. */
    Decider(
            Path sysfs,
            Map<PciAddress, DmaBufProvider> handedIn,
            RandomGenerator random,
            long checkNanos) {
        this.sysfs = sysfs;
        this.handedIn = handedIn;
        this.random = random;
        this.checkNanos = checkNanos;
    }

    /** The memory of that function; mapped only while somebody uses it. */
    PeerPool pool(PciAddress address) {
        return pools.computeIfAbsent(address, each -> new PeerPool(provider(each)));
    }

    private Provider provider(PciAddress address) {
        DmaBufProvider given = handedIn.get(address);
        return given == null ? new SysfsProvider(sysfs, address) : given;
    }

    Collection<PeerPool> pools() {
        return List.copyOf(pools.values());
    }

    /** Ends a pool whose provider is gone; should that return, it gets another. */
    void close(PeerPool pool) {
        pools.remove(pool.provider().address());
        pool.close();
    }

    /** All pools that are still there are closed. */
    void close() {
        for (PeerPool pool : pools()) {
            close(pool);
        }
    }

    /** What the device of that side can register, as long as none was asked. */
    Registration registration(NetworkSide side) {
        return new Registration(side.registers(), handedIn.keySet());
    }

    /** What would be chosen; nothing is mapped. */
    Choice choose(
            PciTree tree,
            List<Client> clients,
            PeerMemory setting,
            Reach reach,
            Registration registration) {
        return Selection.choose(
                tree, clients, only(setting), reach, registration::obstacle, random);
    }

    private static @Nullable PciAddress only(PeerMemory setting) {
        String provider = setting.provider();
        return provider == null ? null : PciAddress.parse(provider);
    }

    /** Chooses, maps and has the way's device register the memory; of those that it refuses the next nearest. */
    Decision decide(PciTree tree, Way way, List<Client> clients, PeerMemory setting, Reach reach) {
        Registration registration = registration(way.side);
        while (true) {
            Choice choice = choose(tree, clients, setting, reach, registration);
            Candidate chosen = choice.chosen();
            if (chosen == null) {
                return new Decision(choice, null, whyNone(choice, setting), choice.verdict());
            }
            PciAddress provider = chosen.provider().address();
            PeerPool pool = pool(provider);
            try {
                pool.retain();
            } catch (ConfigException e) {
                return new Decision(
                        choice, null, FallBack.EXHAUSTED, String.valueOf(e.getMessage()));
            }
            Decision made = new Decision(choice, pool, null, choice.verdict());
            ConfigException refusal = reach(made, way, way.addresses);
            if (refusal == null) {
                return made;
            }
            made.drop();
            LOG.warn("{}: {}: {}", way.side, provider, refusal.getMessage());
            registration.refused(provider, refusal);
        }
    }

    private static FallBack whyNone(Choice choice, PeerMemory setting) {
        if (choice.clients().stream().anyMatch(client -> client.function() == null)) {
            return FallBack.NOT_ELIGIBLE;
        }
        PciAddress only = only(setting);
        boolean refused =
                choice.candidates().stream()
                        .filter(each -> only == null || only.equals(each.provider().address()))
                        .anyMatch(each -> each.unregistrable() != null);
        return refused ? FallBack.NOT_REGISTRABLE : FallBack.UNREACHABLE;
    }

    /** Has the devices with these addresses of ours reach the memory that is used; null: they do. */
    @Nullable ConfigException reach(Decision decision, Way way, Collection<String> addresses) {
        PeerPool pool = decision.pool();
        Transport transport = way.transport;
        if (pool == null || transport == null) {
            return null;
        }
        try {
            addresses.forEach(address -> pool.reach(transport, address));
            return null;
        } catch (ConfigException e) {
            return e;
        }
    }

    /** The decision in force without its memory, which the way's device does not take (any more). */
    Decision unregistrable(PciTree tree, Way way, Decision decision, ConfigException refusal) {
        Registration registration = registration(way.side);
        Choice former = decision.choice();
        Candidate used = decision.candidate();
        if (used != null) {
            registration.refused(used.provider().address(), refusal);
        }
        PciAddress only = used == null ? null : used.provider().address();
        Choice choice =
                Selection.choose(
                        tree, former.clients(), only, Reach.ANY, registration::obstacle, random);
        return new Decision(choice, null, FallBack.NOT_REGISTRABLE, choice.verdict());
    }

    /**
     * Decides for one way of a port and these media. A provider in use stays.
     *
     * @param keep whether the provider in use may stay
     * @return null when there are no media: nothing is to be decided
     * @throws ConfigException EINVAL when the provider in use stays and does not reach all media
     */
    @Nullable Decision decide(
            PciTree tree, Way way, List<Medium> media, PeerMemory setting, boolean keep) {
        if (media.isEmpty()) {
            return null;
        }
        Decision current = way.decision;
        Candidate used = current == null ? null : current.candidate();
        if (keep && current != null && used != null) {
            for (Medium medium : media) {
                requireReach(tree, used.provider().address(), medium);
            }
            prove(current, media);
            return current;
        }
        List<Client> clients = new ArrayList<>(way.side.clients(tree));
        media.forEach(medium -> clients.add(medium.client(tree)));
        Decision decision = decide(tree, way, clients, setting, Reach.SAME_HIERARCHY);
        prove(decision, media);
        return decision;
    }

    private void requireReach(PciTree tree, PciAddress provider, Medium medium) {
        Client client = medium.client(tree);
        PciFunction function = tree.function(provider);
        if (function == null) {
            return; // it vanishes; who looks after that will say so
        }
        String why = client.whyNot();
        if (client.function() != null) {
            PciPath path = Selection.path(tree, function, client);
            why = path.type() == MapType.BUS_ADDR ? null : path.why();
        }
        if (why != null) {
            throw new ConfigException(
                    Errno.EINVAL,
                    "the memory of %s, which the port uses, does not serve %s: %s"
                            .formatted(provider, medium.namespace(), why));
        }
    }

    /** Runs the self-check of each pair that has not been through it. */
    void prove(Decision decision, List<Medium> media) {
        PeerPool pool = decision.pool();
        if (pool == null) {
            return;
        }
        PciAddress provider = pool.provider().address();
        for (Medium medium : media) {
            Verdict known = medium.verdict(provider);
            if (known == null || known.isWorthAnotherTry()) {
                Verdict verdict = SelfCheck.run(medium, pool, random, checkNanos);
                medium.verdict(provider, verdict);
                if (verdict.passed()) {
                    LOG.debug("{}", verdict.sentence());
                } else {
                    LOG.warn("{}; its data stays in system memory", verdict.sentence());
                }
            }
        }
    }

    /** EINVAL unless all media may be staged by the decision. */
    static void insist(@Nullable Decision decision, List<Medium> media) {
        if (decision == null) {
            return; // no media
        }
        PeerPool pool = decision.pool();
        if (pool == null) {
            throw new ConfigException(
                    Errno.EINVAL, "p2pmem_strict is set and " + decision.sentence());
        }
        for (Medium medium : media) {
            Verdict verdict = medium.verdict(pool.provider().address());
            if (verdict != null && !verdict.passed()) {
                throw new ConfigException(
                        Errno.EINVAL, "p2pmem_strict is set and " + verdict.sentence());
            }
        }
    }

    /** EINVAL unless something was chosen. */
    static void insist(Choice choice) {
        if (choice.chosen() == null) {
            throw new ConfigException(Errno.EINVAL, "p2pmem_strict is set and " + choice.verdict());
        }
    }

    /** EINVAL unless some memory reaches the medium, as a namespace with {@code p2pmem} needs. */
    void requireServed(PciTree tree, Medium medium) {
        Registration any = new Registration(false, Set.of());
        Choice choice =
                choose(tree, List.of(medium.client(tree)), medium.setting(), Reach.ANY, any);
        if (choice.chosen() == null) {
            throw new ConfigException(
                    Errno.EINVAL,
                    "%s has p2pmem %s: %s"
                            .formatted(medium.namespace(), medium.setting(), choice.verdict()));
        }
    }
}
