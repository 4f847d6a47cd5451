package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.IbvPd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.Verbs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Memory of our own that a device has registered. Made and freed by the control thread, zeroed at first. */
final class RegisteredMemory {
    private static final Logger LOG = LoggerFactory.getLogger(RegisteredMemory.class);

    private static final int PAGE_BYTES = 4096;

    private final Verbs verbs;
    private final Arena arena;
    private final MemorySegment segment;
    private final MemoryRegion region;

    private RegisteredMemory(Verbs verbs, Arena arena, MemorySegment segment, MemoryRegion region) {
        this.verbs = verbs;
        this.arena = arena;
        this.segment = segment;
        this.region = region;
    }

    /** Memory that begins at a page, which the device may write when we ask it to. */
    static RegisteredMemory allocate(Verbs verbs, IbvPd domain, long bytes, int access)
            throws IOException {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment segment = arena.allocate(bytes, PAGE_BYTES);
            MemoryRegion region =
                    verbs.registerMemory(domain, segment.address(), segment.byteSize(), access);
            return new RegisteredMemory(verbs, arena, segment, region);
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    MemorySegment segment() {
        return segment;
    }

    /** By which our own work requests name it. */
    int key() {
        return region.getLkey();
    }

    /** Nobody uses it any more. */
    void free() {
        try {
            verbs.deregister(region);
            arena.close();
        } catch (IOException e) {
            // Still registered: the device might write there, so it stays ours.
            LOG.error("{} bytes cannot be deregistered: {}", segment.byteSize(), e.getMessage());
        }
    }
}
