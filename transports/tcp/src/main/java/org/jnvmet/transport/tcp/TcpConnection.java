package org.jnvmet.transport.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.QueueChannel;
import org.jnvmet.transport.tcp.PduReader.Fatal;
import org.jnvmet.transport.tcp.TcpRequest.Phase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection, which is one queue. Owned by its loop, except {@link #disconnect} and the addresses.
 *
 * <p>Runs in batches: receive once, interpret and execute all that is complete, send all responses with
 * one call. Between batches commands that ran elsewhere come back as tasks of the loop; their responses
 * are collected by one flush behind them.
 */
final class TcpConnection implements QueueChannel, ByteStream.Events, Sender.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(TcpConnection.class);

    private enum State {
        /** PDUs flow. */
        OPEN,
        /** C2HTermReq is on its way or out; what arrives is thrown away until the host closes. */
        TERMINATING,
        /** The socket is closed; commands may still run. */
        CLOSED,
        /** The last command has ended and everything is given back. */
        GONE;

        boolean mayBecome(State next) {
            return switch (this) {
                case OPEN -> next == TERMINATING || next == CLOSED;
                case TERMINATING -> next == CLOSED;
                case CLOSED -> next == GONE;
                case GONE -> false;
            };
        }
    }

    private final TcpLoop loop;
    private final TcpListener listener;
    private final ByteStream stream;
    private final Endpoints endpoints;
    private final RequestTable requests;
    private final Queue queue;
    private final Solicitor solicitor;
    private final Inbound inbound;
    private final PduReader reader;
    private final Outbound outbound;
    private final Sender sender;
    private final Receiver receiver;
    private final Deadlines deadlines;
    private final Step receiveStep;
    private final Runnable flushTask = this::flushLater;
    private final Runnable resumeTask = this::resume;
    private final Step resumeStep;
    private State state = State.OPEN;
    private int inUse;
    private boolean inBatch;
    private boolean flushScheduled;
    private boolean resumeScheduled;
    private boolean sendBlocked;
    private boolean finishWhenSent;

    /** Both ends as text. */
    record Endpoints(String hostAddress, int hostPort, String localAddress, String localService) {
        @Override
        public String toString() {
            return "%s port %d at %s port %s"
                    .formatted(hostAddress, hostPort, localAddress, localService);
        }
    }

    /** On the loop that owns it. {@code streams} makes the byte stream for this connection. */
    TcpConnection(TcpLoop loop, TcpListener listener, Endpoints endpoints, StreamFactory streams) {
        this.loop = loop;
        this.listener = listener;
        this.endpoints = endpoints;
        stream = streams.create(this);
        requests = new RequestTable(this, loop.slabs());
        queue = new Queue(listener.target(), listener.port(), loop, this, requests::create);
        solicitor = new Solicitor(this, loop);
        inbound = new Inbound(this, solicitor, loop, requests.stash(), listener.inlineBytes());
        reader = inbound.reader();
        TcpSettings.Protocol protocol = loop.settings().protocol();
        outbound = new Outbound(queue, loop.digests(), protocol, requests.control());
        sender = new Sender(stream, this, loop.vector());
        deadlines = new Deadlines(loop.settings().limits(), loop.nanoTime());
        receiver = new Receiver(loop, stream, reader, solicitor);
        receiveStep = this::receive;
        resumeStep = receiver::resume;
    }

    /** Makes the stream below a connection. */
    @FunctionalInterface
    interface StreamFactory {
        ByteStream create(ByteStream.Events events);
    }

    Queue queue() {
        return queue;
    }

    // ---- Events of the stream.

    @Override
    public void onReadable() {
        batch(receiveStep);
    }

    @Override
    public void onWritable() {
        sendBlocked = false;
        batch(() -> {});
    }

    @Override
    public void onHangUp() {
        close("the host closed the connection");
    }

    /** Part of a batch. */
    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    /** Runs a step, then sends. What goes wrong with the socket or with us ends this connection only. */
    private void batch(Step step) {
        if (closed()) {
            return;
        }
        inBatch = true;
        try {
            step.run();
            flush();
        } catch (IOException e) {
            close("connection lost: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            onBug(e);
        } finally {
            inBatch = false;
        }
    }

    private boolean closed() {
        return state == State.CLOSED || state == State.GONE;
    }

    private void onBug(Throwable bug) {
        LOG.error("{}: internal error, closing the connection", this, bug);
        close("internal error");
    }

    private void receive() throws IOException {
        if (!receiver.receive()) {
            close("the host closed the connection");
        }
        long now = loop.nanoTime();
        deadlines.onReceived(now);
        loop.active(now);
        if (state == State.OPEN) {
            queue.onTraffic();
        }
    }

    /** What stalled the reader may be gone. */
    void resumeSoon() {
        if (!resumeScheduled) {
            resumeScheduled = true;
            loop.execute(resumeTask);
        }
    }

    private void resume() {
        resumeScheduled = false;
        batch(resumeStep);
    }

    // ---- Sending.

    @Override
    public void respond(Request completed) {
        TcpRequest request = (TcpRequest) completed;
        if (state != State.OPEN) {
            release(request);
            return;
        }
        try {
            request.become(Phase.RESPONDING);
            outbound.response(request);
            send(request);
        } catch (RuntimeException e) {
            onBug(e);
        }
    }

    /** Asks the host for data. */
    void sendR2t(TcpRequest request, int offset, int bytes) {
        if (solicitor.inFlightBytes() == bytes) {
            onHostProgress(); // nothing was owed before
        }
        outbound.r2t(request, offset, bytes);
        send(request);
    }

    private void send(TcpRequest request) {
        sender.add(request);
        flushSoon();
    }

    private void flushSoon() {
        if (!inBatch && !sendBlocked) {
            scheduleFlush();
        }
    }

    private void scheduleFlush() {
        if (!flushScheduled) {
            flushScheduled = true;
            loop.execute(flushTask);
        }
    }

    private void flushLater() {
        flushScheduled = false;
        batch(() -> {});
    }

    private void flush() throws IOException {
        if (closed()) {
            return;
        }
        if (!sendBlocked) {
            Sender.Result result = sender.flush();
            deadlines.onSent(loop, sender.isEmpty());
            sendBlocked = result == Sender.Result.FULL;
            if (result == Sender.Result.YIELD) {
                scheduleFlush();
            }
        }
        stream.interest(!reader.stalled(), sendBlocked);
        if (finishWhenSent && sender.isEmpty()) {
            finishWhenSent = false;
            stream.finishSending();
        }
    }

    @Override
    public void onSent(TcpRequest request) {
        if (state != State.OPEN) {
            release(request);
        } else if (request.phase() == Phase.SOLICITING) {
            solicitor.onSent(request);
        } else if (outbound.nextOfResponse(request)) {
            sender.add(request);
        } else {
            release(request);
        }
    }

    // ---- What the receiving side asks for.

    /** R2Ts of one command that may be under way. */
    int maxR2ts() {
        return inbound.parameters().maxR2ts();
    }

    RequestTable requests() {
        return requests;
    }

    /** A request was taken from the queue. */
    void onAllocated(TcpRequest request) {
        assert request.connection() == this;
        inUse++;
    }

    /** A request that stood in line has its buffer. */
    void onBuffer(TcpRequest request, DataBuffer buffer) {
        try {
            if (!inbound.capsules().onBuffer(request, buffer)) {
                solicitor.onBuffer(request, buffer);
            }
        } catch (RuntimeException | Error e) {
            onBug(e);
        }
    }

    /** A request that stood in line must look for a buffer elsewhere. */
    void onTurnedAway(TcpRequest request) {
        batch(() -> inbound.capsules().onTurnedAway(request));
    }

    /** Takes an aborted command out of its line, unless something of it is on its way to us. */
    boolean abandon(TcpRequest request) {
        return switch (request.phase()) {
            case WAITING -> {
                if (inbound.capsules().isInline(request)) {
                    yield false; // the stream stands still at its data
                }
                solicitor.cancel(request);
                yield true;
            }
            case SOLICITING -> solicitor.abandon(request);
            default -> false;
        };
    }

    /** The host sent ICReq. */
    void onNegotiated(ConnectionParameters parameters) {
        outbound.parameters(parameters);
        sender.control(outbound.icRespAddress(), outbound.icResp());
        LOG.debug("{}: {}", this, parameters);
    }

    /** Data that the host owes is coming, or was asked for just now. */
    void onHostProgress() {
        deadlines.onHostData(loop.nanoTime());
    }

    /** Data of a command did not match its digest. */
    void onCorruptData(TcpRequest request) {
        LOG.warn("{}: data digest error, command {}", this, request.sqe().commandId());
    }

    // ---- The end.

    /** The PDU is wrong in a way that ends the connection. */
    void onFatal(Fatal fatal, Pdu pdu) {
        terminate(fatal, pdu.memory(), pdu.base(), pdu.declaredHeader());
    }

    /** Says why with C2HTermReq, then waits for the host to close (NVMe/TCP Transport, Error Handling). */
    void terminate(Fatal fatal, MemorySegment memory, long header, int bytes) {
        if (state != State.OPEN) {
            return;
        }
        LOG.warn("{}: {}: {}", this, fatal.error().meaningFromController(), fatal.what());
        become(State.TERMINATING);
        deadlines.onTerminating(loop.nanoTime());
        reader.stop();
        sender.dropUnsent();
        sender.control(
                outbound.termReqAddress(), outbound.termReq(fatal, memory.asSlice(header, bytes)));
        finishWhenSent = true;
        dropRequests("fatal error: " + fatal.what());
        flushSoon();
    }

    /** The host sent H2CTermReq: no answer. */
    void onHostTermination(String what) {
        LOG.warn("{}: {}", this, what);
        close(what);
    }

    @Override
    public void disconnect(String reason) {
        try {
            loop.execute(() -> closeAfterFlush(reason));
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: disconnect ({}) after the end of its loop", this, reason, e);
        }
    }

    private void closeAfterFlush(String reason) {
        if (state == State.OPEN) {
            batch(() -> {
                flush();
                close(reason);
            });
        } else {
            close(reason);
        }
    }

    /** Closes the socket; what is to be sent is dropped. Idempotent. */
    void close(String reason) {
        close(reason, false);
    }

    private void close(String reason, boolean reset) {
        if (closed()) {
            return;
        }
        become(State.CLOSED);
        LOG.info("{}: closed: {}", this, reason);
        reader.stop();
        sender.drop();
        stream.close(reset);
        receiver.freeSpill();
        dropRequests(reason);
        if (inUse == 0) {
            leave();
        }
    }

    /** Ends what has not been executed, and what is not being sent any more. */
    private void dropRequests(String reason) {
        try {
            queue.onDisconnected(reason);
        } catch (RuntimeException e) {
            LOG.error("{}: internal error while disconnecting", this, e);
        }
        solicitor.close();
        for (int tag = 0; tag < requests.size(); tag++) {
            TcpRequest request = Objects.requireNonNull(requests.get(tag));
            Phase phase = request.phase();
            if (phase == Phase.WAITING) {
                solicitor.cancel(request);
            } else if (phase == Phase.SOLICITING) {
                solicitor.drop(request);
            }
            if (phase != Phase.FREE && phase != Phase.EXECUTING && !request.queued()) {
                release(request);
            }
        }
    }

    private void release(TcpRequest request) {
        request.become(Phase.FREE);
        queue.release(request);
        inUse--;
        if (state == State.OPEN) {
            if (reader.stalled()) {
                resumeSoon();
            }
        } else if (state == State.CLOSED && inUse == 0) {
            leave();
        }
    }

    /** The last command has ended. */
    private void leave() {
        if (state != State.CLOSED) {
            return;
        }
        become(State.GONE);
        requests.free();
        listener.onGone(this);
        loop.remove(this);
    }

    private void become(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("%s: %s -> %s".formatted(this, state, next));
        }
        state = next;
    }

    /** Ends a connection whose peer takes too long. */
    void checkTimeLimits(long now) {
        if (closed()) {
            return;
        }
        String late =
                state == State.TERMINATING
                        ? deadlines.whileTerminating(now)
                        : deadlines.whileOpen(
                                now,
                                queue.id() >= 0,
                                solicitor.inFlightBytes() > 0,
                                reader.midPdu() && !reader.stalled());
        if (late != null) {
            LOG.warn("{}: {}", this, late);
            close(late, true);
        }
    }

    @Override
    public String hostAddress() {
        return endpoints.hostAddress();
    }

    @Override
    public String localAddress() {
        return endpoints.localAddress();
    }

    @Override
    public String localService() {
        return endpoints.localService();
    }

    /** For the LOG. */
    @Override
    public String toString() {
        int id = queue.id();
        return id < 0 ? "host " + endpoints : "host %s, queue %d".formatted(endpoints, id);
    }
}
