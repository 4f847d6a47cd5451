package org.jnvmet.p2pmem;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jnvmet.p2pmem.ControllerState.Own;
import org.jnvmet.p2pmem.PortState.Way;
import org.jnvmet.p2pmem.pci.Choice;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.p2pmem.pci.Selection.Reach;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that decisions depend on, the decisions in force, and the placements that follow from them. Guarded
 * by the lock of {@link PeerStaging}.
 */
final class Board {
    private static final Logger LOG = LoggerFactory.getLogger(Board.class);

    private final Decider decider;
    private final Supplier<PciTree> reader;
    private final Placer placer;
    private final Map<Namespace, Medium> media = new LinkedHashMap<>();
    private final Map<Port, Tally> portTallies = new WeakHashMap<>();
    private final Map<Namespace, Tally> namespaceTallies = new WeakHashMap<>();

    /** Read by loops, too. */
    private final Map<Port, PortState> ports;

    private final Map<Controller, ControllerState> controllers;

    /** The topology, read once for each change. */
    private @Nullable PciTree tree;

    /** The kernel refused a provider's memory. */
    record Refusal(PeerPool pool, int errno) {}

    /**
     * @param ports concurrent, as is {@code controllers}
     * @param onRefused told without the lock
     */
    Board(
            Decider decider,
            Supplier<PciTree> reader,
            Map<Port, PortState> ports,
            Map<Controller, ControllerState> controllers,
            BiConsumer<Medium, Refusal> onRefused) {
        this.decider = decider;
        this.reader = reader;
        this.ports = ports;
        this.controllers = controllers;
        placer = new Placer(this, onRefused);
    }

    /** A change begins: the topology is read anew when it is needed. */
    void begin() {
        tree = null;
    }

    PciTree tree() {
        PciTree read = tree;
        if (read == null) {
            read = reader.get();
            tree = read;
        }
        return read;
    }

    Tally tally(Port port) {
        return portTallies.computeIfAbsent(port, _ -> new Tally());
    }

    Tally tally(Namespace namespace) {
        return namespaceTallies.computeIfAbsent(namespace, _ -> new Tally());
    }

    @Nullable PortState port(Port port) {
        return ports.get(port);
    }

    Collection<PortState> ports() {
        return ports.values();
    }

    Collection<ControllerState> controllers() {
        return controllers.values();
    }

    @Nullable Medium medium(Namespace namespace) {
        return media.get(namespace);
    }

    /** Media of enabled namespaces of these subsystems. */
    List<Medium> enabledMedia(Collection<Subsystem> subsystems) {
        return media.values().stream()
                .filter(medium -> medium.enabled)
                .filter(medium -> subsystems.contains(medium.namespace().subsystem()))
                .toList();
    }

    // ---- Changes of the configuration.

    void enable(Medium medium) {
        media.put(medium.namespace(), medium);
        if (medium.setting().allowed()) {
            decider.requireServed(tree(), medium);
        }
        Changes changes = new Changes();
        try {
            for (PortState port : ports.values()) {
                if (port.linked.contains(medium.namespace().subsystem())) {
                    List<Medium> all = new ArrayList<>(enabledMedia(port.linked));
                    all.add(medium);
                    decideAll(port, all, port.allowed, port.strict, true, changes);
                }
            }
        } catch (RuntimeException e) {
            changes.abandon();
            throw e;
        }
        medium.enabled = true;
        changes.commit();
        placer.refresh();
    }

    void disable(Medium medium) {
        media.remove(medium.namespace());
        medium.enabled = false;
        reconsider();
        placer.refresh();
    }

    void link(Port port, Subsystem subsystem) {
        PortState known = ports.get(port);
        PortState state = known == null ? new PortState(port, tally(port)) : known;
        if (known == null) {
            listen(state);
        }
        List<Subsystem> linked = new ArrayList<>(state.linked);
        linked.add(subsystem);
        Changes changes = new Changes();
        try {
            decideAll(state, enabledMedia(linked), state.allowed, state.strict, true, changes);
        } catch (RuntimeException e) {
            changes.abandon();
            throw e;
        }
        changes.commit();
        state.linked.add(subsystem);
        ports.put(port, state);
        placer.refresh();
    }

    /** A port that listens at one address has one way; others show their ways when hosts come. */
    private static void listen(PortState state) {
        Port.Address address = state.port.address();
        if (!NetworkSide.isAny(address.trtype(), address.traddr())) {
            Way way = state.way(NetworkSide.of(address.trtype(), address.traddr()));
            way.addresses.add(address.traddr());
        }
    }

