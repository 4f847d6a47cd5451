package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCPollCq;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;

/** One end of a connection with all that belongs to it: domain, queues, 64 KiB of registered memory. */
final class End implements AutoCloseable {
    static final int ALL_ACCESS =
            IbvMr.IBV_ACCESS_LOCAL_WRITE
                    | IbvMr.IBV_ACCESS_REMOTE_READ
                    | IbvMr.IBV_ACCESS_REMOTE_WRITE;
    static final int BYTES = 1 << 16;
    static final int SIGNALED = 2;

    final ConnectionManager cm;
    final Verbs verbs;
    final RdmaCmId id;
    final Device device;
    final IbvPd domain;
    final IbvCompChannel channel;
    final IbvCQ queue;
    final IbvQP queuePair;
    final Arena arena = Arena.ofShared();
    final MemorySegment memory = arena.allocate(BYTES, 4096);
    final MemoryRegion region;
    final SendCall send;
    final ReceiveCall receive;
    final IbvWC[] completions = new IbvWC[64];
    final @Nullable SharedReceiveQueue shared;
    private final SVCPollCq poll;
    private final SVCPollCq one;
    private boolean hasQueuePair = true;
    private boolean hasQueue = true;
    private final List<AutoCloseable> more = new ArrayList<>();

    /** What an end may have differently. */
    record Shape(int entries, int completions, int inlineBytes, boolean shared) {
        static final Shape USUAL = new Shape(32, 128, 64, false);
    }

    End(VerbsProvider provider, RdmaCmId id, Shape shape) throws IOException {
        this.id = id;
        cm = provider.openCm();
        verbs = provider.openVerbs();
        device = (Device) id.getVerbs();
        domain = verbs.allocPd(device);
        channel = verbs.createCompChannel(device);
        queue = verbs.createCQ(device, channel, shape.completions, 0);
        shared = shape.shared ? verbs.createSharedReceiveQueue(domain, shape.entries, 4) : null;
        queuePair = cm.createQP(id, domain, attributes(shape));
        region = verbs.registerMemory(domain, memory.address(), BYTES, ALL_ACCESS);
        send = verbs.sendCall(device, shape.entries + 1, 4);
        receive = verbs.receiveCall(device, shape.entries + 1, 4);
        for (int i = 0; i < completions.length; i++) {
            completions[i] = new IbvWC();
        }
        poll = verbs.pollCQ(queue, completions, completions.length);
        one = verbs.pollCQ(queue, completions, 1);
    }

    private IbvQPInitAttr attributes(Shape shape) {
        IbvQPInitAttr attributes = new IbvQPInitAttr();
        attributes.setQp_type(IbvQP.IBV_QPT_RC);
        attributes.setSend_cq(queue);
        attributes.setRecv_cq(queue);
        attributes.cap().setMax_send_wr(shape.entries);
        attributes.cap().setMax_recv_wr(shape.entries);
        attributes.cap().setMax_send_sge(4);
        attributes.cap().setMax_recv_sge(4);
        attributes.cap().setMax_inline_data(shape.inlineBytes);
        if (shared != null) {
            attributes.setSrq(shared.handle());
        }
        return attributes;
    }

    /** Posts a receive into that part of the memory. */
    void receive(long id, long offset, int bytes) throws IOException {
        receive.clear();
        int at = receive.add(id);
        receive.segment(at, memory.address() + offset, bytes, region.getLkey());
        SharedReceiveQueue common = shared;
        if (common != null) {
            receive.on(common).execute();
        } else {
            receive.on(queuePair).execute();
        }
        assertThat(receive.posted()).isEqualTo(1);
    }

    /** Sends that part of the memory, signaled. */
    void send(long id, long offset, int bytes) throws IOException {
        post(id, com.ibm.disni.verbs.IbvSendWR.IBV_WR_SEND, SIGNALED, offset, bytes);
    }

    void post(long id, int opcode, int flags, long offset, int bytes) throws IOException {
        send.clear();
        int at = send.add(id, opcode, flags);
        send.segment(at, memory.address() + offset, bytes, region.getLkey());
        send.on(queuePair).execute();
        assertThat(send.posted()).isEqualTo(1);
    }

    /** READs or WRITEs between that part of both memories. */
    void transfer(long id, int opcode, long offset, int bytes, End other) throws IOException {
        send.clear();
        int at = send.add(id, opcode, SIGNALED);
        send.segment(at, memory.address() + offset, bytes, region.getLkey());
        send.remote(at, other.memory.address() + offset, other.region.getRkey());
        send.on(queuePair).execute();
    }

    /** Waits for exactly that many completions. */
    List<IbvWC> completions(int count) throws IOException {
        List<IbvWC> all = new ArrayList<>();
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (all.size() < count) {
            int polls = poll.execute().getPolls();
            for (int i = 0; i < polls; i++) {
                all.add(completions[i].clone());
            }
            if (polls == 0) {
                assertThat(System.nanoTime())
                        .as("%s of %s", all.size(), count)
                        .isLessThan(deadline);
                pause();
            }
        }
        assertThat(all).hasSize(count);
        return all;
    }

    /** Waits for one completion, and there is no other. */
    IbvWC completion() throws IOException {
        return completions(1).getFirst();
    }

    /** Waits for the next completion; others may follow. */
    IbvWC next() throws IOException {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (one.execute().getPolls() == 0) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            pause();
        }
        return completions[0].clone();
    }

    /** The worker may need the core. */
    @SuppressWarnings("ThreadPriorityCheck")
    static void pause() {
        Thread.yield();
    }

    /** What is there now. */
    int polls() throws IOException {
        return poll.execute().getPolls();
    }

    void alsoClose(AutoCloseable other) {
        more.add(other);
    }

    @Override
    public void close() throws IOException {
        for (AutoCloseable each : more) {
            try {
                each.close();
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
        if (hasQueuePair) {
            int _ = cm.destroyQP(id);
        }
        int _ = cm.destroyCmId(id);
        verbs.deregister(region);
        if (hasQueue) {
            int _ = verbs.destroyCQ(queue);
        }
        int _ = verbs.destroyCompChannel(channel);
        if (shared != null) {
            verbs.destroySharedReceiveQueue(shared);
        }
        int _ = verbs.deallocPd(domain);
        send.free();
        receive.free();
        arena.close();
    }

    /** A test has destroyed it already. */
    void isWithoutQueuePair() {
        hasQueuePair = false;
    }

    /** A test has destroyed both already. */
    void isWithoutQueue() {
        hasQueue = false;
        hasQueuePair = false;
    }
}
