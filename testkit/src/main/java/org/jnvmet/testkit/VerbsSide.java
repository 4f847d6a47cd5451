package org.jnvmet.testkit;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;

/**
 * One side of a connection of {@link VerbsExercise}: an event channel, an identifier, and once that has a
 * device a queue pair with its completion queue and 64 KiB of registered memory. For one thread.
 */
final class VerbsSide implements AutoCloseable {
    static final int BYTES = 64 << 10;

    /** Entries of either queue. */
    static final int ENTRIES = 16;

    static final int SEGMENTS = 3;
    static final int SIGNALED = IbvSendWR.IBV_SEND_SIGNALED;

    private static final int LIMIT_MS = 15_000;
    private static final int POLL_NANOS = 50_000;

    final ConnectionManager cm;
    final Verbs verbs;
    final RdmaEventChannel events;
    final MemorySegment memory;
    private final Arena arena = Arena.ofShared();
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private final Deque<IbvWC> taken = new ArrayDeque<>();
    private final IbvWC[] completions = new IbvWC[4];
    private @Nullable RdmaCmId id;
    private @Nullable Ready ready;

    /** What there is once the identifier has its device. */
    private record Ready(
            Device device,
            IbvPd domain,
            MemoryRegion region,
            IbvCompChannel channel,
            IbvCQ queue,
            IbvQP queuePair,
            SendCall send,
            ReceiveCall receive,
            SVCPollCq poll,
            SVCReqNotify arm) {}

    VerbsSide(VerbsProvider provider) throws IOException {
        cm = provider.openCm();
        verbs = provider.openVerbs();
        events = cm.createEventChannel();
        toClose.push(() -> cm.destroyEventChannel(events));
        memory = arena.allocate(BYTES, 4096);
        for (int i = 0; i < completions.length; i++) {
            completions[i] = new IbvWC();
        }
    }

    RdmaCmId newId() throws IOException {
        return own(cm.createId(events, RdmaCm.RDMA_PS_TCP));
    }

    /** Has this side destroy an identifier, and use it. */
    RdmaCmId own(RdmaCmId made) {
        id = made;
        toClose.push(() -> cm.destroyCmId(made));
        return made;
    }

    RdmaCmId id() {
        return Objects.requireNonNull(id);
    }

    /** Waits for the next event, which has to be of that type. */
    CmEvent expect(EventType type) throws IOException {
        CmEvent event = cm.getCmEvent(events, LIMIT_MS);
        check(event != null, "no event within %d ms, %s expected", LIMIT_MS, type);
        CmEvent got = Objects.requireNonNull(event);
        cm.ackCmEvent(got);
        check(got.type() == type, "%s with status %d, not %s", got.type(), got.getStatus(), type);
        return got;
    }

    /** Has this side do that when it closes, before what it has made so far. */
    void keep(AutoCloseable last) {
        toClose.push(last);
    }

    /** Makes the queue pair and all that it needs. */
    void prepare(@Nullable SharedReceiveQueue shared, @Nullable IbvPd sharedDomain)
            throws IOException {
        Device device = (Device) id().getVerbs();
        IbvPd domain = sharedDomain == null ? verbs.allocPd(device) : sharedDomain;
        if (sharedDomain == null) {
            toClose.push(() -> verbs.deallocPd(domain));
        }
        int access =
                IbvMr.IBV_ACCESS_LOCAL_WRITE
                        | IbvMr.IBV_ACCESS_REMOTE_READ
                        | IbvMr.IBV_ACCESS_REMOTE_WRITE;
        MemoryRegion region = verbs.registerMemory(domain, memory.address(), BYTES, access);
        toClose.push(() -> verbs.deregister(region));
        IbvCompChannel channel = verbs.createCompChannel(device);
        toClose.push(() -> verbs.destroyCompChannel(channel));
        IbvCQ queue = verbs.createCQ(device, channel, 2 * ENTRIES, 0);
        toClose.push(() -> verbs.destroyCQ(queue));
        check(queue.getCqe() >= 2 * ENTRIES, "%d entries of %d", queue.getCqe(), 2 * ENTRIES);
        IbvQP queuePair = cm.createQP(id(), domain, attributes(queue, shared));
        toClose.push(() -> cm.destroyQP(id()));
        SendCall send = verbs.sendCall(device, ENTRIES, SEGMENTS);
        toClose.push(send::free);
        ReceiveCall receive = verbs.receiveCall(device, ENTRIES, SEGMENTS);
        toClose.push(receive::free);
        SVCPollCq poll = verbs.pollCQ(queue, completions, completions.length);
        toClose.push(poll::free);
        SVCReqNotify arm = verbs.reqNotifyCQ(queue, false);
        toClose.push(arm::free);
        ready =
                new Ready(
                        device, domain, region, channel, queue, queuePair, send, receive, poll,
                        arm);
    }

