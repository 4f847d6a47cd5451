package org.jnvmet.p2pmem;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.target.spi.Transport;
import org.jspecify.annotations.Nullable;

/** A port that exports something. Guarded by the lock of {@link PeerStaging}; loops read what is volatile. */
final class PortState {
    final Port port;
    final Tally tally;
    final Set<Subsystem> linked = new LinkedHashSet<>();

    /** By the key of the network side; in the order in which they came to be known. */
    final Map<String, Way> ways = new LinkedHashMap<>();

    volatile PeerMemory allowed;
    volatile boolean strict;

    /** By our address of a connection: where its commands are staged, as far as that is known. Replaced whole. */
    private volatile Map<String, Map<Namespace, Placement>> byAddress = Map.of();

    PortState(Port port, Tally tally) {
        this.port = port;
        this.tally = tally;
        allowed = port.allowedPeerMemory();
        strict = port.strictPeerMemory();
    }

    /** The way of that side; made at the first call. */
    Way way(NetworkSide side) {
        return ways.computeIfAbsent(side.key(), _ -> new Way(side, transport()));
    }

    /** Also before the port listens; null: there is none of that type. */
    private @Nullable Transport transport() {
        return port.target().transport(port.address().trtype());
    }

    /** For a controller that comes just now; null: its way is not known. Any thread. */
    @Nullable Map<Namespace, Placement> placements(String localAddress) {
        return byAddress.get(localAddress);
    }

    /** Makes the placements of all ways known to those who come. */
    void publish() {
        Map<String, Map<Namespace, Placement>> next = new HashMap<>();
        for (Way way : ways.values()) {
            Map<Namespace, Placement> all = Map.copyOf(way.placements);
            way.addresses.forEach(address -> next.put(address, all));
        }
        byAddress = Map.copyOf(next);
    }

    /** One interface by which hosts come, and what was decided for it. */
    static final class Way {
        final NetworkSide side;

        /** Which is asked to reach the memory; null: nobody is asked. */
        final @Nullable Transport transport;

        /** Ours, at which hosts come. */
        final Set<String> addresses = new HashSet<>();

        /** Null: nothing is allowed, or there is no namespace. */
        @Nullable Decision decision;

        Map<Namespace, StagedPlacement> placements = new HashMap<>();

        Way(NetworkSide side, @Nullable Transport transport) {
            this.side = side;
            this.transport = transport;
        }

        /** The former decision, if it is another one, is dropped. */
        void replace(@Nullable Decision next) {
            Decision old = decision;
            decision = next;
            if (old != null && !old.is(next)) {
                old.drop();
            }
        }
    }
}