    void unlink(Port port, Subsystem subsystem) {
        PortState state = ports.get(port);
        if (state == null || !state.linked.remove(subsystem)) {
            return;
        }
        if (state.linked.isEmpty()) {
            ports.remove(port);
            List<StagedPlacement> ended = new ArrayList<>();
            for (Way way : state.ways.values()) {
                way.replace(null);
                ended.addAll(way.placements.values());
                way.placements.clear();
            }
            state.publish();
            placer.refresh();
            ended.forEach(StagedPlacement::retire);
        } else {
            reconsider();
            placer.refresh();
        }
    }

    void change(Port port, PeerMemory allowed, boolean strict) {
        PortState state = ports.get(port);
        if (state == null) {
            return; // decided when it is linked
        }
        Changes changes = new Changes();
        boolean keep = allowed.equals(state.allowed);
        try {
            decideAll(state, enabledMedia(state.linked), allowed, strict, keep, changes);
        } catch (RuntimeException e) {
            changes.abandon();
            throw e;
        }
        changes.commit();
        state.allowed = allowed;
        state.strict = strict;
        placer.refresh();
    }

    /** A controller's way is known now; decides for a way that is new. */
    void settle(ControllerState controller) {
        PortState port = ports.get(controller.controller.port());
        if (port == null) {
            return; // it is being evicted
        }
        String address = controller.controller.localAddress();
        String transport = port.port.address().trtype();
        NetworkSide side = NetworkSide.of(transport, address);
        boolean known = port.ways.containsKey(side.key());
        Way way = port.way(side);
        controller.way = way;
        boolean shown = !way.addresses.add(address);
        boolean refused = known && registerAgain(controller, way, address);
        if (shown && !refused) {
            List<StagedPlacement> ended = new ArrayList<>();
            placer.place(controller, ended);
            ended.forEach(StagedPlacement::retire);
            return;
        }
        if (!known && port.allowed.allowed()) {
            way.replace(first(port, way));
        }
        placer.refresh();
    }

    /**
     * The way's device may be another one than when it was decided: it was taken away and is back, or the address
     * moved. True: it does not take the memory that is used, which is not used any more.
     */
    private boolean registerAgain(ControllerState controller, Way way, String address) {
        Decision current = way.decision;
        ConfigException refusal =
                current == null ? null : decider.reach(current, way, List.of(address));
        if (refusal == null || current == null) {
            return false;
        }
        LOG.warn("{}, {}: {}", controller.controller.port(), way.side, refusal.getMessage());
        way.replace(decider.unregistrable(tree(), way, current, refusal));
        return true;
    }

    /** The decision for a way that a host has just shown: there must be one, as commands may wait for it. */
    private @Nullable Decision first(PortState port, Way way) {
        try {
            Decision made =
                    decider.decide(tree(), way, enabledMedia(port.linked), port.allowed, false);
            if (made != null) {
                LOG.info("{}, {}: {}", port.port, way.side, made.sentence());
            }
            return made;
        } catch (RuntimeException e) {
            LOG.error("{}, {}: deciding failed", port.port, way.side, e);
            String sentence = "deciding failed: " + e;
            Choice none = new Choice(List.of(), List.of(), null, sentence);
            return new Decision(none, null, FallBack.UNREACHABLE, sentence);
        }
    }

    /** A controller has gone. */
    void forget(ControllerState controller) {
        controller
                .own
                .values()
                .forEach(own -> {
                    own.decision.drop();
                    own.placement.retire();
                });
        controller.own.clear();
        Placer.endWaiting(controller);
    }

    // ---- Decisions.

    private void decideAll(
            PortState port,
            List<Medium> all,
            PeerMemory allowed,
            boolean strict,
            boolean keep,
            Changes changes) {
        for (Way way : port.ways.values()) {
            Decision next =
                    allowed.allowed() ? decider.decide(tree(), way, all, allowed, keep) : null;
            changes.add(way, next);
            if (allowed.allowed() && strict) {
                Decider.insist(next, all);
                if (all.isEmpty()) {
                    requireInterface(way, allowed);
                }
            }
        }
    }

    /** Without namespaces there is nothing to decide, but what cannot become anything is refused. */
    private void requireInterface(Way way, PeerMemory allowed) {
        List<Client> clients = way.side.clients(tree());
        if (!clients.isEmpty()) {
            Registration registration = decider.registration(way.side);
            Choice choice =
                    decider.choose(tree(), clients, allowed, Reach.SAME_HIERARCHY, registration);
            Decider.insist(choice);
        }
    }

