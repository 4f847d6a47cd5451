package org.jnvmet.host.rdma;

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
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;
import org.jnvmet.wire.Cqe;
import org.jspecify.annotations.Nullable;

/**
 * The other side of a host's connections, which does what the test says and nothing else: it knows queue
 * pairs, not NVMe. Connections are used by the test's thread.
 */
final class RawTarget implements AutoCloseable {
    private static final int RECEIVES = 64;
    private static final int CAPSULE_BYTES = 64 + (16 << 10);
    private static final int SCRATCH_BYTES = 4 << 20;
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    /** What becomes of connection requests. */
    enum Answer {
        ACCEPT,
        REJECT,
        NONE
    }

    private final ConnectionManager manager;
    private final Verbs verbs;
    private final RdmaEventChannel events;
    private final RdmaCmId listener;
    private final Thread thread = new Thread(this::serve, "raw-target");
    private final BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    private final List<Connection> all = new CopyOnWriteArrayList<>();
    private final List<RdmaCmId> unanswered = new CopyOnWriteArrayList<>();
    private volatile Answer answer = Answer.ACCEPT;
    private volatile byte[] rejectData = {};
    private volatile boolean ended;

    RawTarget(VerbsProvider provider, InetSocketAddress address) {
        manager = provider.openCm();
        verbs = provider.openVerbs();
        try {
            events = manager.createEventChannel();
            listener = manager.createId(events, RdmaCm.RDMA_PS_TCP);
            manager.bindAddr(listener, address);
            manager.listen(listener, 16);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread.start();
    }

    void reject(byte[] privateData) {
        rejectData = privateData.clone();
        answer = Answer.REJECT;
    }

    void answer(Answer next) {
        answer = next;
    }

    /** The next connection that was accepted. */
    Connection next() {
        try {
            return Objects.requireNonNull(accepted.poll(20, TimeUnit.SECONDS), "no connection");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void serve() {
        try {
            while (!ended) {
                CmEvent event = manager.getCmEvent(events, 20);
                if (event != null) {
                    int _ = manager.ackCmEvent(event);
                    if (event.type() == EventType.RDMA_CM_EVENT_CONNECT_REQUEST) {
                        onRequest(event);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void onRequest(CmEvent event) throws IOException {
        switch (answer) {
            case ACCEPT -> {
                Connection connection = new Connection(event);
                all.add(connection);
                connection.accept();
                accepted.add(connection);
            }
            case REJECT -> {
                manager.reject(event.id(), rejectData);
                int _ = manager.destroyCmId(event.id());
            }
            case NONE -> unanswered.add(event.id());
        }
    }

    @Override
    public void close() {
        ended = true;
        try {
            thread.join();
            for (Connection connection : all) {
                connection.close();
            }
            for (RdmaCmId id : unanswered) {
                int _ = manager.destroyCmId(id);
            }
            int _ = manager.destroyCmId(listener);
            int _ = manager.destroyEventChannel(events);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One queue pair. */
    final class Connection {
        private final RdmaCmId id;
        private final ConnectParameters request;
        private final Arena arena = Arena.ofShared();
        private final MemorySegment receives =
                arena.allocate((long) RECEIVES * CAPSULE_BYTES, 4096);
        private final MemorySegment scratch = arena.allocate(SCRATCH_BYTES, 4096);
        private final IbvPd domain;
        private final IbvCompChannel channel;
        private final IbvCQ queue;
        private final MemoryRegion receiveRegion;
        private final MemoryRegion scratchRegion;
        private final IbvQP queuePair;
        private final SendCall send;
        private final ReceiveCall receive;
        private final IbvWC[] completions = {new IbvWC()};
        private final SVCPollCq poll;
        private final Deque<byte[]> capsules = new ArrayDeque<>();
        private boolean open = true;

        private Connection(CmEvent event) throws IOException {
            id = event.id();
            request = event.parameters();
            Device device = (Device) id.getVerbs();
            domain = verbs.allocPd(device);
            channel = verbs.createCompChannel(device);
            queue = verbs.createCQ(device, channel, 2 * RECEIVES, 0);
            int access = IbvMr.IBV_ACCESS_LOCAL_WRITE;
            receiveRegion =
                    verbs.registerMemory(domain, receives.address(), receives.byteSize(), access);
            scratchRegion =
                    verbs.registerMemory(domain, scratch.address(), scratch.byteSize(), access);
            IbvQPInitAttr attributes = new IbvQPInitAttr();
            attributes.setQp_type(IbvQP.IBV_QPT_RC);
            attributes.setSend_cq(queue);
            attributes.setRecv_cq(queue);
            attributes.cap().setMax_send_wr(RECEIVES);
            attributes.cap().setMax_recv_wr(RECEIVES);
            attributes.cap().setMax_send_sge(1);
            attributes.cap().setMax_recv_sge(1);
            queuePair = manager.createQP(id, domain, attributes);
            send = verbs.sendCall(device, 1, 1);
            receive = verbs.receiveCall(device, 1, 1);
            poll = verbs.pollCQ(queue, completions, 1);
            for (int i = 0; i < RECEIVES; i++) {
                post(i);
            }
        }

        private void accept() throws IOException {
            manager.accept(
                    id,
                    new ConnectParameters()
                            .privateData(new byte[32])
                            .initiatorDepth(Math.min(request.initiatorDepth(), 16))
                            .receiverNotReadyRetries(7));
        }

        /** As the host sent it, padded. */
        ConnectParameters request() {
            return request;
        }

        private void post(int index) throws IOException {
            receive.clear();
            int at = receive.add(index);
            long address = receives.address() + (long) index * CAPSULE_BYTES;
            receive.segment(at, address, CAPSULE_BYTES, receiveRegion.getLkey());
            receive.on(queuePair).execute();
        }

        /** The next command capsule. */
        byte[] capsule() {
            long end = System.nanoTime() + LIMIT_NANOS;
            while (capsules.isEmpty()) {
                IbvWC completion = complete();
                if (completion != null && completion.getStatus() != 0) {
                    throw new IllegalStateException("status " + completion.getStatus());
                }
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("no capsule");
                }
            }
            return capsules.remove();
        }

        /** Whether a capsule is there. */
        boolean hasCapsule() {
            IbvWC _ = complete();
            return !capsules.isEmpty();
        }

        String capsuleHex() {
            return HexFormat.of().formatHex(capsule());
        }

        private @Nullable IbvWC complete() {
            try {
                if (poll.execute().getPolls() == 0) {
                    LockSupport.parkNanos(1000); // the machine may have few processors
                    return null;
                }
                IbvWC completion = completions[0];
                if (completion.getStatus() == 0 && completion.getWr_id() < RECEIVES) {
                    int index = (int) completion.getWr_id();
                    byte[] bytes = new byte[completion.getByte_len()];
                    MemorySegment.copy(
                            receives,
                            ValueLayout.JAVA_BYTE,
                            (long) index * CAPSULE_BYTES,
                            bytes,
                            0,
                            bytes.length);
                    capsules.add(bytes);
                    post(index);
                }
                return completion;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Completes a command. */
        void respond(int commandId, int status, long result) {
            Cqe _ = new Cqe().wrap(scratch, 0).set(result, 3, 1, commandId, status);
            transfer(IbvSendWR.IBV_WR_SEND, Cqe.BYTES, 0, 0);
        }

        /** Completes a command; the status with which the response's sending completes. */
        int tryRespond(int commandId) {
            Cqe _ = new Cqe().wrap(scratch, 0).set(0, 3, 1, commandId, 0);
            return tryTransfer(IbvSendWR.IBV_WR_SEND, Cqe.BYTES, 0, 0);
        }

        /** The status with which the sending of anything completes. */
        int trySend(byte[] bytes) {
            MemorySegment.copy(bytes, 0, scratch, ValueLayout.JAVA_BYTE, 0, bytes.length);
            return tryTransfer(IbvSendWR.IBV_WR_SEND, bytes.length, 0, 0);
        }

        /** Sends anything. */
        void send(byte[] bytes) {
            MemorySegment.copy(bytes, 0, scratch, ValueLayout.JAVA_BYTE, 0, bytes.length);
            transfer(IbvSendWR.IBV_WR_SEND, bytes.length, 0, 0);
        }

        void write(long address, int key, byte[] bytes) {
            MemorySegment.copy(bytes, 0, scratch, ValueLayout.JAVA_BYTE, 0, bytes.length);
            transfer(IbvSendWR.IBV_WR_RDMA_WRITE, bytes.length, address, key);
        }

        byte[] read(long address, int key, int bytes) {
            transfer(IbvSendWR.IBV_WR_RDMA_READ, bytes, address, key);
            return scratch.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE);
        }

        private void transfer(int opcode, int bytes, long address, int key) {
            int status = tryTransfer(opcode, bytes, address, key);
            if (status != 0) {
                throw new IllegalStateException("work completion status " + status);
            }
        }

        /** The status with which a transfer of the scratch memory completes. */
        int tryTransfer(int opcode, int bytes, long address, int key) {
            try {
                send.clear();
                int at = send.add(RECEIVES, opcode, IbvSendWR.IBV_SEND_SIGNALED);
                send.remote(at, address, key);
                send.segment(at, scratch.address(), bytes, scratchRegion.getLkey());
                send.on(queuePair).execute();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            long end = System.nanoTime() + LIMIT_NANOS;
            while (System.nanoTime() < end) {
                IbvWC completion = complete();
                if (completion != null && completion.getWr_id() == RECEIVES) {
                    return completion.getStatus();
                }
            }
            throw new IllegalStateException("no completion");
        }

        void disconnect() {
            try {
                int _ = manager.disconnect(id);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Gives everything back, once. */
        void close() {
            if (!open) {
                return;
            }
            open = false;
            try {
                destroy();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void destroy() throws IOException {
            send.free();
            receive.free();
            poll.free();
            int _ = manager.destroyQP(id);
            verbs.deregister(receiveRegion);
            verbs.deregister(scratchRegion);
            int _ = verbs.destroyCQ(queue);
            int _ = verbs.destroyCompChannel(channel);
            int _ = verbs.deallocPd(domain);
            int _ = manager.destroyCmId(id);
            arena.close();
        }
    }
}
