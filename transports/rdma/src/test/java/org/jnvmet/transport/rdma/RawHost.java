package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sgl;
import org.jspecify.annotations.Nullable;

/**
 * One queue of a host, by hand: it sends what bytes it is told to. One thread. Its memory is registered for
 * the target: {@link #address} of what {@link #write} and {@link #read} reach.
 */
final class RawHost implements AutoCloseable {
    static final int DATA_BYTES = 4 << 20;
    private static final int RECEIVES = 256;
    private static final int CAPSULES = 64;
    private static final int CAPSULE_BYTES = 32 << 10;
    private static final long RESPONSES = (long) CAPSULES * CAPSULE_BYTES;
    private static final long DATA = RESPONSES + 65_536;
    private static final int PATIENCE_MS = 10_000;
    private static final long RECEIVE_BIT = 1L << 32;

    private final ConnectionManager cm;
    private final Verbs verbs;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(DATA + DATA_BYTES, 4096);
    private final RdmaEventChannel channel;
    private final RdmaCmId id;
    private final IbvPd domain;
    private final IbvCQ completions;
    private final MemoryRegion region;
    private final IbvQP queuePair;
    private final IbvWC[] taken = {new IbvWC()};
    private final SVCPollCq poll;
    private final SendCall send;
    private final ReceiveCall receive;
    private final Deque<Undo> undo = new ArrayDeque<>();
    private int timeoutMs = PATIENCE_MS;
    private int nextCapsule;
    private int sent;
    private int controllerId;
    private boolean gone;

