package org.jnvmet.p2pmem;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jnvmet.p2pmem.ControllerState.Own;
import org.jnvmet.p2pmem.PortState.Way;
import org.jnvmet.p2pmem.StagedPlacement.Terms;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Placement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the placements follow from the decisions on the {@link Board}; what does not change stays. Guarded by
 * the lock of {@link PeerStaging}.
 */
final class Placer {
    private static final Logger LOG = LoggerFactory.getLogger(Placer.class);

    private final Board board;
    private final BiConsumer<Medium, Board.Refusal> onRefused;

    Placer(Board board, BiConsumer<Medium, Board.Refusal> onRefused) {
        this.board = board;
        this.onRefused = onRefused;
    }

    /** Has all placements follow from the decisions. */
    void refresh() {
        List<StagedPlacement> ended = new ArrayList<>();
        for (PortState port : board.ports()) {
            List<Medium> all = board.enabledMedia(port.linked);
            port.ways.values().forEach(way -> rebuild(port, way, all, ended));
            port.publish();
        }
        board.controllers().forEach(controller -> place(controller, ended));
        ended.forEach(StagedPlacement::retire);
    }

    private void rebuild(PortState port, Way way, List<Medium> all, List<StagedPlacement> ended) {
        Map<Namespace, StagedPlacement> old = way.placements;
        Map<Namespace, StagedPlacement> next = new HashMap<>();
        Decision decision = way.decision;
        if (decision != null) {
            for (Medium medium : all) {
                Terms terms = terms(decision, medium, port.strict);
                StagedPlacement placement = old.get(medium.namespace());
                if (placement == null || placement.lost() || !placement.terms().equals(terms)) {
                    placement = placement(terms, port.port, medium);
                } else {
                    old.remove(medium.namespace());
                }
                next.put(medium.namespace(), placement);
            }
        }
        ended.addAll(old.values());
        way.placements = next;
    }

    private static Terms terms(Decision decision, Medium medium, boolean strict) {
        PeerPool pool = decision.pool();
        if (pool == null) {
            return new Terms(null, Objects.requireNonNull(decision.reason()), strict);
        }
        Verdict verdict = medium.verdict(pool.provider().address());
        return new Terms(pool, verdict == null ? null : verdict.reason(), strict);
    }

    private StagedPlacement placement(Terms terms, Port port, Medium medium) {
        PeerPool pool = terms.pool();
        return new StagedPlacement(
                terms,
                board.tally(port),
                board.tally(medium.namespace()),
                errno -> {
                    if (pool != null) {
                        onRefused.accept(medium, new Board.Refusal(pool, errno));
                    }
                });
    }

    /** Tells a controller where its data is staged: the port's decision goes before the namespace's. */
    void place(ControllerState state, List<StagedPlacement> ended) {
        Controller controller = state.controller;
        List<Medium> media = board.enabledMedia(List.of(controller.subsystem()));
        Way way = state.way;
        if (way == null) {
            hold(state, media); // it is settled soon
            return;
        }
        PortState port = board.port(controller.port());
        Map<Namespace, Placement> places = new HashMap<>();
        Map<Namespace, Own> own = new LinkedHashMap<>();
        if (port != null && port.linked.contains(controller.subsystem())) {
            for (Medium medium : media) {
                Namespace namespace = medium.namespace();
                StagedPlacement ports = way.placements.get(namespace);
                boolean decides =
                        ports != null && (ports.terms().pool() != null || ports.terms().strict());
                if (!decides && medium.setting().allowed()) {
                    Own chosen = own(state, way, medium, ended);
                    own.put(namespace, chosen);
                    places.put(namespace, chosen.placement);
                } else if (ports != null) {
                    places.put(namespace, ports);
                }
            }
        }
        controller.place(places);
        state.own
                .values()
                .forEach(left -> {
                    left.decision.drop();
                    ended.add(left.placement);
                });
        state.own.clear();
        state.own.putAll(own);
        endWaiting(state);
    }

    /** The decision for one namespace of one controller, taken out of those that it has. */
    private Own own(ControllerState state, Way way, Medium medium, List<StagedPlacement> ended) {
        Own known = state.own.remove(medium.namespace());
        Decision decision;
        if (known == null) {
            decision = board.decide(way, medium);
            LOG.info("{}, {}: {}", state.controller, medium.namespace(), decision.sentence());
        } else {
            decision = known.decision;
        }
        Terms terms = terms(decision, medium, false);
        if (known != null && !known.placement.lost() && known.placement.terms().equals(terms)) {
            return known;
        }
        if (known != null) {
            ended.add(known.placement);
        }
        return new Own(
                medium.namespace(), decision, placement(terms, state.controller.port(), medium));
    }

    /** Also what is enabled just now waits. */
    private static void hold(ControllerState state, List<Medium> media) {
        StagedPlacement undecided = state.undecided;
        if (state.waits && undecided != null) {
            Map<Namespace, Placement> places = new HashMap<>();
            media.forEach(medium -> places.put(medium.namespace(), undecided));
            state.controller.place(places);
        }
    }

    /** Who waits for the decision learns of it. */
    static void endWaiting(ControllerState state) {
        StagedPlacement undecided = state.undecided;
        if (state.waits && undecided != null) {
            state.waits = false;
            undecided.retire();
        }
    }
}
