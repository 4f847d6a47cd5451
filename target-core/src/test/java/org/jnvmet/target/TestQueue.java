package org.jnvmet.target;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.QueueChannel;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jspecify.annotations.Nullable;

/** The host's and the transport's side of one queue, in one thread: sends commands, notes completions. */
final class TestQueue implements QueueChannel {
    static final String HOST =
            "nqn.2014-08.org.nvmexpress:uuid:5c1e3f6e-0000-4000-8000-000000000001";
    static final UUID HOST_ID = UUID.fromString("5c1e3f6e-0000-4000-8000-000000000001");

    /** What a command ended with. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Completion(int commandId, int status, long result, int sqHead, byte[] data) {
        boolean is(Status expected) {
            return status == expected.field();
        }

        int u8(int offset) {
            return Byte.toUnsignedInt(data[offset]);
        }

        int u16(int offset) {
            return Short.toUnsignedInt(segment().get(Le.U16, offset));
        }

        int u32(int offset) {
            return segment().get(Le.U32, offset);
        }

        long u64(int offset) {
            return segment().get(Le.U64, offset);
        }

        String text(int offset, int length) {
            return new String(data, offset, length, java.nio.charset.StandardCharsets.US_ASCII);
        }

        MemorySegment segment() {
            return MemorySegment.ofArray(data);
        }
    }

    /** A request that may stop short of its data, as on a slow wire. */
    private static final class WireRequest extends Request implements BufferSource.Waiter {
        private byte[] out = new byte[0];
        private boolean held;

        private WireRequest(Queue queue) {
            super(queue, Arena.ofAuto().allocate(Sqe.BYTES), 0);
        }

        @Override
        protected boolean abandon() {
            return held;
        }

        @Override
        public void granted(DataBuffer buffer) {
            attach(buffer);
            go();
        }

        @Override
        public void turnedAway() {
            acquire(this);
        }

        private void go() {
            DataBuffer buffer = buffer();
            if (buffer != null && direction() == Direction.HOST_TO_CONTROLLER) {
                MemorySegment.copy(out, 0, buffer.memory(), Le.U8, buffer.offset(), dataBytes());
            }
            execute();
        }
    }

    final Queue queue;
    final List<Completion> completions = new ArrayList<>();
    final List<String> disconnects = new ArrayList<>();
    private final Loop loop;
    private final Cqe cqe = new Cqe();
    private final MemorySegment cqeMemory = MemorySegment.ofArray(new byte[Cqe.BYTES]);
    private int nextCommandId = 1;
    int makes;

    /** Data arrives only at {@link #releaseHeld}. */
    boolean holdData;

    private final List<WireRequest> heldRequests = new ArrayList<>();
    String localAddress = "192.0.2.1";

    TestQueue(Target target, Port port, Loop loop) {
        this.loop = loop;
        this.queue =
                new Queue(
                        target,
                        port,
                        loop,
                        this,
                        owner -> {
                            makes++;
                            return new WireRequest(owner);
                        });
    }

    /** Sends a command without waiting for its end; its identifier. */
    int send(Consumer<Sqe> fill, int dataBytes, byte[] out) {
        WireRequest request = (WireRequest) Objects.requireNonNull(queue.allocate(), "queue full");
        int commandId = nextCommandId++ & 0xffff;
        Sqe sqe = request.sqe().clear().u8(Sqe.FLAGS, Sgl.PSDT_SGL).u16(Sqe.CID, commandId);
        Sgl.transport(sqe, dataBytes);
        fill.accept(sqe);
        request.out = out;
        request.held = false;
        queue.onTraffic();
        if (queue.parse(request, sqe.sglLength())) {
            deliver(request);
        }
        return commandId;
    }

    private void deliver(WireRequest request) {
        if (holdData && request.direction() == Request.Direction.HOST_TO_CONTROLLER) {
            request.held = true;
            heldRequests.add(request);
        } else if (request.dataBytes() == 0) {
            request.execute();
        } else {
            acquire(request);
        }
    }

    private static void acquire(WireRequest request) {
        if (!request.locate()) {
            return;
        }
        BufferSource source = request.bufferSource();
        DataBuffer buffer = source.tryAcquire(request.dataBytes());
        if (buffer != null) {
            request.granted(buffer);
        } else {
            source.await(request, request.dataBytes());
        }
    }

    void releaseHeld() {
        List<WireRequest> ready = List.copyOf(heldRequests);
        heldRequests.clear();
        ready.forEach(TestQueue::acquire);
    }

    /** Sends a command that ends at once. */
    Completion run(Consumer<Sqe> fill) {
        return run(fill, 0, new byte[0]);
    }

    /** Sends a command that moves data to the host. */
    Completion read(Consumer<Sqe> fill, int bytes) {
        return run(fill, bytes, new byte[0]);
    }

    Completion write(Consumer<Sqe> fill, byte[] out) {
        return run(fill, out.length, out);
    }

    Completion run(Consumer<Sqe> fill, int dataBytes, byte[] out) {
        int commandId = send(fill, dataBytes, out);
        if (loop instanceof ManualLoop manual) {
            manual.run();
        }
        return ended(commandId);
    }

    /** How a command has ended. */
    Completion ended(int commandId) {
        return Objects.requireNonNull(completion(commandId), "command has not ended");
    }

    /** Null: the command has not ended. */
    @Nullable Completion completion(int commandId) {
        return completions.stream()
                .filter(completion -> completion.commandId == commandId)
                .reduce((_, last) -> last)
                .orElse(null);
    }

    static byte[] connectData(int controllerId, String subsystem, String host, UUID hostId) {
        MemorySegment data = MemorySegment.ofArray(new byte[ConnectData.BYTES]);
        new ConnectData()
                .wrap(data, 0)
                .names(subsystem, host)
                .set(ConnectData.CNTLID, controllerId)
                .uuid(ConnectData.HOSTID, hostId);
        return data.toArray(Le.U8);
    }

    static Consumer<Sqe> connect(int queueId, int entries, int keepAliveMs) {
        return sqe ->
                sqe.u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                        .u8(Sqe.FCTYPE, FabricsType.CONNECT)
                        .u16(ConnectCommand.QID, queueId)
                        .u16(ConnectCommand.SQSIZE, entries - 1)
                        .u32(ConnectCommand.KATO, keepAliveMs);
    }

    static Consumer<Sqe> admin(int opcode) {
        return sqe -> sqe.u8(Sqe.OPCODE, opcode);
    }

    @Override
    public void respond(Request request) {
        request.writeCompletion(cqe.wrap(cqeMemory, 0));
        byte[] data = new byte[0];
        DataBuffer buffer = request.buffer();
        if (buffer != null
                && request.succeeded()
                && request.direction() == Request.Direction.CONTROLLER_TO_HOST) {
            data = buffer.memory().asSlice(buffer.offset(), request.dataBytes()).toArray(Le.U8);
        }
        completions.add(
                new Completion(cqe.commandId(), cqe.status(), cqe.result(), cqe.sqHead(), data));
        heldRequests.remove(request);
        queue.release(request);
    }

    /** The other side, or this target, has closed the connection. */
    void close(String reason) {
        for (WireRequest request : heldRequests) {
            queue.release(request);
        }
        heldRequests.clear();
        queue.onDisconnected(reason);
    }

    @Override
    public void disconnect(String reason) {
        disconnects.add(reason);
        loop.execute(() -> close(reason));
    }

    @Override
    public String hostAddress() {
        return "192.0.2.9";
    }

    @Override
    public String localAddress() {
        return localAddress;
    }

    @Override
    public String localService() {
        return "4420";
    }
}
