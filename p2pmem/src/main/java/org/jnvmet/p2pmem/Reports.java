package org.jnvmet.p2pmem;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jnvmet.p2pmem.ControllerState.Own;
import org.jnvmet.p2pmem.PortState.Way;
import org.jnvmet.p2pmem.pci.Candidate;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jspecify.annotations.Nullable;

/** The texts of {@code p2pmem_status}: lines of a key and its value, always all of them. */
final class Reports {
    private static final String NOTHING = "none";

    private Reports() {}

    /** Who stages data in that memory. */
    static List<String> clients(Board board, PeerPool pool) {
        Set<String> names = new LinkedHashSet<>();
        for (PortState port : board.ports()) {
            if (port.ways.values().stream().anyMatch(way -> uses(way.decision, pool))) {
                names.add(port.port.toString());
            }
        }
        for (ControllerState controller : board.controllers()) {
            controller.own.values().stream()
                    .filter(own -> uses(own.decision, pool))
                    .forEach(own -> names.add(own.namespace.toString()));
        }
        return List.copyOf(names);
    }

    private static boolean uses(@Nullable Decision decision, PeerPool pool) {
        return decision != null && decision.pool() == pool;
    }

    /** One reason for each interface that hosts come by. */
    static String status(Board board, Port port) {
        PortState state = board.port(port);
        Map<String, String> reasons = new LinkedHashMap<>();
        List<Decision> decisions = new ArrayList<>();
        if (!port.allowedPeerMemory().allowed()) {
            reasons.put("", "allow_p2pmem is 0");
        } else if (state == null) {
            reasons.put("", "no subsystem is linked");
        } else if (state.ways.isEmpty()) {
            reasons.put("", "no host has come yet, which shows the interface");
        } else {
            for (Way way : state.ways.values()) {
                Decision decision = way.decision;
                if (decision == null) {
                    reasons.put(way.side.toString(), "no namespace is enabled");
                } else {
                    decisions.add(decision);
                    reasons.put(way.side.toString(), sentence(decision, board, state));
                }
            }
        }
        return text(decisions, board.tally(port), reasons);
    }

    /** What was decided, and which namespaces are out of it. */
    private static String sentence(Decision decision, Board board, PortState state) {
        StringBuilder text = new StringBuilder(decision.sentence());
        PeerPool pool = decision.pool();
        if (pool != null) {
            for (Medium medium : board.enabledMedia(state.linked)) {
                Verdict verdict = medium.verdict(pool.provider().address());
                if (verdict != null && !verdict.passed()) {
                    text.append("; ").append(verdict.sentence());
                }
            }
        }
        return text.toString();
    }

    static String status(Board board, Namespace namespace) {
        Map<String, String> reasons = new LinkedHashMap<>();
        List<Decision> decisions = new ArrayList<>();
        Medium medium = board.medium(namespace);
        if (medium == null || !medium.enabled) {
            reasons.put("", "the namespace is disabled");
        } else {
            for (ControllerState controller : board.controllers()) {
                Own own = controller.own.get(namespace);
                if (own != null) {
                    note(
                            own.decision,
                            controller.controller.toString(),
                            medium,
                            decisions,
                            reasons);
                }
            }
            for (PortState port : board.ports()) {
                if (port.linked.contains(namespace.subsystem())) {
                    port.ways
                            .values()
                            .forEach(way ->
                                    note(
                                            way.decision,
                                            port.port + " " + way.side,
                                            medium,
                                            decisions,
                                            reasons));
                }
            }
            if (reasons.isEmpty()) {
                reasons.put(
                        "",
                        medium.setting().allowed()
                                ? "no controller is connected"
                                : "p2pmem is 0, and so is allow_p2pmem of its ports");
            }
        }
        return text(decisions, board.tally(namespace), reasons);
    }

    private static void note(
            @Nullable Decision decision,
            String subject,
            Medium medium,
            List<Decision> decisions,
            Map<String, String> reasons) {
        if (decision == null) {
            return;
        }
        decisions.add(decision);
        PeerPool pool = decision.pool();
        Verdict verdict = pool == null ? null : medium.verdict(pool.provider().address());
        String proof = verdict == null ? "" : "; " + verdict.sentence();
        reasons.put(subject, decision.sentence() + proof);
    }

    private static String text(List<Decision> decisions, Tally tally, Map<String, String> reasons) {
        Set<String> providers = new LinkedHashSet<>();
        Set<String> distances = new LinkedHashSet<>();
        Set<String> types = new LinkedHashSet<>();
        for (Decision decision : decisions) {
            Candidate candidate = decision.candidate();
            if (candidate != null) {
                providers.add(candidate.provider().address().toString());
                distances.add(Integer.toString(candidate.distance()));
                types.add(candidate.type().toString());
            }
        }
        StringBuilder text = new StringBuilder();
        line(text, "provider", joined(providers));
        line(text, "distance", joined(distances));
        line(text, "map_type", joined(types));
        line(text, "commands_staged", Long.toString(tally.stagedCommands()));
        line(text, "bytes_staged", Long.toString(tally.stagedBytes()));
        for (FallBack reason : FallBack.values()) {
            line(text, "fallback_" + reason.key(), Long.toString(tally.fallBackCommands(reason)));
        }
        long bytes = 0;
        for (FallBack reason : FallBack.values()) {
            bytes += tally.fallBackBytes(reason);
        }
        line(text, "bytes_fallback", Long.toString(bytes));
        reasons.forEach((subject, reason) ->
                line(text, "reason", subject.isEmpty() ? reason : subject + ": " + reason));
        return text.toString();
    }

    private static String joined(Set<String> values) {
        return values.isEmpty() ? NOTHING : String.join(",", values);
    }

    private static void line(StringBuilder text, String key, String value) {
        text.append(key).append(' ').append(value).append('\n');
    }
}
