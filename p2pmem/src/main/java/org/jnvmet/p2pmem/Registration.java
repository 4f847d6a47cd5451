package org.jnvmet.p2pmem;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jnvmet.p2pmem.pci.Candidate;
import org.jnvmet.p2pmem.pci.Choice;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.p2pmem.pci.PciFunction;
import org.jnvmet.target.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * Which memory the device of one network side can register. RDMA devices take a dma-buf alone: what sysfs
 * maps cannot be pinned for long. Whether a device takes a dma-buf is known when it was tried. One thread.
 */
final class Registration {
    /** How a transport begins its refusal. */
    private static final String HEAD = "not registrable: ";

    private final boolean needed;
    private final Set<PciAddress> dmaBufs;
    private final Map<PciAddress, String> refused = new HashMap<>();

    /** {@code needed}: whether anything is registered at all; {@code dmaBufs}: providers that are dma-bufs. */
    Registration(boolean needed, Set<PciAddress> dmaBufs) {
        this.needed = needed;
        this.dmaBufs = dmaBufs;
    }

    /** Why that memory cannot be registered; null: nothing is known against it. */
    @Nullable String obstacle(PciFunction provider) {
        if (!needed) {
            return null;
        }
        String refusal = refused.get(provider.address());
        if (refusal != null) {
            return refusal;
        }
        return dmaBufs.contains(provider.address())
                ? null
                : "RDMA devices register a dma-buf, and this is the memory of sysfs (p2pmem/allocate);"
                        + " hand it in with --dma-buf";
    }

    /** A device has refused it. */
    void refused(PciAddress provider, ConfigException why) {
        String sentence = String.valueOf(why.getMessage());
        refused.put(
                provider, sentence.startsWith(HEAD) ? sentence.substring(HEAD.length()) : sentence);
    }

    /** What devices refused when that choice was made. */
    void recall(Choice choice) {
        for (Candidate candidate : choice.candidates()) {
            String why = candidate.unregistrable();
            if (why != null) {
                refused.put(candidate.provider().address(), why);
            }
        }
    }
}
