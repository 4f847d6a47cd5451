package org.jnvmet.p2pmem.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way between a provider and a client.
 *
 * @param commonAncestor where the two ways up meet; null: under different root ports
 * @param providerSide from the provider up to and including the common ancestor, or the last bridge
 * @param clientSide from the client up to but excluding the common ancestor, or to and including the last bridge
 * @param distance hops: edges to the common ancestor, or functions on both sides
 * @param redirects functions on the way whose ACS redirects
 * @param type how the client reaches the memory
 * @param why the verdict in one sentence
 */
public record PciPath(
        PciFunction provider,
        Client client,
        @Nullable PciFunction commonAncestor,
        List<PciFunction> providerSide,
        List<PciFunction> clientSide,
        int distance,
        List<PciFunction> redirects,
        MapType type,
        String why) {}
