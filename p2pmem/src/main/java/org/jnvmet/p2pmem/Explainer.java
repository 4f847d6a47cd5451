package org.jnvmet.p2pmem;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jnvmet.p2pmem.ControllerState.Own;
import org.jnvmet.p2pmem.PortState.Way;
import org.jnvmet.p2pmem.pci.Candidate;
import org.jnvmet.p2pmem.pci.Choice;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.p2pmem.pci.Selection.Reach;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jspecify.annotations.Nullable;

/** Tells decisions with all their reasons, also those that would be made. Under the lock of {@link PeerStaging}. */
final class Explainer {
    private final Board board;
    private final Decider decider;

    private final PciTree tree;
    private final boolean real;

    /** Of what is. */
    Explainer(Board board, Decider decider) {
        this(board, decider, board.tree(), true);
    }

    private Explainer(Board board, Decider decider, PciTree tree, boolean real) {
        this.board = board;
        this.decider = decider;
        this.tree = tree;
        this.real = real;
    }

    /** Of what would be, were the machine that one. */
    static Explainer supposing(PciTree tree, Board board, Decider decider) {
        return new Explainer(board, decider, tree, false);
    }

    List<Explanation> explain(Port port, Subsystem subsystem) {
        PortState state = board.port(port);
        Set<Subsystem> subsystems = new LinkedHashSet<>(state == null ? Set.of() : state.linked);
        boolean linked = !subsystems.add(subsystem);
        List<Medium> media = board.enabledMedia(subsystems);
        List<Explanation> all = new ArrayList<>();
        for (Way way : ways(port, state)) {
            all.add(ofPort(port, way, media, linked));
            for (Medium medium : board.enabledMedia(List.of(subsystem))) {
                if (medium.setting().allowed()) {
                    all.add(ofNamespace(port, way, medium));
                }
            }
        }
        return all;
    }

    /** The interfaces that are known, or the one that the address names. */
    private static List<Way> ways(Port port, @Nullable PortState state) {
        if (state != null && !state.ways.isEmpty()) {
            return List.copyOf(state.ways.values());
        }
        Port.Address address = port.address();
        String traddr =
                NetworkSide.isAny(address.trtype(), address.traddr()) ? "any" : address.traddr();
        return List.of(new Way(NetworkSide.of(address.trtype(), traddr), null));
    }

    private Explanation ofPort(Port port, Way way, List<Medium> media, boolean linked) {
        PeerMemory setting = port.allowedPeerMemory();
        List<Client> clients = new ArrayList<>(way.side.clients(tree));
        media.forEach(medium -> clients.add(medium.client(tree)));
        PeerMemory tried = setting.allowed() ? setting : PeerMemory.AUTO;
        Choice choice =
                inForce(
                        decider.choose(
                                tree,
                                clients,
                                tried,
                                Reach.SAME_HIERARCHY,
                                registration(way, way.decision)),
                        way.decision);
        String outcome;
        if (!real) {
            outcome = supposed();
        } else if (!setting.allowed()) {
            outcome = "data is staged in system memory, as allow_p2pmem is 0";
        } else if (!linked) {
            outcome = "nothing is decided, as the subsystem is not linked to the port";
        } else if (media.isEmpty()) {
            outcome = "nothing is decided, as no namespace is enabled";
        } else {
            outcome = outcome(way.decision, media, port.strictPeerMemory());
        }
        return new Explanation(
                "%s, %s".formatted(port, way.side), "allow_p2pmem=" + setting, choice, outcome);
    }

    private Explanation ofNamespace(Port port, Way way, Medium medium) {
        Decision decision = null;
        for (ControllerState controller : board.controllers()) {
            Own own = controller.own.get(medium.namespace());
            if (own != null && controller.way == way) {
                decision = own.decision;
            }
        }
        List<Client> clients = new ArrayList<>(way.side.clients(tree));
        clients.add(medium.client(tree));
        Choice choice =
                inForce(
                        decider.choose(
                                tree,
                                clients,
                                medium.setting(),
                                Reach.ANY,
                                registration(way, decision)),
                        decision);
        Decision ports = way.decision;
        String outcome;
        if (!real) {
            outcome = supposed();
        } else if (ports != null && ports.pool() != null) {
            outcome = "the port decides, as it uses peer memory itself";
        } else if (decision == null) {
            outcome = "nothing is decided, as no controller has come by this interface";
        } else {
            outcome = outcome(decision, List.of(medium), false);
        }
        return new Explanation(
                "%s on %s, %s".formatted(medium.namespace(), port, way.side),
                "p2pmem=" + medium.setting(),
                choice,
                outcome);
    }

    /** With what the devices have refused since the decision was made. */
    private Registration registration(Way way, @Nullable Decision decision) {
        Registration registration = decider.registration(way.side);
        if (decision != null && real) {
            registration.recall(decision.choice());
        }
        return registration;
    }

    private String supposed() {
        return "this would be with the PCI functions of %s; nothing was tried or changed"
                .formatted(tree.root());
    }

    /** The choice as it stands now, with the provider that is in use, which chance may have picked. */
    private Choice inForce(Choice choice, @Nullable Decision decision) {
        Candidate used = decision == null || !real ? null : decision.candidate();
        if (used == null) {
            return choice;
        }
        PciAddress address = used.provider().address();
        for (Candidate candidate : choice.candidates()) {
            if (candidate.provider().address().equals(address)) {
                return new Choice(
                        choice.clients(),
                        choice.candidates(),
                        candidate,
                        "%s is in use: %s".formatted(address, candidate.verdict()));
            }
        }
        return choice;
    }

    private static String outcome(@Nullable Decision decision, List<Medium> media, boolean strict) {
        String elsewhere = strict ? "commands fail" : "data is staged in system memory";
        if (decision == null) {
            return elsewhere + ", as nothing is decided yet";
        }
        PeerPool pool = decision.pool();
        if (pool == null) {
            return elsewhere + ": " + decision.sentence();
        }
        PciAddress provider = pool.provider().address();
        StringBuilder text = new StringBuilder("data is staged in the memory of " + provider);
        for (Medium medium : media) {
            Verdict verdict = medium.verdict(provider);
            if (verdict != null) {
                text.append("; ").append(verdict.sentence());
                text.append(verdict.passed() ? "" : ", so " + elsewhere + " for it");
            }
        }
        return text.toString();
    }
}
