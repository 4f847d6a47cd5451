package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCReqNotify;
import io.netty.util.collection.IntObjectHashMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReadableDescriptor;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.Verbs;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queues of one loop on one device, with the completion queue that all of them share, its channel and
 * the calls that post for them. Made and destroyed by the control thread; everything else on its loop.
 *
 * <p>Polled as long as there is something to do. Before the loop sleeps the completion queue is armed, and
 * looked at once more, so that nothing is missed in between.
 */
final class PollGroup {
    private static final Logger LOG = LoggerFactory.getLogger(PollGroup.class);

    /** Completions taken with one call. */
    private static final int BATCH = 64;

    /** Calls before others may go on. */
    private static final int MAX_BATCHES = 4;

    /** Calls that fail in a row before the group is given up. */
    private static final int MAX_FAILURES = 100;

    private final RdmaLoop loop;
    private final RdmaDevice device;
    private final Verbs verbs;
    private final IbvCompChannel channel;
    private final IbvCQ completions;
    private final Calls calls;
    private final IbvWC[] taken;
    private final @Nullable SharedReceives shared;

    // The queues by index, and by number of their queue pair where receives do not say whose they
    // are.
    private @Nullable RdmaConnection[] connections = new @Nullable RdmaConnection[8];
    private int[] generations = new int[8];
    private final IntObjectHashMap<RdmaConnection> byNumber = new IntObjectHashMap<>();

    private final List<RdmaConnection> dirty = new ArrayList<>();
    private @Nullable ReadableDescriptor watch;
    private boolean armed;
    private int failures;

    /** Written by the loop; the control thread reads it, too. */
    private volatile boolean broken;

    /** Entries of the completion queue that are promised to queues; the control thread's. */
    private int promised;

    /** What is called again and again. */
    record Calls(SVCPollCq poll, SVCReqNotify arm, SendCall send, ReceiveCall receive) {
        void free() {
            poll.free();
            arm.free();
            send.free();
            receive.free();
        }
    }

    /** Receives for all queues of a group. */
    record SharedReceives(SharedReceiveQueue queue, RegisteredMemory memory, ReceiveSlots slots) {}

    PollGroup(
            RdmaLoop loop,
            RdmaDevice device,
            IbvCompChannel channel,
            IbvCQ completions,
            @Nullable SharedReceives shared)
            throws IOException {
        this.loop = loop;
        this.device = device;
        this.verbs = device.verbs();
        this.channel = channel;
        this.completions = completions;
        this.shared = shared;
        taken = new IbvWC[BATCH];
        Arrays.setAll(taken, _ -> new IbvWC());
        calls =
                new Calls(
                        verbs.pollCQ(completions, taken, BATCH),
                        verbs.reqNotifyCQ(completions, false),
                        verbs.sendCall(device.context(), RdmaDevice.SEND_BATCH, 1),
                        verbs.receiveCall(
                                device.context(), RdmaDevice.RECEIVE_BATCH, ReceiveSlots.SEGMENTS));
        if (shared != null) {
            shared.slots().idBits(WorkRequestId.of(WorkRequestId.SHARED_RECEIVE, 0, 0));
        }
    }

    RdmaDevice device() {
        return device;
    }

    RdmaLoop loop() {
        return loop;
    }

    IbvCQ completions() {
        return completions;
    }

    @Nullable SharedReceives shared() {
        return shared;
    }

    // ---- The control thread.

    /** Promises entries of the completion queue to a queue; false: there are not that many, or it has failed. */
    boolean promise(int entries) {
        if (broken || promised + entries > completions.getCqe()) {
            return false;
        }
        promised += entries;
        return true;
    }

    /** A queue that was promised entries is gone, or never came to be. */
    void takeBack(int entries) {
        promised -= entries;
    }

    /** Frees everything. All queue pairs are destroyed, and the loop has stopped this or ended. */
    void destroy() {
        calls.free();
        SharedReceives own = shared;
        if (own != null) {
            device.attempt(
                    "shared receive queue", () -> verbs.destroySharedReceiveQueue(own.queue()));
        }
        device.attempt("completion queue", () -> verbs.destroyCQ(completions));
        device.attempt("completion channel", () -> verbs.destroyCompChannel(channel));
        if (own != null) {
            own.memory().free();
        }
    }

    // ---- The loop.

    /** Begins to poll. */
    void start() {
        watch =
                new ReadableDescriptor(channel.getFd(), this::onAnnounced)
                        .register(loop.executor());
        loop.poller().add(this);
    }

    /** Ends what {@link #start} began. */
    void stop() {
        loop.poller().remove(this);
        ReadableDescriptor current = watch;
        if (current != null) {
            watch = null;
            current.close();
        }
    }

    private void onAnnounced() {
        try {
            while (verbs.getCqEvent(channel, completions, 0)) {
                int _ = verbs.ackCqEvents(completions, 1);
                armed = false;
            }
        } catch (IOException e) {
            onBroken(e);
        }
    }

