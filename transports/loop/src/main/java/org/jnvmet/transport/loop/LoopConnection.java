package org.jnvmet.transport.loop;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jnvmet.target.Port;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.Target;
import org.jnvmet.target.spi.QueueChannel;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sqe;
import org.jspecify.annotations.Nullable;

/**
 * One queue between a host and a target in this process: the host submits here, from any thread; the
 * rest is owned by the loop. Commands beyond the entries of the queue wait until one is free.
 */
public final class LoopConnection implements QueueChannel, AutoCloseable {
    /** The host's side of one command. One of the two is called, once, on the loop. */
    public interface Handler {
        /** The command is complete and its data delivered; {@code cqe} is valid during the call. */
        void completed(Cqe cqe);

        /** The connection is gone; there will be no completion. */
        void disconnected(String reason);
    }

    private record Submission(MemorySegment entry, MemorySegment data, Handler handler) {}

    private final LoopThread loop;
    private final String address;
    private final Consumer<LoopConnection> onClosed;
    private final List<LoopRequest> requests = new ArrayList<>();
    private final ArrayDeque<Submission> waiting = new ArrayDeque<>();
    private final Cqe cqe = new Cqe().wrap(MemorySegment.ofArray(new byte[Cqe.BYTES]), 0);
    private @Nullable Queue queue;
    private @Nullable String closed;

    LoopConnection(LoopThread loop, String address, Consumer<LoopConnection> onClosed) {
        this.loop = loop;
        this.address = address;
        this.onClosed = onClosed;
    }

    /** Makes the target's side. Before anything is submitted. */
    void open(Target target, Port port) {
        loop.execute(() -> queue = new Queue(target, port, loop, this, this::newRequest));
    }

    private LoopRequest newRequest(Queue owner) {
        LoopRequest request = new LoopRequest(owner);
        requests.add(request);
        return request;
    }

    /**
     * Submits a command; returns at once. Any thread.
     *
     * @param entry 64 bytes, copied; the length in its SGL is that of {@code data}
     * @param data what the command sends, or room for what it receives; the target's until the handler
     *     is called
     */
    public void submit(MemorySegment entry, MemorySegment data, Handler handler) {
        MemorySegment copy = MemorySegment.ofArray(new byte[Sqe.BYTES]);
        MemorySegment.copy(entry, 0, copy, 0, Sqe.BYTES);
        Submission submission = new Submission(copy, data, handler);
        try {
            loop.execute(() -> arrive(submission));
        } catch (RejectedExecutionException e) {
            handler.disconnected("the transport is closed");
        }
    }

    private void arrive(Submission submission) {
        Queue owner = queue;
        if (owner == null || closed != null) {
            submission.handler.disconnected(closed == null ? "not open" : closed);
            return;
        }
        owner.onTraffic();
        waiting.add(submission);
        startWaiting(owner);
    }

    private void startWaiting(Queue owner) {
        while (!waiting.isEmpty() && closed == null) {
            LoopRequest request = (LoopRequest) owner.allocate();
            if (request == null) {
                return;
            }
            Submission next = waiting.remove();
            request.start(next.entry, next.data, next.handler);
        }
    }

    @Override
    public void respond(Request request) {
        LoopRequest own = (LoopRequest) request;
        own.writeCompletion(cqe);
        if (own.succeeded() && closed == null) {
            own.deliver();
        }
        Handler handler = own.takeHandler();
        own.queue().release(own);
        if (closed == null) {
            handler.completed(cqe);
            if (!waiting.isEmpty()) {
                loop.execute(() -> startWaiting(own.queue()));
            }
        }
    }

    @Override
    public void disconnect(String reason) {
        disconnect(reason, () -> {});
    }

    private void disconnect(String reason, Runnable after) {
        try {
            loop.execute(() -> {
                try {
                    end(reason);
                } finally {
                    after.run();
                }
            });
        } catch (RejectedExecutionException e) {
            after.run(); // the loop has ended and this connection with it
        }
    }

    private void end(String reason) {
        if (closed != null) {
            return;
        }
        closed = reason;
        onClosed.accept(this);
        waiting.forEach(submission -> submission.handler.disconnected(reason));
        waiting.clear();
        for (LoopRequest request : requests) {
            request.takeHandler().disconnected(reason);
            if (request.abandon()) {
                request.queue().release(request);
            }
        }
        if (queue != null) {
            queue.onDisconnected(reason);
        }
    }

    /** Drops the connection, as a host does. Any thread. */
    @Override
    public void close() {
        close(() -> {});
    }

    /** As {@link #close()}; then {@code after} is run: no memory of the host is touched any more. */
    public void close(Runnable after) {
        disconnect("closed by the host", after);
    }

    @Override
    public String hostAddress() {
        return "loop";
    }

    @Override
    public String localAddress() {
        return address;
    }

    @Override
    public String localService() {
        return "";
    }
}
