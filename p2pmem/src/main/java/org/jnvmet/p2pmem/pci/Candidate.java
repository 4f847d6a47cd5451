package org.jnvmet.p2pmem.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A provider as seen by all clients.
 *
 * @param paths one for each client that is a PCI function, in the order of the clients
 * @param distance sum of the paths' distances; -1: it cannot serve them all
 * @param type the worst of the paths
 * @param unregistrable why a device that must register memory cannot register this, though it lies well; null:
 *     it can, or need not, or does not lie well
 * @param verdict one sentence
 */
public record Candidate(
        PciFunction provider,
        List<PciPath> paths,
        int distance,
        MapType type,
        @Nullable String unregistrable,
        String verdict) {
    public boolean usable() {
        return distance >= 0;
    }
}
