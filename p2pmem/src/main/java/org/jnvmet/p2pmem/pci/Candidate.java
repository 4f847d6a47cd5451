package org.jnvmet.p2pmem.pci;

import java.util.List;

/**
 * A provider as seen by all clients.
 *
 * @param paths one for each client that is a PCI function, in the order of the clients
 * @param distance sum of the paths' distances; -1: it cannot serve them all
 * @param type the worst of the paths
 * @param verdict one sentence
 */
public record Candidate(
        PciFunction provider, List<PciPath> paths, int distance, MapType type, String verdict) {
    public boolean usable() {
        return distance >= 0;
    }
}
