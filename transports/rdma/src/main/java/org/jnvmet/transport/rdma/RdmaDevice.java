package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.DeviceMemory;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReadableDescriptor;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.Verbs;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device with everything that was made on it: the protection domain, what each loop has there, and the
 * registrations of peer memory. Made when its first connection comes. Owned by the control thread, except
 * {@link #regionOf} and what is constant.
 */
final class RdmaDevice {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaDevice.class);

    /** Work requests posted with one call; no less than the longest train. */
    static final int SEND_BATCH = 128;

    static final int RECEIVE_BATCH = 128;

    private final CmLoop cm;
    private final Verbs verbs;
    private final Device device;
    private final IbvPd domain;
    private final int access;
    private final Set<RdmaEndpoint> queues = new HashSet<>();
    private final List<PeerRegion> peers = new ArrayList<>();
    private final @Nullable ReadableDescriptor watch;

    /** By index of the loop; replaced whole. Also read by loops. */
    private volatile @Nullable Share[] shares;

    /** Replaced whole. Also read by loops. */
    private volatile MemoryRegion[] peerRegions = {};

    private boolean removed;

    /** Bound to an address of the device, so that its removal is told when no host is connected. */
    private @Nullable RdmaCmId guard;

    /** What a loop has on the device. */
    private record Share(
            RdmaLoop loop, MemoryRegion buffers, MemoryRegion reserve, List<PollGroup> groups) {}

    /** Peer memory that the device reaches. */
    private record PeerRegion(DeviceMemory memory, MemoryRegion region) {}

    RdmaDevice(CmLoop cm, Device device, int loops) throws IOException {
        this.cm = cm;
        this.device = device;
        verbs = cm.verbs();
        domain = verbs.allocPd(device);
        shares = new @Nullable Share[loops];
        access =
                IbvMr.IBV_ACCESS_LOCAL_WRITE
                        | (device.limits().iwarp() ? IbvMr.IBV_ACCESS_REMOTE_WRITE : 0);
        watch =
                device.asyncDescriptor() < 0
                        ? null
                        : new ReadableDescriptor(device.asyncDescriptor(), this::onAsyncEvents)
                                .register(cm.executor());
        LOG.info("{}: in use", this);
    }

    // ---- Constant.

    Verbs verbs() {
        return verbs;
    }

    Device context() {
        return device;
    }

    Device.Limits limits() {
        return device.limits();
    }

    IbvPd domain() {
        return domain;
    }

    /** What memory is registered for: our own work requests write to it. */
    int access() {
        return access;
    }

    // ---- Any loop.

    /** The registration that holds those bytes, of memory of that loop or peer memory; null: none does. */
    @Nullable MemoryRegion regionOf(RdmaLoop loop, long address, int bytes) {
        Share share = shares[loop.index()];
        if (share != null) {
            if (share.buffers.contains(address, bytes)) {
                return share.buffers;
            }
            if (share.reserve.contains(address, bytes)) {
                return share.reserve;
            }
        }
        for (MemoryRegion region : peerRegions) {
            if (region.contains(address, bytes)) {
                return region;
            }
        }
        return null;
    }

    // ---- The control thread.

    /**
     * Hears of the removal of the device from now on, whether a host is connected or not: some drivers wait
     * until everybody has let go.
     */
    void watchOver(@Nullable SocketAddress address) {
        if (address instanceof InetSocketAddress known) {
            try {
                guard =
                        RdmaListener.bind(
                                cm.manager(),
                                cm.channel(),
                                new InetSocketAddress(known.getAddress(), 0));
            } catch (IOException e) {
                LOG.debug("{}: its removal is not told while it is idle: {}", this, e.getMessage());
            }
        }
    }

    /** Whether the identifier is of this device. */
    @SuppressWarnings("ReferenceEquality") // identifiers are what they are
    boolean owns(RdmaCmId id) {
        if (id == guard) {
            return true;
        }
        try {
            return device.equals(id.getVerbs());
        } catch (IOException e) {
            return false;
        }
    }

    private void endGuard() {
        RdmaCmId own = guard;
        if (own != null) {
            guard = null;
            attempt("identifier", () -> cm.manager().destroyCmId(own));
        }
    }

    /** Whether nothing new may be made on it. */
    boolean isRemoved() {
        return removed;
    }

    /** A group of the loop that has promised a queue its completions; what it lacks is made. */
    PollGroup groupFor(RdmaLoop loop, ConnectRequest request, int inlineBytes) throws IOException {
        Share share = shareOf(loop);
        boolean shared = loop.settings().queues().sharedReceives() > 0;
        int wanted = RdmaEndpoint.completions(limits(), request.entries(), shared);
        for (PollGroup group : share.groups()) {
            if (fits(group, inlineBytes) && group.promise(wanted)) {
                return group;
            }
        }
        PollGroup group = makeGroup(loop, inlineBytes);
        share.groups().add(group);
        loop.execute(group::start);
        if (!group.promise(wanted)) {
            throw new IOException("a completion queue has no room for %d".formatted(wanted));
        }
        return group;
    }

    private static boolean fits(PollGroup group, int inlineBytes) {
        PollGroup.SharedReceives shared = group.shared();
        return shared == null || shared.slots().inlineBytes() >= inlineBytes;
    }

    private Share shareOf(RdmaLoop loop) throws IOException {
        @Nullable Share[] all = shares.clone();
        Share share = all[loop.index()];
        if (share == null) {
            MemoryRegion buffers = register(loop.buffers());
            try {
                share =
                        new Share(
                                loop, buffers, register(loop.reservedBuffers()), new ArrayList<>());
            } catch (IOException e) {
                deregister(buffers);
                throw e;
            }
            all[loop.index()] = share;
            shares = all;
        }
        return share;
    }

    private MemoryRegion register(MemoryPool pool) throws IOException {
        return verbs.registerMemory(
                domain, pool.range().address(), pool.range().byteSize(), access);
    }

    private PollGroup makeGroup(RdmaLoop loop, int inlineBytes) throws IOException {
        IbvCompChannel channel = verbs.createCompChannel(device);
        IbvCQ completions = null;
        PollGroup.SharedReceives shared = null;
        try {
            int entries =
                    Math.min(loop.settings().queues().completions(), limits().completionEntries());
            int vector = loop.index() % Math.max(1, device.getNumCompVectors());
            completions = verbs.createCQ(device, channel, entries, vector);
            shared = makeSharedReceives(loop, inlineBytes);
            PollGroup group = new PollGroup(loop, this, channel, completions, shared);
            boolean _ = shared != null && group.promise(shared.slots().count());
            return group;
        } catch (IOException | RuntimeException e) {
            PollGroup.SharedReceives half = shared;
            if (half != null) {
                attempt(
                        "shared receive queue",
                        () -> verbs.destroySharedReceiveQueue(half.queue()));
                half.memory().free();
            }
            IbvCQ made = completions;
            if (made != null) {
                attempt("completion queue", () -> verbs.destroyCQ(made));
            }
            attempt("completion channel", () -> verbs.destroyCompChannel(channel));
            throw e;
        }
    }

    private PollGroup.@Nullable SharedReceives makeSharedReceives(RdmaLoop loop, int inlineBytes)
            throws IOException {
        int wanted = loop.settings().queues().sharedReceives();
        if (wanted == 0) {
            return null;
        }
        int entries =
                Math.min(
                        Math.min(wanted, limits().sharedReceiveEntries()),
                        loop.settings().queues().completions() / 2);
        if (entries == 0) {
            throw new IOException("the device has no shared receive queues");
        }
        RegisteredMemory memory =
                RegisteredMemory.allocate(
                        verbs, domain, ReceiveSlots.bytes(entries, inlineBytes), access);
        try {
            SharedReceiveQueue queue =
                    verbs.createSharedReceiveQueue(domain, entries, ReceiveSlots.SEGMENTS);
            return new PollGroup.SharedReceives(
                    queue, memory, new ReceiveSlots(memory, entries, inlineBytes));
        } catch (IOException | RuntimeException e) {
            memory.free();
            throw e;
        }
    }

    void onQueue(RdmaEndpoint endpoint) {
        queues.add(endpoint);
    }

    /** Everything of the queue is given back. */
    void onQueueGone(RdmaEndpoint endpoint) {
        queues.remove(endpoint);
        if (removed && queues.isEmpty()) {
            retire();
        }
    }

    /** The device goes away: no queue survives. */
    void remove(String reason) {
        if (removed) {
            return;
        }
        removed = true;
        cm.forget(this);
        endGuard();
        LOG.warn("{}: {}", this, reason);
        for (RdmaEndpoint endpoint : Set.copyOf(queues)) {
            endpoint.end(reason);
        }
        if (queues.isEmpty()) {
            retire();
        }
    }

    /** Frees all that was made; loops that still run stop polling first. */
    private void retire() {
        List<Share> left = new ArrayList<>();
        for (Share share : shares) {
            if (share != null) {
                left.add(share);
            }
        }
        Runnable last = this::close;
        for (Share share : left) {
            Runnable then = last;
            last = () -> stopThenFree(share, then);
        }
        last.run();
    }

    private void stopThenFree(Share share, Runnable then) {
        Runnable free =
                () -> {
                    freeLoop(share.loop());
                    then.run();
                };
        try {
            share.loop()
                    .execute(() -> {
                        share.groups().forEach(PollGroup::stop);
                        cm.execute(free);
                    });
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: loop {} has ended already", this, share.loop().index(), e);
            free.run();
        }
    }

    /** Frees what a loop had; it polls there no more. */
    void freeLoop(RdmaLoop loop) {
        @Nullable Share[] all = shares.clone();
        Share share = all[loop.index()];
        if (share == null) {
            return;
        }
        all[loop.index()] = null;
        shares = all;
        share.groups().forEach(PollGroup::destroy);
        deregister(share.buffers());
        deregister(share.reserve());
    }

    /** Frees the rest; all loops are freed. */
    void close() {
        endGuard();
        for (PeerRegion peer : peers) {
            deregister(peer.region());
        }
        peers.clear();
        peerRegions = new MemoryRegion[0];
        if (watch != null) {
            watch.close();
        }
        attempt("protection domain", () -> verbs.deallocPd(domain));
        LOG.info("{}: not in use any more", this);
    }

    /** Whether any loop still has something here. */
    boolean isInUse() {
        for (Share share : shares) {
            if (share != null) {
                return true;
            }
        }
        return !queues.isEmpty();
    }

    /**
     * Registers memory of another device. Idempotent.
     *
     * @throws IOException when the device or its driver cannot
     */
    void reach(DeviceMemory memory) throws IOException {
        for (PeerRegion peer : peers) {
            if (peer.memory().equals(memory)) {
                return;
            }
        }
        MemoryRegion region =
                verbs.registerDmaBuf(
                        domain, memory.dmaBuf(), 0, memory.bytes(), memory.address(), access);
        peers.add(new PeerRegion(memory, region));
        publishPeers();
    }

    /** That memory goes away. */
    void unreach(DeviceMemory memory) {
        for (PeerRegion peer : List.copyOf(peers)) {
            if (peer.memory().equals(memory)) {
                peers.remove(peer);
                publishPeers();
                deregister(peer.region());
            }
        }
    }

    private void publishPeers() {
        peerRegions = peers.stream().map(PeerRegion::region).toArray(MemoryRegion[]::new);
    }

    private void deregister(MemoryRegion region) {
        attempt("memory region", () -> verbs.deregister(region));
    }

    private void onAsyncEvents() {
        try {
            AsyncEvent event = verbs.getAsyncEvent(device);
            while (event != null) {
                onAsyncEvent(event);
                event = verbs.getAsyncEvent(device);
            }
        } catch (IOException e) {
            LOG.error("{}: its events cannot be read: {}", this, e.getMessage());
            if (watch != null) {
                watch.close();
            }
        }
    }

    private void onAsyncEvent(AsyncEvent event) {
        switch (event.type()) {
            case QP_FATAL, QP_REQ_ERR, QP_ACCESS_ERR -> {
                for (RdmaEndpoint endpoint : Set.copyOf(queues)) {
                    if (endpoint.queuePairNumber() == event.queuePair()) {
                        LOG.warn("{}: {} of {}", this, event.type(), endpoint);
                        endpoint.end("the device reports " + event.type());
                    }
                }
            }
            case DEVICE_FATAL, CQ_ERR, SRQ_ERR, WQ_FATAL ->
                    remove("the device reports " + event.type());
            default -> LOG.debug("{}: {}", this, event);
        }
    }

    /** Undoes something; what fails is said, and nothing can be done about it. */
    void attempt(String what, CmLoop.Undo undo) {
        cm.attempt(what, undo);
    }

    @Override
    public String toString() {
        return "RDMA device " + device.name();
    }
}
