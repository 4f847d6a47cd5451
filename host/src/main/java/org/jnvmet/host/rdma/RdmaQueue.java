package org.jnvmet.host.rdma;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.ProtocolViolation;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.queue.Inbox;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.DataDirection;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * One queue's side of NVMe/RDMA: capsules go out, responses come in, and the data of commands goes
 * through registered memory, so that the device never sees a caller's. Only {@link #offer} may be called
 * by any thread; everything else by one thread at a time, the owner. After its making it allocates
 * nothing, errors aside.
 *
 * <p>A command is complete when its response is there and the device has said that its capsule was sent:
 * only then may slot and place in the send queue be used again.
 */
final class RdmaQueue {
    /** Completions taken, and work requests posted, at a time. */
    private static final int BATCH = 32;

    /** Marks the work request of a receive; below is its index, otherwise the slot of a send. */
    private static final long RECEIVE = 1L << 32;

    private final String name;
    private final QueueOptions options;
    private final QueueEvents events;
    private final QueueMemory memory;
    private final BounceMemory pages;
    private final IbvQP queuePair;
    private final Inbox inbox;
    private final Exchange[] exchanges;
    private final int slotMask;
    private final IbvWC[] completions = new IbvWC[BATCH];
    private final SVCPollCq poll;
    private final SVCReqNotify notification;
    private final SendCall sends;
    private final ReceiveCall receives;
    private final Exchange.Line waiting = new Exchange.Line();
    private final Exchange.Line refused = new Exchange.Line();
    private final Sqe sqe = new Sqe();
    private final Cqe cqe = new Cqe();
    private @Nullable HostException failure;
    private int outstanding;
    private long completed;
    private volatile boolean stopped;

    /**
     * A queue whose receives are posted.
     *
     * @param connection found its device; it gets its queue pair here
     */
    RdmaQueue(
            RdmaConnection connection,
            RdmaSettings settings,
            QueueOptions options,
            QueueEvents events) {
        this.options = options;
        this.events = events;
        name = options.queueId() == 0 ? "admin queue" : "I/O queue " + options.queueId();
        memory = new QueueMemory(connection, options, settings);
        pages = new BounceMemory((int) memory.data().byteSize());
        connection.makeQueuePair();
        queuePair = connection.queuePair();
        int slots = options.entries() - 1;
        inbox = new Inbox(slots);
        exchanges = new Exchange[slots];
        for (int slot = 0; slot < slots; slot++) {
            exchanges[slot] = new Exchange(slot);
        }
        slotMask = (1 << options.slotBits()) - 1;
        for (int i = 0; i < BATCH; i++) {
            completions[i] = new IbvWC();
        }
        Verbs verbs = connection.verbs();
        sends = verbs.sendCall(connection.device(), BATCH, 1);
        connection.onClose("sends", sends::free);
        receives = verbs.receiveCall(connection.device(), BATCH, 1);
        connection.onClose("receives", receives::free);
        try {
            poll = verbs.pollCQ(connection.completions(), completions, BATCH);
            connection.onClose("poll", poll::free);
            notification = verbs.reqNotifyCQ(connection.completions(), false);
            connection.onClose("notification", notification::free);
            for (int index = 0; index < options.entries(); index++) {
                addReceive(index);
            }
            postReceives();
        } catch (IOException e) {
            throw new HostException(connection + ": " + Reasons.of(e), e);
        }
    }

    // ---- requests

    /**
     * Hands over a request. Any thread; {@link #takeOffered} takes it on the owner's.
     *
     * @return whether the owner has to be woken: it may not look by itself any more
     */
    boolean offer(HostRequest request) {
        int slot = request.slot();
        // After the end the request may belong to another queue already, and its slot with it.
        return !stopped && slot < exchanges.length && inbox.put(slot, request);
    }

    /** Sends what was offered. Costs next to nothing when there is nothing. */
    void takeOffered() {
        if (!inbox.open()) {
            return;
        }
        for (int word = 0; word < inbox.words(); word++) {
            long bits = inbox.take(word);
            while (bits != 0) {
                int bit = Long.numberOfTrailingZeros(bits);
                bits &= bits - 1;
                send(inbox.request(word * Long.SIZE + bit));
            }
        }
    }