    /**
     * Resolves the address of the target, and makes everything.
     *
     * @throws FaultyHostException when a call of ours fails
     */
    RawHost(VerbsProvider provider, InetSocketAddress target) {
        cm = provider.openCm();
        verbs = provider.openVerbs();
        undo.push(arena::close);
        try {
            channel = cm.createEventChannel();
            undo.push(() -> cm.destroyEventChannel(channel));
            id = cm.createId(channel, RdmaCm.RDMA_PS_TCP);
            undo.push(() -> cm.destroyCmId(id));
            cm.resolveAddr(id, null, target, timeoutMs);
            assertThat(nextEvent().type()).isEqualTo(EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
            cm.resolveRoute(id, timeoutMs);
            assertThat(nextEvent().type()).isEqualTo(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
            domain = verbs.allocPd(id.getVerbs());
            undo.push(() -> verbs.deallocPd(domain));
            IbvCompChannel announcements = verbs.createCompChannel(id.getVerbs());
            undo.push(() -> verbs.destroyCompChannel(announcements));
            completions = verbs.createCQ(id.getVerbs(), announcements, 1024, 0);
            undo.push(() -> verbs.destroyCQ(completions));
            region = register();
            queuePair = cm.createQP(id, domain, attributes());
            undo.push(() -> cm.destroyQP(id));
            poll = verbs.pollCQ(completions, taken, 1);
            send = verbs.sendCall(id.getVerbs(), 1, 1);
            receive = verbs.receiveCall(id.getVerbs(), RECEIVES, 1);
            undo.push(this::freeCalls);
            postReceives();
        } catch (IOException e) {
            undoAll();
            throw new FaultyHostException(e);
        }
    }

    private MemoryRegion register() throws IOException {
        MemoryRegion made =
                verbs.registerMemory(
                        domain,
                        memory.address(),
                        memory.byteSize(),
                        IbvMr.IBV_ACCESS_LOCAL_WRITE
                                | IbvMr.IBV_ACCESS_REMOTE_READ
                                | IbvMr.IBV_ACCESS_REMOTE_WRITE);
        undo.push(() -> verbs.deregister(made));
        return made;
    }

    /** Registers all memory once more; the key, which may be invalidated. */
    int anotherKey() {
        try {
            return register().getRkey();
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
    }

    /** A call of the host's own has failed. */
    static final class FaultyHostException extends RuntimeException {
        private static final long serialVersionUID = 1;

        FaultyHostException(IOException cause) {
            super(cause);
        }
    }

    private void freeCalls() {
        poll.free();
        send.free();
        receive.free();
    }

    /** Waits for little from now on, as what it waits for may never come. */
    void impatient() {
        timeoutMs = 500;
    }

    private IbvQPInitAttr attributes() {
        IbvQPInitAttr attributes = new IbvQPInitAttr();
        attributes.setQp_type(IbvQP.IBV_QPT_RC);
        attributes.setSend_cq(completions);
        attributes.setRecv_cq(completions);
        attributes.cap().setMax_send_wr(CAPSULES);
        attributes.cap().setMax_send_sge(1);
        attributes.cap().setMax_recv_wr(RECEIVES);
        attributes.cap().setMax_recv_sge(1);
        return attributes;
    }

    private void postReceives() throws IOException {
        receive.clear().on(queuePair);
        for (int slot = 0; slot < RECEIVES; slot++) {
            addReceive(slot);
        }
        ReceiveCall _ = receive.execute();
    }

    private void addReceive(int slot) {
        int at = receive.add(RECEIVE_BIT | slot);
        receive.segment(at, memory.address() + RESPONSES + slot * 16L, Cqe.BYTES, region.getLkey());
    }

    CmEvent nextEvent() {
        try {
            CmEvent event = cm.getCmEvent(channel, timeoutMs);
            CmEvent known = Objects.requireNonNull(event, "no event of the connection manager");
            int _ = cm.ackCmEvent(known);
            return known;
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
    }

    /** Asks for a connection; the event that says what became of it. */
    CmEvent ask(byte[] privateData, int responderResources) {
        request(privateData, responderResources);
        return outcome();
    }

    /** Asks for a connection, and does not wait for the {@link #outcome}. */
    void request(byte[] privateData, int responderResources) {
        try {
            cm.connect(
                    id,
                    new ConnectParameters()
                            .privateData(privateData)
                            .responderResources(responderResources)
                            .retries(7)
                            .receiverNotReadyRetries(7));
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
    }

    /** The event that says what became of a request. */
    CmEvent outcome() {
        return nextEvent();
    }

    /** Whether it became connected. */
    boolean tryConnect(int queueId, int entries) {
        request(Commands.request(queueId, entries), 16);
        try {
            CmEvent event = cm.getCmEvent(channel, timeoutMs);
            if (event != null) {
                int _ = cm.ackCmEvent(event);
            }
            return event != null && event.type() == EventType.RDMA_CM_EVENT_ESTABLISHED;
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
    }

    /** Whether a command is answered, and with success. */
    boolean succeeds(byte[] capsule) {
        send(capsule);
        Completion completion = next();
        return completion != null && completion.status() == 0;
    }

    RawHost connect(int queueId, int entries) {
        CmEvent event = ask(Commands.request(queueId, entries), 16);
        assertThat(event.type()).isEqualTo(EventType.RDMA_CM_EVENT_ESTABLISHED);
        return this;
    }

    /** Becomes the admin queue of a new, enabled controller. */
    RawHost admin() {
        connect(0, 32);
        Completion connected = execute(connectCommand(0, 32, 0xffff));
        assertThat(connected.status()).isZero();
        controllerId = (int) connected.result() & 0xffff;
        assertThat(execute(Commands.enable(2).array()).status()).isZero();
        return this;
    }

    int controllerId() {
        return controllerId;
    }

    /** Becomes an I/O queue. */
    RawHost io(int queueId, int controller, int entries) {
        connect(queueId, entries);
        assertThat(execute(connectCommand(queueId, entries, controller)).status()).isZero();
        return this;
    }

    /** Connect, with its data at the end of our memory. */
    byte[] connectCommand(int queueId, int entries, int controller) {
        int at = DATA_BYTES - 1024;
        write(at, Commands.connectData(controller));
        return Commands.keyed(
                        Commands.connect(1, queueId, entries), address(at), 1024, region.getRkey())
                .array();
    }

    /** As the target addresses it. */
    long address(long offset) {
        return memory.address() + DATA + offset;
    }

    int key() {
        return region.getRkey();
    }

    void write(long offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, DATA + offset, bytes.length);
    }

    byte[] read(long offset, int length) {
        return memory.asSlice(DATA + offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    /** A command that moves blocks at {@code offset} of our memory, in one keyed block. */
    byte[] blocks(int opcode, int cid, long lba, int blocks, long offset) {
        return Commands.keyed(
                        Commands.io(opcode, cid, lba, blocks),
                        address(offset),
                        blocks * Commands.BLOCK,
                        key())
                .array();
    }

    /** A write whose data is in the capsule. */
    static byte[] inCapsule(int cid, long lba, byte[] data) {
        Bytes sqe = Commands.io(Commands.WRITE, cid, lba, data.length / Commands.BLOCK);
        Commands.atOffset(sqe, 0, data.length, Sgl.DATA_BLOCK_OFFSET);
        byte[] capsule = Arrays.copyOf(sqe.array(), 64 + data.length);
        System.arraycopy(data, 0, capsule, 64, data.length);
        return capsule;
    }

    /** Sends bytes as one message. */
    void send(byte[] capsule) {
        long at = (long) (nextCapsule++ % CAPSULES) * CAPSULE_BYTES;
        MemorySegment.copy(capsule, 0, memory, ValueLayout.JAVA_BYTE, at, capsule.length);
        try {
            int wr = send.clear().add(0, IbvSendWR.IBV_WR_SEND, IbvSendWR.IBV_SEND_SIGNALED);
            send.segment(wr, memory.address() + at, capsule.length, region.getLkey());
            SendCall _ = send.on(queuePair).execute();
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
    }

    /** Sends a command and waits for the next response. */
    Completion execute(byte[] capsule) {
        send(capsule);
        return Objects.requireNonNull(next(), "the target has gone");
    }

    /** A response: dwords 0 and 1, command, and status as type shl 8 | code. */
    record Completion(long result, int commandId, int status, boolean doNotRetry) {}

    /** The next response; null when the connection is gone. */
    @Nullable Completion next() {
        Cqe response = nextEntry();
        return response == null
                ? null
                : new Completion(
                        response.result(),
                        response.commandId(),
                        response.status() & 0x7ff,
                        (response.status() & 0x4000) != 0);
    }

    private final Cqe entry = new Cqe();

    /** As {@link #next}; the view is valid until the next call. Allocates nothing. */
    @Nullable Cqe nextEntry() {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        while (!gone) {
            int slot = pollOnce();
            if (slot >= 0) {
                entry.wrap(memory, RESPONSES + slot * 16L);
                repost(slot);
                return entry;
            }
            if (System.nanoTime() - end > 0) {
                if (timeoutMs < PATIENCE_MS) {
                    return null;
                }
                throw new AssertionError("no response within " + timeoutMs + " ms");
            }
            Thread.onSpinWait();
        }
        return null;
    }

    /** Waits until the target's device has taken that many messages in all. */
    void awaitSent(int count) {
        RdmaFixture.eventually(() -> pollOnce() < 0 && sent >= count);
    }

    /** Slot of a response that has come; -1: none, or something else has completed. */
    private int pollOnce() {
        try {
            SVCPollCq _ = poll.execute();
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
        if (poll.getPolls() == 0) {
            return -1;
        }
        IbvWC completion = taken[0];
        if (completion.getStatus() != 0) {
            gone = true;
            return -1;
        }
        long which = completion.getWr_id();
        if ((which & RECEIVE_BIT) != 0) {
            return (int) which;
        }
        sent++;
        return -1;
    }

    /** The slot's bytes stay as they are until another response comes there, 256 later. */
    private void repost(int slot) {
        try {
            receive.clear().on(queuePair);
            addReceive(slot);
            ReceiveCall _ = receive.execute();
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
    }

    /** Nothing more comes: the target ends the connection. */
    void expectEnd() {
        CmEvent event = nextEvent();
        assertThat(event.type()).isEqualTo(EventType.RDMA_CM_EVENT_DISCONNECTED);
    }

    /** The target answers on this admin queue. */
    void expectStillOpen() {
        assertThat(execute(Commands.keepAlive(99).array()).status()).isZero();
    }

    void disconnect() {
        try {
            int _ = cm.disconnect(id);
        } catch (IOException e) {
            throw new FaultyHostException(e);
        }
    }

    @Override
    public void close() {
        try {
            int _ = cm.disconnect(id);
        } catch (IOException _) {
            // it was never connected, or is gone
        }
        undoAll();
    }

    private void undoAll() {
        while (!undo.isEmpty()) {
            try {
                undo.pop().run();
            } catch (IOException e) {
                throw new FaultyHostException(e);
            }
        }
    }

    @FunctionalInterface
    private interface Undo {
        void run() throws IOException;
    }
}
