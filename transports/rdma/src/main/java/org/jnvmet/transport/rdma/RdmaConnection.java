package org.jnvmet.transport.rdma;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.QueueChannel;
import org.jnvmet.transport.rdma.RdmaRequest.Phase;
import org.jnvmet.wire.Sqe;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection, which is one queue. Owned by its loop, except {@link #disconnect} and the addresses.
 *
 * <p>Runs in rounds of its poll group: all that has completed is looked at, then what came of it is posted
 * with a call for receives and one for the rest. What refers to memory of requests is the queue pair, so
 * they end when their work requests have, or when it is destroyed.
 */
final class RdmaConnection implements QueueChannel {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaConnection.class);

    private final RdmaLoop loop;
    private final PollGroup group;
    private final RdmaEndpoint endpoint;
    private final Queue queue;
    private final ReceiveSlots slots;
    private final boolean sharesReceives;
    private final SendQueue sends;
    private final Capsules capsules;
    private final Backlog waiting;
    private final List<RdmaRequest> requests = new ArrayList<>();
    private ConnectionState state = ConnectionState.ACCEPTING;
    private long queueBits;
    private int inUse;
    private int responding;
    private boolean dirty;
    private boolean received;
    private long lastProgress;
    private Loop.@Nullable Timer flushTimer;

    /** On the loop that owns it. */
    RdmaConnection(RdmaEndpoint endpoint) {
        this.endpoint = endpoint;
        group = endpoint.group();
        loop = group.loop();
        PollGroup.SharedReceives shared = group.shared();
        sharesReceives = shared != null;
        slots = shared == null ? endpoint.ownSlots() : shared.slots();
        sends = new SendQueue(endpoint.queuePair(), endpoint.sendEntries(), endpoint.depth());
        RdmaListener listener = endpoint.listener();
        queue = new Queue(listener.target(), listener.port(), loop, this, this::createRequest);
        capsules = new Capsules(this, group, slots, endpoint.inlineBytes());
        waiting = new Backlog(endpoint.entries());
        queueBits = group.add(this, endpoint.queuePairNumber());
        sends.queueId(queueBits);
        if (!sharesReceives) {
            slots.idBits(WorkRequestId.of(WorkRequestId.RECEIVE, 0, queueBits));
        }
    }

    Queue queue() {
        return queue;
    }

    /** By which work requests name it. */
    long queueBits() {
        return queueBits;
    }

    /** Posts the first receives. False: it has ended. */
    boolean begin() {
        boolean _ = flush();
        return state == ConnectionState.ACCEPTING;
    }

    /** The host knows that it is accepted. */
    void onEstablished() {
        if (state == ConnectionState.ACCEPTING) {
            become(ConnectionState.OPEN);
            LOG.info("{}: connected", this);
            serveWaiting();
        }
    }

    // ---- Completions.

    /** A work request has completed; what goes wrong with us ends this connection only. */
    void onCompletion(int kind, int slot, int status, int bytes) {
        try {
            if (status != WorkStatus.SUCCESS && isLive()) {
                end("a work request failed: " + WorkStatus.meaning(status));
            }
            switch (kind) {
                case WorkRequestId.RECEIVE, WorkRequestId.SHARED_RECEIVE -> onReceive(slot, bytes);
                case WorkRequestId.READ -> onRead(requests.get(slot));
                case WorkRequestId.RESPONSE -> onResponded(requests.get(slot));
                default -> {
                    // One of a train that failed: the last of it completes, too.
                }
            }
        } catch (RuntimeException | Error e) {
            onBug(e);
        }
        if (state == ConnectionState.ENDING && isFlushed()) {
            destroy();
        }
    }

    private boolean isLive() {
        return state == ConnectionState.OPEN || state == ConnectionState.ACCEPTING;
    }

    private void onReceive(int slot, int bytes) {
        if (!sharesReceives) {
            slots.onCompletion();
        }
        if (!isLive()) {
            repost(slot);
            return;
        }
        received = true;
        markDirty();
        if (bytes < Sqe.BYTES) {
            repost(slot);
            end("a capsule of %d bytes".formatted(bytes));
        } else if (state == ConnectionState.OPEN && waiting.isEmpty() && hasEntry()) {
            serve(slot, bytes);
        } else {
            hold(slot, bytes);
        }
    }

    /** Keeps a capsule that came too early, or for which every entry of the queue is in use. */
    private void hold(int slot, int bytes) {
        boolean entryComes = state == ConnectionState.ACCEPTING || responding > 0;
        if (!entryComes || !waiting.add(slot, bytes)) {
            repost(slot);
            endOverrun();
        }
    }

    private void endOverrun() {
        end("a command beyond the entries of the queue");
    }

    private boolean hasEntry() {
        return inUse < Math.min(endpoint.entries(), queue.entries());
    }

    private void serve(int slot, int bytes) {
        RdmaRequest request = (RdmaRequest) Objects.requireNonNull(queue.allocate());
        inUse++;
        request.start(slot);
        capsules.onCapsule(request, bytes);
    }

    private void serveWaiting() {
        while (state == ConnectionState.OPEN && !waiting.isEmpty() && hasEntry()) {
            int slot = waiting.slot();
            int bytes = waiting.bytes();
            waiting.removeFirst();
            serve(slot, bytes);
        }
        if (state == ConnectionState.OPEN && !waiting.isEmpty() && responding == 0) {
            endOverrun(); // none of those that run is about to end
        }
    }

    private void onRead(RdmaRequest request) {
        if (!request.posted()) {
            return; // it was left behind by a queue pair that is destroyed
        }
        sends.onTrain(request);
        progress();
        if (state == ConnectionState.OPEN) {
            capsules.onAllData(request);
        } else {
            release(request);
        }
    }

    private void onResponded(RdmaRequest request) {
        if (!request.posted()) {
            return;
        }
        sends.onTrain(request);
        progress();
        release(request);
        serveWaiting();
    }

    private void progress() {
        lastProgress = loop.nanoTime();
        if (state == ConnectionState.OPEN) {
            markDirty(); // others may have waited for the room
        }
    }

    // ---- Requests.

    private RdmaRequest createRequest(Queue owner) {
        int index = requests.size();
        RdmaRequest request =
                new RdmaRequest(
                        this,
                        owner,
                        index,
                        endpoint.memory(),
                        endpoint.requestBase() + (long) index * RdmaRequest.BYTES);
        requests.add(request);
        return request;
    }

    /** Gets the host's data into the buffer. */
    void read(RdmaRequest request) {
        sends.read(request);
        markDirty();
    }

    @Override
    public void respond(Request completed) {
        RdmaRequest request = (RdmaRequest) completed;
        if (state != ConnectionState.OPEN) {
            release(request);
            return;
        }
        try {
            request.become(Phase.RESPONDING);
            responding++;
            request.writeResponse();
            repost(request.takeSlot());
            sends.respond(request, SendQueue.carriesData(request));
            markDirty();
        } catch (RuntimeException e) {
            onBug(e);
        }
    }

    /** A request that stood in line has its buffer. */
    void onBuffer(RdmaRequest request, DataBuffer buffer) {
        try {
            capsules.onBuffer(request, buffer);
        } catch (RuntimeException | Error e) {
            onBug(e);
        }
    }

    /** A request that stood in line must look for a buffer elsewhere. */
    void onTurnedAway(RdmaRequest request) {
        try {
            capsules.stage(request);
        } catch (RuntimeException | Error e) {
            onBug(e);
        }
    }

    /** Takes an aborted command out of its line, unless its data is on its way to us. */
    boolean abandon(RdmaRequest request) {
        return switch (request.phase()) {
            case WAITING -> {
                request.cancelAwait();
                yield true;
            }
            case READING -> sends.cancelRead(request);
            default -> false;
        };
    }

    private void release(RdmaRequest request) {
        if (request.phase() == Phase.RESPONDING) {
            responding--;
        }
        request.become(Phase.FREE);
        int slot = request.takeSlot();
        if (slot != RdmaRequest.NO_SLOT) {
            repost(slot);
        }
        queue.release(request);
        inUse--;
        if (state == ConnectionState.DESTROYED && inUse == 0) {
            leave();
        }
    }

    /** Own receives of a queue that ends are not posted again. */
    private void repost(int slot) {
        if (sharesReceives || isLive()) {
            slots.repost(slot);
        }
    }

    private void markDirty() {
        if (!dirty) {
            dirty = true;
            group.markDirty(this);
        }
    }

    /** Posts what is in line. False: there was nothing. */
    boolean flush() {
        dirty = false;
        if (!isLive()) {
            return false;
        }
        if (received) {
            received = false;
            queue.onTraffic();
        }
        try {
            boolean some = false;
            if (!sharesReceives) {
                some = slots.flush(group.receiveCall().on(endpoint.queuePair()));
            }
            int before = sends.trains();
            some |= sends.flush(group.sendCall());
            if (before == 0 && some) {
                lastProgress = loop.nanoTime();
            }
            return some;
        } catch (IOException e) {
            end("posting failed: " + e.getMessage());
        } catch (RuntimeException e) {
            onBug(e);
        }
        return false;
    }

    // ---- The end.

    private void onBug(Throwable bug) {
        LOG.error("{}: internal error, closing the connection", this, bug);
        end("internal error");
    }

    @Override
    public void disconnect(String reason) {
        try {
            loop.execute(() -> end(reason));
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: disconnect ({}) after the end of its loop", this, reason, e);
        }
    }

    /** Ends the connection; what is not with the device yet is dropped. Idempotent. */
    void end(String reason) {
        if (!isLive()) {
            return;
        }
        become(ConnectionState.ENDING);
        LOG.info("{}: closed: {}", this, reason);
        try {
            queue.onDisconnected(reason);
        } catch (RuntimeException e) {
            LOG.error("{}: internal error while disconnecting", this, e);
        }
        sends.clearLines();
        while (!waiting.isEmpty()) {
            repost(waiting.slot());
            waiting.removeFirst();
        }
        for (RdmaRequest request : requests) {
            drop(request);
        }
        endpoint.disconnect();
        if (isFlushed()) {
            destroy();
        } else {
            long limit = TimeUnit.MILLISECONDS.toNanos(loop.settings().limits().flushMs());
            flushTimer = loop.schedule(this::destroy, limit);
        }
    }

    /** Ends a request that neither the core nor the device has. */
    private void drop(RdmaRequest request) {
        Phase phase = request.phase();
        if (phase == Phase.WAITING) {
            request.cancelAwait();
        }
        boolean ours =
                switch (phase) {
                    case WAITING -> true;
                    case READING, RESPONDING -> !request.posted();
                    case FREE, ARRIVED, EXECUTING -> false;
                };
        if (ours) {
            release(request);
        }
    }

    /** Whether the device has no work request any more. */
    private boolean isFlushed() {
        return sends.trains() == 0 && (sharesReceives || slots.posted() == 0);
    }

    /** Also when not everything was flushed: a queue pair that is destroyed touches nothing. */
    void destroy() {
        if (state != ConnectionState.ENDING) {
            return;
        }
        become(ConnectionState.DESTROYING);
        Loop.Timer timer = flushTimer;
        if (timer != null) {
            timer.cancel();
        }
        if (!isFlushed()) {
            LOG.debug("{}: not everything was flushed", this);
        }
        endpoint.destroy();
    }

    /** There is no queue pair any more. */
    void onDestroyed() {
        boolean _ = group.poll(); // completions that it has left
        become(ConnectionState.DESTROYED);
        for (RdmaRequest request : requests) {
            Phase phase = request.phase();
            if (phase == Phase.READING || phase == Phase.RESPONDING) {
                request.posted(false);
                release(request);
            }
        }
        if (inUse == 0 && state == ConnectionState.DESTROYED) {
            leave();
        }
    }

    /** The last command has ended. */
    private void leave() {
        become(ConnectionState.GONE);
        group.remove(this, endpoint.queuePairNumber());
        endpoint.listener().onGone(this);
        endpoint.free();
        loop.remove(this);
    }

    private void become(ConnectionState next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("%s: %s -> %s".formatted(this, state, next));
        }
        state = next;
    }

    /** Ends a connection on which something is under way for too long. */
    void checkTimeLimits(long now) {
        int limitMs = loop.settings().limits().transferMs();
        if (state == ConnectionState.OPEN
                && sends.trains() > 0
                && now - lastProgress > TimeUnit.MILLISECONDS.toNanos(limitMs)) {
            LOG.warn("{}: nothing of what is on its way was done for {} ms", this, limitMs);
            end("a transfer took too long");
        }
    }

    @Override
    public String hostAddress() {
        return endpoint.addresses().hostAddress();
    }

    @Override
    public String localAddress() {
        return endpoint.addresses().localAddress();
    }

    @Override
    public String localService() {
        return endpoint.addresses().localService();
    }

    /** How many requests are not free, for the log and tests. */
    int inUse() {
        return inUse;
    }

    /** For the log. */
    @Override
    public String toString() {
        int id = queue == null ? -1 : queue.id();
        String which = Objects.toString(endpoint.addresses());
        return id < 0 ? "host " + which : "host %s, queue %d".formatted(which, id);
    }
}