    /** Sends a request with the next {@link #flush}. A queue that has failed forgets it. */
    void send(HostRequest request) {
        if (failure != null || stopped) {
            return;
        }
        Exchange exchange = exchanges[request.slot()];
        exchange.begin(request);
        outstanding++;
        long bytes = request.data().bytes();
        try {
            if (bytes > Sgl.MAX_KEYED_LENGTH || !pages.couldTake(bytes)) {
                refused.add(exchange);
            } else if (bytes == 0 || fitsCapsule(request, bytes)) {
                start(exchange);
            } else if (!waiting.isEmpty() || !takeMemory(exchange, (int) bytes)) {
                waiting.add(exchange);
            } else {
                start(exchange);
            }
        } catch (RuntimeException e) {
            fail(new HostException(name + ": " + e, e));
        }
    }

    private boolean fitsCapsule(HostRequest request, long bytes) {
        return request.direction() == DataDirection.HOST_TO_CONTROLLER
                && bytes <= memory.inCapsuleBytes();
    }

    private boolean takeMemory(Exchange exchange, int bytes) {
        int offset = pages.take(bytes);
        if (offset < 0) {
            return false;
        }
        exchange.memory = offset;
        exchange.memoryBytes = bytes;
        return true;
    }

    /** Sends those that waited for memory, in their order, as far as there is some. */
    private void startWaiting() {
        Exchange first = waiting.peek();
        while (first != null && takeMemory(first, (int) first.request().data().bytes())) {
            Exchange _ = waiting.poll();
            start(first);
            first = waiting.peek();
        }
    }

    /** Builds the capsule, copies the data that goes out, and has the device send it. */
    private void start(Exchange exchange) {
        HostRequest request = exchange.request();
        MemorySegment control = memory.control();
        long at = memory.capsule(exchange.slot);
        MemorySegment.copy(request.entry(), 0, control, at, Sqe.BYTES);
        sqe.wrap(control, at).u16(Sqe.CID, exchange.commandId);
        HostCommand command = request.command();
        int out = (int) command.bytesOut();
        int length = Sqe.BYTES;
        if (exchange.memory != Exchange.NO_MEMORY) {
            if (out > 0) {
                request.data().copyOut(0, memory.data(), exchange.memory, out);
            }
            long address = memory.data().address() + exchange.memory;
            // The key stays good for the commands that follow: the controller must not invalidate
            // it.
            Sqe _ = Sgl.keyed(sqe, address, exchange.memoryBytes, memory.dataKey(), false);
        } else if (out > 0) {
            request.data().copyOut(0, control, at + Sqe.BYTES, out);
            Sqe _ = Sgl.inCapsule(sqe, out);
            length += out;
        } else {
            Sqe _ = Sgl.keyed(sqe, 0, 0, 0, false);
        }
        exchange.known = true;
        exchange.sending = true;
        if (sends.isFull()) {
            flush();
        }
        int position = sends.add(exchange.slot, IbvSendWR.IBV_WR_SEND, IbvSendWR.IBV_SEND_SIGNALED);
        sends.segment(position, control.address() + at, length, memory.controlKey());
    }

    /** Completes the requests whose data is too long for any transfer; those that follow meanwhile later. */
    void endRefused() {
        Exchange exchange = refused.takeAll();
        while (exchange != null) {
            Exchange following = exchange.next;
            exchange.next = null;
            exchange.status = Status.SGL_DATA_LENGTH_INVALID.field();
            exchange.result = 0;
            complete(exchange);
            exchange = following;
        }
    }

    /** Whether {@link #endRefused} has something to do. */
    boolean hasRefused() {
        return !refused.isEmpty();
    }

    // ---- the device

    /** Posts what is to be sent; receives first, so that every response finds one. */
    void flush() {
        if (failure != null || stopped) {
            sends.clear();
            return;
        }
        try {
            postReceives();
            if (sends.size() > 0) {
                sends.on(queuePair).execute();
                boolean all = sends.posted() == sends.size();
                sends.clear();
                if (!all) {
                    fail(new HostException(name + ": the device's send queue is full"));
                }
            }
        } catch (IOException e) {
            sends.clear();
            fail(new HostException(name + ": " + Reasons.of(e), e));
        }
    }