    /** Decides anew where nothing is used: what stood in the way may have gone. */
    private void reconsider() {
        for (PortState port : ports.values()) {
            List<Medium> all = enabledMedia(port.linked);
            for (Way way : port.ways.values()) {
                Decision current = way.decision;
                if (all.isEmpty()) {
                    way.replace(null);
                } else if (port.allowed.allowed() && (current == null || current.pool() == null)) {
                    Decision next = decider.decide(tree(), way, all, port.allowed, false);
                    boolean stillGone =
                            current != null
                                    && current.reason() == FallBack.VANISHED
                                    && next != null
                                    && next.pool() == null;
                    way.replace(stillGone ? current : next);
                }
            }
        }
    }

    /** Decides for one namespace whose controller came that way. */
    Decision decide(Way way, Medium medium) {
        List<Client> clients = new ArrayList<>(way.side.clients(tree()));
        clients.add(medium.client(tree()));
        Decision decision = decider.decide(tree(), way, clients, medium.setting(), Reach.ANY);
        decider.prove(decision, List.of(medium));
        return decision;
    }

    // ---- Providers that go and come.

    /** Whose providers are gone; looked at outside of any other change. */
    List<PeerPool> vanished() {
        return decider.pools().stream()
                .filter(pool -> pool.users() > 0 && !pool.provider().published())
                .toList();
    }

    /** Commands that follow are not staged there any more. */
    void lose(PeerPool pool) {
        PciAddress provider = pool.provider().address();
        LOG.warn(
                "{} is gone, or publishes its memory no longer: nothing is staged in it", provider);
        for (PortState port : ports.values()) {
            for (Way way : port.ways.values()) {
                lose(way.placements.values(), pool);
                Decision decision = way.decision;
                if (decision != null && decision.pool() == pool) {
                    way.decision = decision.vanished();
                }
            }
        }
        for (ControllerState controller : controllers.values()) {
            for (Own own : controller.own.values()) {
                lose(List.of(own.placement), pool);
                if (own.decision.pool() == pool) {
                    own.decision = own.decision.vanished();
                }
            }
        }
        media.values().forEach(medium -> medium.forget(provider));
        placer.refresh();
        decider.close(pool);
    }

    private static void lose(Collection<StagedPlacement> placements, PeerPool pool) {
        for (StagedPlacement placement : placements) {
            if (placement.terms().pool() == pool) {
                boolean _ = placement.lose(FallBack.VANISHED);
            }
        }
    }

    /** Looks for other memory, or for the same again, in place of what vanished. */
    void recover() {
        boolean found = false;
        for (PortState port : ports.values()) {
            for (Way way : port.ways.values()) {
                Decision current = way.decision;
                if (current != null && current.reason() == FallBack.VANISHED) {
                    Decision next =
                            decider.decide(
                                    tree(), way, enabledMedia(port.linked), port.allowed, false);
                    if (next != null && next.pool() != null) {
                        LOG.info("{}: {}", way.side, next.sentence());
                        way.decision = next;
                        found = true;
                    }
                }
            }
        }
        for (ControllerState controller : controllers.values()) {
            for (Own own : controller.own.values()) {
                found |= own.decision.reason() == FallBack.VANISHED && recover(controller, own);
            }
        }
        if (found) {
            placer.refresh();
        }
    }

    private boolean recover(ControllerState controller, Own own) {
        Way way = controller.way;
        Medium medium = media.get(own.namespace);
        if (way == null || medium == null) {
            return false;
        }
        Decision next = decide(way, medium);
        if (next.pool() == null) {
            return false;
        }
        own.decision = next;
        return true;
    }

    /** The kernel refused: nothing is staged for that pair any more. */
    void refused(Medium medium, Refusal refusal) {
        PciAddress provider = refusal.pool.provider().address();
        Verdict known = medium.verdict(provider);
        if (known != null && known.reason() == FallBack.REFUSED) {
            return;
        }
        Verdict verdict = Verdict.refused(provider, medium, refusal.errno);
        medium.verdict(provider, verdict);
        LOG.warn("{}; its data stays in system memory", verdict.sentence());
        placer.refresh();
    }

    /** Everything ends. */
    void close() {
        controllers.values().forEach(this::forget);
        controllers.clear();
        for (PortState port : List.copyOf(ports.values())) {
            for (Way way : port.ways.values()) {
                way.replace(null);
                way.placements.values().forEach(StagedPlacement::retire);
                way.placements.clear();
            }
            ports.remove(port.port);
        }
        media.clear();
        decider.close();
    }
}
