package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.VerbsException;
import org.jspecify.annotations.Nullable;

/** A device of the fabric. Under the lock of the network, but for what never changes. */
final class SoftwareDevice extends Device {
    static final int COMPLETION_VECTORS = 4;

    /** Bytes that a send queue entry may carry itself. */
    static final int MOST_INLINE_BYTES = 1024;

    private final Network network;
    private final String name;
    private final Limits limits;
    private final boolean dmaBuf;
    private final EventDescriptor asyncDescriptor = new EventDescriptor();
    private final Queue<AsyncEvent> asyncEvents = new ArrayDeque<>();
    private final List<QueuePair> queuePairs = new ArrayList<>();
    private @Nullable Region[] regions = new Region[64];
    private int nextRegion = 1;
    private boolean present = true;

    SoftwareDevice(Network network, String name, Limits limits, boolean dmaBuf) throws IOException {
        super(-1, COMPLETION_VECTORS);
        this.network = network;
        this.name = name;
        this.limits = limits;
        this.dmaBuf = dmaBuf;
    }

    /** The device behind what DiSNI's calls take. */
    static SoftwareDevice of(IbvContext context) {
        if (context instanceof SoftwareDevice device) {
            return device;
        }
        throw new IllegalArgumentException("not a device of a software fabric: " + context);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    @Override
    public int asyncDescriptor() {
        return asyncDescriptor.number();
    }

    Network network() {
        return network;
    }

    boolean hasDmaBuf() {
        return dmaBuf;
    }

    boolean isPresent() {
        return present;
    }

    /** Fails when it was removed. */
    void checkPresent(String call) throws VerbsException {
        if (!present) {
            throw Errno.of(Errno.EIO, call, "device " + name + " was removed");
        }
    }

    List<QueuePair> queuePairs() {
        return queuePairs;
    }

    /** It is pulled out. */
    void remove() {
        present = false;
        report(AsyncEvent.Type.DEVICE_FATAL, 0);
        for (QueuePair each : List.copyOf(queuePairs)) {
            each.fail();
        }
    }

    void report(AsyncEvent.Type type, int queuePair) {
        asyncEvents.add(new AsyncEvent(type, queuePair));
        asyncDescriptor.raise();
    }

    @Nullable AsyncEvent nextAsyncEvent() {
        AsyncEvent event = asyncEvents.poll();
        if (event != null) {
            asyncDescriptor.lower();
        }
        return event;
    }

    Region register(ProtectionDomain domain, long address, long bytes, int access)
            throws IOException {
        int place = freePlace();
        int tag = network.random(1 << Region.Keys.TAG_BITS);
        int other = tag ^ (1 + network.random((1 << Region.Keys.TAG_BITS) - 1));
        int shifted = place << Region.Keys.TAG_BITS;
        Region.Keys keys = new Region.Keys(shifted | tag, shifted | other);
        Region region =
                network.provider().make(() -> new Region(domain, address, bytes, access, keys));
        regions[place] = region;
        return region;
    }

    void deregister(Region region) {
        regions[region.getHandle()] = null;
        region.invalidate();
    }

    /** The one that a key of either kind names. */
    @Nullable Region region(int key) {
        int place = key >>> Region.Keys.TAG_BITS;
        return place < regions.length ? regions[place] : null;
    }

    /** Where what an RDMA READ brings must be allowed to go. */
    int readSinkAccess() {
        return limits.iwarp()
                ? IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE
                : IbvMr.IBV_ACCESS_LOCAL_WRITE;
    }

    /** Places are taken in turn, so that a key of a region that is gone does not soon name another. */
    private int freePlace() {
        for (int i = 0; i < regions.length - 1; i++) {
            int place = 1 + (nextRegion - 1 + i) % (regions.length - 1);
            if (regions[place] == null) {
                nextRegion = place + 1;
                return place;
            }
        }
        int place = regions.length;
        regions = java.util.Arrays.copyOf(regions, place * 2);
        nextRegion = place + 1;
        return place;
    }

    void shut() {
        asyncDescriptor.close();
    }
}