    private void addReceive(int index) throws IOException {
        if (receives.isFull()) {
            postReceives();
        }
        int position = receives.add(RECEIVE | index);
        long address = memory.control().address() + memory.response(index);
        receives.segment(position, address, memory.responseBytes(), memory.controlKey());
    }

    private void postReceives() throws IOException {
        if (receives.size() == 0) {
            return;
        }
        receives.on(queuePair).execute();
        boolean all = receives.posted() == receives.size();
        receives.clear();
        if (!all) {
            throw new IOException("the device's receive queue is full");
        }
    }

    /** Has the device tell of the next completion; those that are there already it does not tell of. */
    void arm() {
        if (failure != null || stopped) {
            return;
        }
        try {
            notification.execute();
        } catch (IOException e) {
            fail(new HostException(name + ": " + Reasons.of(e), e));
        }
    }

    /** Takes what the device has completed; false when there is nothing. */
    boolean receive() {
        if (failure != null || stopped) {
            return false;
        }
        try {
            int count = poll.execute().getPolls();
            for (int i = 0; i < count && failure == null; i++) {
                onCompletion(completions[i]);
            }
            startWaiting();
            return count > 0;
        } catch (HostException e) {
            fail(e);
        } catch (IOException e) {
            fail(new HostException(name + ": " + Reasons.of(e), e));
        } catch (RuntimeException e) {
            fail(new HostException(name + ": " + e, e));
        }
        return false;
    }

    private void onCompletion(IbvWC completion) throws IOException {
        if (completion.getStatus() != 0) {
            fail(new HostException(name + ": " + Reasons.ofCompletion(completion.getStatus())));
            return;
        }
        long id = completion.getWr_id();
        if ((id & RECEIVE) != 0) {
            onResponse((int) id, completion.getByte_len());
        } else {
            Exchange exchange = exchanges[(int) id];
            exchange.sending = false;
            if (exchange.answered) {
                complete(exchange);
            }
        }
    }

    private void onResponse(int index, int bytes) throws IOException {
        if (bytes != Cqe.BYTES) {
            throw new ProtocolViolation(
                    "%s: a response of %d bytes, not 16".formatted(name, bytes));
        }
        cqe.wrap(memory.control(), memory.response(index));
        Exchange exchange = find(cqe.commandId());
        exchange.status = cqe.status();
        exchange.result = cqe.result();
        exchange.request().head(cqe.sqHead(), cqe.sqId());
        addReceive(index);
        if (exchange.sending) {
            exchange.answered = true;
        } else {
            complete(exchange);
        }
    }

    private Exchange find(int commandId) {
        int slot = commandId & slotMask;
        if (slot < exchanges.length) {
            Exchange exchange = exchanges[slot];
            if (exchange.known && !exchange.answered && exchange.commandId == commandId) {
                return exchange;
            }
        }
        throw new ProtocolViolation(
                "%s: a response for the unknown command %04xh".formatted(name, commandId));
    }

    private void complete(Exchange exchange) {
        HostRequest request = exchange.request();
        if (exchange.memory != Exchange.NO_MEMORY) {
            if (exchange.bytesIn > 0 && Status.SUCCESS.is(exchange.status)) {
                request.data().copyIn(0, memory.data(), exchange.memory, exchange.bytesIn);
            }
            pages.giveBack(exchange.memory, exchange.memoryBytes);
            exchange.memory = Exchange.NO_MEMORY;
        }
        exchange.end();
        outstanding--;
        completed++;
        events.done(request, exchange.result, exchange.status);
    }

    // ---- states

    /** Whether the controller has no command. Any thread; to others than the owner a hint. */
    boolean idle() {
        return outstanding == 0;
    }

    /** Commands completed so far. */
    long completed() {
        return completed;
    }

    /** The connection is of no use any more. The first reason is reported. */
    void fail(HostException reason) {
        if (failure == null && !stopped) {
            failure = reason;
            sends.clear();
            events.reportError(reason);
        }
    }

    /** Ends the queue: nothing is reported, and no memory of a request is touched, from now on. */
    void stop() {
        stopped = true;
        for (Exchange exchange : exchanges) {
            exchange.end();
            exchange.next = null;
        }
    }

    QueueOptions options() {
        return options;
    }

    /** Its name in messages. */
    @Override
    public String toString() {
        return name;
    }
}