    private static IbvQPInitAttr attributes(IbvCQ queue, @Nullable SharedReceiveQueue shared) {
        IbvQPInitAttr attributes = new IbvQPInitAttr();
        attributes.setQp_type(IbvQP.IBV_QPT_RC);
        attributes.setSend_cq(queue);
        attributes.setRecv_cq(queue);
        attributes.cap().setMax_send_wr(ENTRIES);
        attributes.cap().setMax_send_sge(SEGMENTS);
        if (shared == null) {
            attributes.cap().setMax_recv_wr(ENTRIES);
            attributes.cap().setMax_recv_sge(SEGMENTS);
        } else {
            attributes.setSrq(shared.handle());
        }
        return attributes;
    }

    private Ready ready() {
        return Objects.requireNonNull(ready, "the side is not prepared");
    }

    Device device() {
        return ready().device();
    }

    IbvPd domain() {
        return ready().domain();
    }

    IbvCompChannel channel() {
        return ready().channel();
    }

    IbvCQ queue() {
        return ready().queue();
    }

    IbvQP queuePair() {
        return ready().queuePair();
    }

    ReceiveCall receiveCall() {
        return ready().receive().clear();
    }

    SendCall sendCall() {
        return ready().send().clear();
    }

    SVCPollCq pollCall() {
        return ready().poll();
    }

    int key() {
        return ready().region().getRkey();
    }

    int localKey() {
        return ready().region().getLkey();
    }

    long at(long offset) {
        return memory.address() + offset;
    }

    void arm() throws IOException {
        ready().arm().execute();
    }

    /** Posts a receive of so many bytes at an offset of the memory, which is its identifier, too. */
    void postReceive(long offset, int bytes) throws IOException {
        ReceiveCall call = receiveCall();
        call.segment(call.add(offset), at(offset), bytes, localKey());
        call.on(queuePair()).execute();
        check(call.posted() == 1, "receive is not posted");
    }

    /** Begins a signalled work request with that identifier; {@link Post#post} ends it. */
    Post request(long wrId, int opcode) {
        SendCall call = ready().send().clear();
        return new Post(call, call.add(wrId, opcode, SIGNALED));
    }

    /** A work request being made. */
    final class Post {
        private final SendCall call;
        private final int at;

        private Post(SendCall call, int at) {
            this.call = call;
            this.at = at;
        }

        Post segment(long offset, int bytes) {
            call.segment(at, at(offset), bytes, localKey());
            return this;
        }

        Post remote(long address, int key) {
            call.remote(at, address, key);
            return this;
        }

        Post invalidate(int key) {
            call.invalidate(at, key);
            return this;
        }

        void post() throws IOException {
            call.on(queuePair()).execute();
            check(call.posted() == 1, "work request is not posted");
        }

        private long at(long offset) {
            return VerbsSide.this.at(offset);
        }
    }

    /** Waits for the next completion, a copy. */
    IbvWC completion() throws IOException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MS);
        while (taken.isEmpty()) {
            poll();
            check(System.nanoTime() - end < 0, "no completion within %d ms", LIMIT_MS);
            if (taken.isEmpty()) {
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
        return taken.remove();
    }

    /** Completions there are now, copies. */
    List<IbvWC> polled() throws IOException {
        poll();
        List<IbvWC> all = new ArrayList<>(taken);
        taken.clear();
        return all;
    }

    private void poll() throws IOException {
        SVCPollCq poll = ready().poll();
        poll.execute();
        for (int i = 0; i < poll.getPolls(); i++) {
            taken.add(completions[i].clone());
        }
    }

    /** Waits for the completion of that work request, which has to succeed. */
    IbvWC succeeded(long wrId) throws IOException {
        IbvWC completion = completion();
        check(
                completion.getStatus() == 0 && completion.getWr_id() == wrId,
                "completion of %d with status %d, expected %d with success",
                completion.getWr_id(),
                completion.getStatus(),
                wrId);
        return completion;
    }

    /** Waits for a completion that is expected to fail; its status. */
    int failed(long wrId) throws IOException {
        IbvWC completion = completion();
        check(
                completion.getStatus() != 0 && completion.getWr_id() == wrId,
                "completion of %d with status %d, expected %d to fail",
                completion.getWr_id(),
                completion.getStatus(),
                wrId);
        return completion.getStatus();
    }

    @SuppressWarnings("AnnotateFormatMethod") // not a library that the modules have
    static void check(boolean truth, String sentence, Object... values) {
        if (!truth) {
            throw new AssertionError(sentence.formatted(values));
        }
    }

    /** Destroys all, last made first. */
    @Override
    public void close() throws IOException {
        try {
            while (!toClose.isEmpty()) {
                toClose.pop().close();
            }
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            arena.close();
        }
    }
}
