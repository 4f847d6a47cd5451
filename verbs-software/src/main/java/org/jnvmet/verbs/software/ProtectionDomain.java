package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvPd;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A protection domain: what its queue pairs may touch. Under the lock of the network. */
final class ProtectionDomain extends IbvPd {
    private final SoftwareDevice device;
    private int users;

    ProtectionDomain(SoftwareDevice device, int handle) throws IOException {
        super(device);
        this.device = device;
        this.handle = handle;
    }

    SoftwareDevice device() {
        return device;
    }

    /** Regions, queue pairs and shared receive queues. */
    int users() {
        return users;
    }

    void join() {
        users++;
    }

    void leave() {
        users--;
    }

    boolean allowsLocal(int key, long address, long bytes, int access) {
        Region region = device.region(key);
        return region != null && region.getLkey() == key && covers(region, address, bytes, access);
    }

    /** The region that the other side names, or null where it has no right. */
    @Nullable Region remote(int key) {
        Region region = device.region(key);
        return region != null && region.getRkey() == key && region.domain() == this ? region : null;
    }

    boolean allowsRemote(int key, long address, long bytes, int access) {
        Region region = remote(key);
        return region != null && covers(region, address, bytes, access);
    }

    private boolean covers(Region region, long address, long bytes, int access) {
        return region.domain() == this && region.contains(address, bytes) && region.allows(access);
    }
}