    /** A queue has come; the bits by which its work requests name it. */
    long add(RdmaConnection connection, int queuePairNumber) {
        boolean _ = poll(); // what is left of a queue pair that had this number
        int index = 0;
        while (index < connections.length && connections[index] != null) {
            index++;
        }
        if (index == connections.length) {
            connections = Arrays.copyOf(connections, 2 * index);
            generations = Arrays.copyOf(generations, 2 * index);
        }
        connections[index] = connection;
        generations[index]++;
        byNumber.put(queuePairNumber, connection);
        return WorkRequestId.queue(index, generations[index]);
    }

    /** A queue is gone, and its queue pair destroyed. */
    void remove(RdmaConnection connection, int queuePairNumber) {
        int index = WorkRequestId.index(connection.queueBits());
        connections[index] = null;
        if (connection.equals(byNumber.get(queuePairNumber))) {
            byNumber.remove(queuePairNumber);
        }
    }

    /** The connection has something to post at the end of this round, or of the next. */
    void markDirty(RdmaConnection connection) {
        dirty.add(connection);
    }

    SendCall sendCall() {
        return calls.send();
    }

    ReceiveCall receiveCall() {
        return calls.receive();
    }

    /** The registration of memory that a buffer of this loop lies in; null: the device does not know it. */
    @Nullable MemoryRegion regionOf(long address, int bytes) {
        return device.regionOf(loop, address, bytes);
    }

    /** Does what there is to do, a bounded share of it. False: there was nothing. */
    boolean poll() {
        if (broken) {
            return false;
        }
        boolean some = false;
        try {
            for (int i = 0; i < MAX_BATCHES; i++) {
                calls.poll().execute();
                int count = calls.poll().getPolls();
                if (count < 0) {
                    throw new IOException("polling a completion queue failed: " + count);
                }
                for (int each = 0; each < count; each++) {
                    dispatch(taken[each]);
                }
                some |= count > 0;
                if (count < BATCH) {
                    break;
                }
            }
            some |= flush();
        } catch (IOException e) {
            onBroken(e);
        }
        return some;
    }

    /** Has completions announced from now on; false: there are some already. */
    boolean mayRest() {
        if (broken) {
            return true;
        }
        if (!armed) {
            try {
                calls.arm().execute();
                armed = true;
                failures = 0;
            } catch (IOException e) {
                if (failures++ == MAX_FAILURES) {
                    onBroken(e);
                }
                return false; // completions will be polled for instead
            }
        }
        return !poll();
    }

    private void dispatch(IbvWC completion) {
        long id = completion.getWr_id();
        int kind = WorkRequestId.kind(id);
        int slot = WorkRequestId.slot(id);
        if (kind == WorkRequestId.SHARED_RECEIVE) {
            onSharedReceive(completion, slot);
            return;
        }
        int index = WorkRequestId.index(id);
        RdmaConnection connection = index < connections.length ? connections[index] : null;
        if (connection != null && connection.queueBits() == WorkRequestId.queue(id)) {
            connection.onCompletion(kind, slot, completion.getStatus(), completion.getByte_len());
        }
    }

    private void onSharedReceive(IbvWC completion, int slot) {
        SharedReceives own = shared;
        if (own == null) {
            return;
        }
        own.slots().onCompletion();
        RdmaConnection connection = byNumber.get(completion.getQp_num());
        if (connection == null) {
            own.slots().repost(slot);
        } else {
            connection.onCompletion(
                    WorkRequestId.SHARED_RECEIVE,
                    slot,
                    completion.getStatus(),
                    completion.getByte_len());
        }
    }

    /** Posts what this round has brought, receives first: a response invites the next command. */
    private boolean flush() throws IOException {
        boolean some = false;
        SharedReceives own = shared;
        if (own != null) {
            some = flush(own);
        }
        for (int i = 0; i < dirty.size(); i++) {
            some |= dirty.get(i).flush();
        }
        dirty.clear();
        return some;
    }

    /** What the shared receive queue does not take now it may take the next time. */
    private boolean flush(SharedReceives own) throws IOException {
        try {
            boolean some = own.slots().flush(calls.receive().on(own.queue()));
            failures = 0;
            return some;
        } catch (IOException e) {
            if (failures++ == MAX_FAILURES) {
                throw e;
            }
            return true;
        }
    }

    /** Nothing will complete any more. */
    private void onBroken(IOException why) {
        broken = true;
        LOG.error("{} on loop {}: {}; closing its queues", device, loop.index(), why.getMessage());
        end("the completion queue failed");
    }

    /** Ends all queues. */
    void end(String reason) {
        for (RdmaConnection connection : connections.clone()) {
            if (connection != null) {
                connection.end(reason);
            }
        }
    }
}
