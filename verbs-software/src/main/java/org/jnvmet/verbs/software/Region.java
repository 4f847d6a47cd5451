package org.jnvmet.verbs.software;

import java.io.IOException;
import org.jnvmet.verbs.MemoryRegion;

/** Registered memory. Its two keys differ, so that a mix-up shows. Under the lock of the network. */
final class Region extends MemoryRegion {
    private final ProtectionDomain domain;
    private boolean valid = true;

    Region(ProtectionDomain domain, long address, long bytes, int access, Keys keys)
            throws IOException {
        super(
                domain.device(),
                address,
                bytes,
                access,
                new MemoryRegion.Keys(keys.local, keys.remote),
                keys.local >>> Keys.TAG_BITS);
        this.domain = domain;
    }

    /** Names of a region: its place in the device's table, and a tag that makes them hard to guess. */
    record Keys(int local, int remote) {
        static final int TAG_BITS = 8;
    }

    ProtectionDomain domain() {
        return domain;
    }

    boolean allows(int needed) {
        return valid && (access & needed) == needed;
    }

    /** From now on nobody gets at it. */
    void invalidate() {
        valid = false;
    }
}
