package org.jnvmet.p2pmem.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The way between two functions: both climb until they meet, and what they pass on the way decides how one
 * reaches the memory of the other.
 */
final class Routing {
    private final PciTree tree;
    private final PciFunction provider;
    private final Client client;
    private final PciFunction function;
    private final List<PciFunction> providerSide = new ArrayList<>();
    private final List<PciFunction> clientSide = new ArrayList<>();

    private Routing(PciTree tree, PciFunction provider, Client client, PciFunction function) {
        this.tree = tree;
        this.provider = provider;
        this.client = client;
        this.function = function;
    }

    static PciPath path(PciTree tree, PciFunction provider, Client client) {
        PciFunction function = client.function();
        if (function == null) {
            throw new IllegalArgumentException(client.name() + " is not a PCI function");
        }
        return new Routing(tree, provider, client, function).path();
    }

    private PciPath path() {
        List<PciFunction> above = upFrom(function);
        PciFunction common = null;
        for (PciFunction at : upFrom(provider)) {
            providerSide.add(at);
            int met = indexOf(above, at);
            if (met >= 0) {
                common = at;
                clientSide.addAll(above.subList(0, met));
                break;
            }
        }
        if (common == null) {
            clientSide.addAll(above);
        }
        List<PciFunction> redirects = new ArrayList<>();
        providerSide.stream().filter(each -> each.acs().redirects()).forEach(redirects::add);
        clientSide.stream().filter(each -> each.acs().redirects()).forEach(redirects::add);
        int edges = providerSide.size() + clientSide.size() - (common == null ? 0 : 1);
        return verdict(common, edges, List.copyOf(redirects));
    }

    private PciPath verdict(
            @Nullable PciFunction common, int distance, List<PciFunction> redirects) {
        MapType type;
        String why;
        if (common != null && redirects.isEmpty()) {
            type = MapType.BUS_ADDR;
            why = direct(common);
        } else {
            String detour =
                    common == null
                            ? "no bridge is above both %s and %s"
                                    .formatted(name(provider), client())
                            : "ACS sends requests between %s and %s up to the root complex (%s)"
                                    .formatted(name(provider), client(), bits(redirects));
            String known = knownToRoute();
            type = known.isEmpty() ? MapType.NOT_SUPPORTED : MapType.THRU_HOST_BRIDGE;
            why =
                    known.isEmpty()
                            ? "%s, and %s".formatted(detour, notKnownToRoute())
                            : "%s, but %s".formatted(detour, known);
        }
        return new PciPath(
                provider,
                client,
                common,
                List.copyOf(providerSide),
                List.copyOf(clientSide),
                distance,
                redirects,
                type,
                why);
    }

    private String direct(PciFunction common) {
        String unseen = unseen();
        if (clientSide.isEmpty() && providerSide.size() == 1) {
            return "%s has the memory itself%s".formatted(client(), unseen);
        }
        return "%s and %s meet at %s %s%s"
                .formatted(name(provider), client(), kind(common), name(common), unseen);
    }

    /** What we do not know; it counts as not being there. */
    private String unseen() {
        long count =
                providerSide.stream().filter(Routing::isUnseen).count()
                        + clientSide.stream().filter(Routing::isUnseen).count();
        return count == 0
                ? ""
                : "; ACS of %d function%s on the way cannot be read, so redirection is not ruled out"
                        .formatted(count, count == 1 ? "" : "s");
    }

    private static boolean isUnseen(PciFunction each) {
        return each.acs().state() == Acs.State.UNREADABLE;
    }

    /** Why requests get from one root port to another; empty when nothing is known. */
    private String knownToRoute() {
        if (tree.cpuRoutesBetweenRootPorts()) {
            return "the processor routes between root ports (AMD family 17h or later)";
        }
        HostBridges.Routes from = routes(provider);
        if (sameHostBridge()) {
            return from == HostBridges.Routes.NOT_LISTED
                    ? ""
                    : "host bridge %s is known to route between its root ports"
                            .formatted(bridge(provider));
        }
        return from == HostBridges.Routes.EVERYWHERE
                        && routes(function) == HostBridges.Routes.EVERYWHERE
                ? "host bridges %s and %s are known to route to each other"
                        .formatted(bridge(provider), bridge(function))
                : "";
    }

    private String notKnownToRoute() {
        if (sameHostBridge()) {
            return "host bridge %s is not known to route between its root ports"
                    .formatted(bridge(provider));
        }
        for (PciFunction side : List.of(provider, function)) {
            if (routes(side) == HostBridges.Routes.WITHIN) {
                return "host bridge %s routes between its own root ports only"
                        .formatted(bridge(side));
            }
        }
        return "host bridges %s and %s are not both known to route to each other"
                .formatted(bridge(provider), bridge(function));
    }

    private HostBridges.Routes routes(PciFunction of) {
        return HostBridges.routes(tree.firstOfRootBus(of.hostBridge()));
    }

    private boolean sameHostBridge() {
        return provider.hostBridge().equals(function.hostBridge());
    }

    private String bridge(PciFunction of) {
        PciFunction first = tree.firstOfRootBus(of.hostBridge());
        return first == null
                ? of.hostBridge()
                : "%s (%04x:%04x)"
                        .formatted(
                                of.hostBridge(), first.vendor() & 0xffff, first.device() & 0xffff);
    }

    private String client() {
        return "%s (%s)".formatted(client.name(), function.address());
    }

    private static String bits(List<PciFunction> redirects) {
        return redirects.stream()
                .map(each -> each.address() + " " + each.acs().redirectBits())
                .collect(Collectors.joining(", "));
    }

    private static String name(PciFunction function) {
        return function.address().toString();
    }

    private static String kind(PciFunction common) {
        return switch (common.kind()) {
            case ROOT_PORT -> "root port";
            case UPSTREAM_PORT, DOWNSTREAM_PORT -> "switch port";
            case BRIDGE -> "bridge";
            case HOST_BRIDGE, ENDPOINT -> "function";
        };
    }

    /** A function and the bridges above it. */
    private static List<PciFunction> upFrom(PciFunction from) {
        List<PciFunction> way = new ArrayList<>();
        for (PciFunction at = from; at != null; at = at.upstream()) {
            way.add(at);
        }
        return way;
    }

    /** By address: two readings of one tree are not the same objects. */
    private static int indexOf(List<PciFunction> way, PciFunction wanted) {
        for (int i = 0; i < way.size(); i++) {
            if (way.get(i).address().equals(wanted.address())) {
                return i;
            }
        }
        return -1;
    }
}
