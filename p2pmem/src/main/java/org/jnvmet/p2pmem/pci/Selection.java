package org.jnvmet.p2pmem.pci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Chooses providers. Pure: the same tree, clients and random numbers give the same choice. */
public final class Selection {
    /** Which ways count. */
    public enum Reach {
        /** Only by bus address, below a common bridge: {@code allow_p2pmem} of a port. */
        SAME_HIERARCHY,
        /** Also through host bridges that route: {@code p2pmem} of a namespace. */
        ANY
    }

    private static final int NOT_USABLE = -1;

    /** The nearer first; of those equally near, the one whose requests stay below a switch. */
    private static final Comparator<Candidate> BETTER =
            Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::type);

    private Selection() {}

    /** The way between two functions; {@code client} has a function. */
    public static PciPath path(PciTree tree, PciFunction provider, Client client) {
        return Routing.path(tree, provider, client);
    }

    /**
     * The published provider with the smallest sum of distances to all clients; at equal distance the one
     * with the better map type; of equal ones any.
     *
     * @param only the address of the one provider that may be chosen, or null
     */
    public static Choice choose(
            PciTree tree,
            List<Client> clients,
            @Nullable PciAddress only,
            Reach reach,
            RandomGenerator random) {
        return choose(tree, clients, only, reach, _ -> null, random);
    }

    /**
     * As {@link #choose(PciTree, List, PciAddress, Reach, RandomGenerator)}, of the memory that can be registered.
     *
     * @param unregistrable why a provider's memory cannot be; null: it can
     */
    public static Choice choose(
            PciTree tree,
            List<Client> clients,
            @Nullable PciAddress only,
            Reach reach,
            Function<PciFunction, @Nullable String> unregistrable,
            RandomGenerator random) {
        List<Candidate> candidates = new ArrayList<>();
        for (PciFunction function : tree.functions()) {
            if (function.isProvider()) {
                String why = unregistrable.apply(function);
                candidates.add(candidate(tree, function, clients, reach, why));
            }
        }
        List<Candidate> nearest = nearest(candidates, only);
        Candidate chosen =
                switch (nearest.size()) {
                    case 0 -> null;
                    case 1 -> nearest.getFirst();
                    default -> nearest.get(random.nextInt(nearest.size()));
                };
        String verdict =
                chosen == null
                        ? whyNone(tree, clients, candidates, only)
                        : whyChosen(chosen, candidates, nearest.size(), only);
        return new Choice(List.copyOf(clients), List.copyOf(candidates), chosen, verdict);
    }

    private static List<Candidate> nearest(List<Candidate> candidates, @Nullable PciAddress only) {
        List<Candidate> nearest = new ArrayList<>();
        for (Candidate candidate : candidates) {
            boolean allowed = only == null || only.equals(candidate.provider().address());
            if (allowed && candidate.usable()) {
                int order = nearest.isEmpty() ? 0 : BETTER.compare(candidate, nearest.getFirst());
                if (order < 0) {
                    nearest.clear();
                }
                if (order <= 0) {
                    nearest.add(candidate);
                }
            }
        }
        return nearest;
    }

    private static Candidate candidate(
            PciTree tree,
            PciFunction provider,
            List<Client> clients,
            Reach reach,
            @Nullable String unregistrable) {
        List<PciPath> paths =
                clients.stream()
                        .filter(client -> client.function() != null)
                        .map(client -> path(tree, provider, client))
                        .toList();
        MapType worst = MapType.BUS_ADDR;
        int distance = 0;
        for (PciPath path : paths) {
            worst = path.type().compareTo(worst) > 0 ? path.type() : worst;
            distance += path.distance();
        }
        String obstacle = obstacle(clients, paths, reach);
        if (!obstacle.isEmpty()) {
            return new Candidate(
                    provider, paths, NOT_USABLE, worst, null, "not usable: " + obstacle);
        }
        if (unregistrable != null) {
            return new Candidate(
                    provider,
                    paths,
                    NOT_USABLE,
                    worst,
                    unregistrable,
                    "not registrable: " + unregistrable);
        }
        String verdict =
                "usable at distance %d %s"
                        .formatted(
                                distance,
                                worst == MapType.BUS_ADDR
                                        ? "by bus address"
                                        : "through the host bridge");
        return new Candidate(provider, paths, distance, worst, null, verdict);
    }

    /** What keeps a provider from serving all clients; empty: nothing does. */
    private static String obstacle(List<Client> clients, List<PciPath> paths, Reach reach) {
        if (clients.isEmpty()) {
            return "there is nobody to serve";
        }
        for (Client client : clients) {
            if (client.function() == null) {
                return "%s cannot reach peer memory: %s".formatted(client.name(), client.whyNot());
            }
        }
        for (PciPath path : paths) {
            if (path.type() == MapType.NOT_SUPPORTED) {
                return path.why();
            }
        }
        for (PciPath path : paths) {
            if (reach == Reach.SAME_HIERARCHY && path.type() != MapType.BUS_ADDR) {
                return path.why() + "; a port wants memory below a common bridge";
            }
        }
        return "";
    }

    private static String whyChosen(
            Candidate chosen, List<Candidate> candidates, int equals, @Nullable PciAddress only) {
        String name = "%s is %s".formatted(chosen.provider().address(), chosen.verdict());
        if (only != null) {
            return name + ", the one that was asked for";
        }
        if (equals > 1) {
            return "%s, picked from %d that are equally near".formatted(name, equals);
        }
        long usable = candidates.stream().filter(Candidate::usable).count();
        if (usable == 1) {
            return name + ", the only one";
        }
        boolean byType =
                candidates.stream()
                        .anyMatch(each ->
                                each.distance() == chosen.distance()
                                        && each.type() != chosen.type());
        return name
                + (byType
                        ? ", which is preferred to those equally near through the host bridge"
                        : ", the nearest of %d".formatted(usable));
    }

    private static String whyNone(
            PciTree tree,
            List<Client> clients,
            List<Candidate> candidates,
            @Nullable PciAddress only) {
        if (only != null) {
            return whyNotThat(tree, candidates, only);
        }
        String unable =
                clients.stream()
                        .filter(client -> client.function() == null)
                        .map(client -> "%s: %s".formatted(client.name(), client.whyNot()))
                        .collect(Collectors.joining("; "));
        if (!unable.isEmpty()) {
            return "no memory reaches " + unable;
        }
        if (candidates.isEmpty()) {
            return "no function has published peer memory";
        }
        if (candidates.size() == 1) {
            Candidate one = candidates.getFirst();
            return "%s is %s".formatted(one.provider().address(), one.verdict());
        }
        return "none of %d providers is usable; %s is %s"
                .formatted(
                        candidates.size(),
                        candidates.getFirst().provider().address(),
                        candidates.getFirst().verdict());
    }

    private static String whyNotThat(PciTree tree, List<Candidate> candidates, PciAddress only) {
        for (Candidate candidate : candidates) {
            if (candidate.provider().address().equals(only)) {
                return "%s is %s".formatted(only, candidate.verdict());
            }
        }
        PciFunction function = tree.function(only);
        if (function == null) {
            return "there is no PCI function " + only;
        }
        return function.memory() == null
                ? only + " has no peer memory"
                : only + " does not publish its peer memory";
    }
}
