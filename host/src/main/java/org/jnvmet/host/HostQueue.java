package org.jnvmet.host;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * A queue pair of one association with a controller. Any thread submits; at most {@code entries - 1}
 * commands are outstanding, and more wait in line. It ends with the association: what is outstanding
 * then completes as aborted by the host, and what waits or is submitted later fails at once.
 */
@CheckReturnValue
public final class HostQueue {
    /** Time limit of a request that may wait for ever, as an Asynchronous Event Request does. */
    static final long NO_LIMIT = -1;

    private static final long NEVER = Long.MAX_VALUE;

    /** Who is responsible for the queue. */
    interface Owner {
        /** The connection failed; the association has to be given up. Any thread, any number of times. */
        void onError(HostQueue queue, HostException reason);

        /** Coarse time, in milliseconds from any origin. */
        long nowMs();
    }

    /** Is told of requests that take too long. */
    interface Overdue {
        /**
         * The request has exceeded its time limit.
         *
         * @param times how many times by now
         */
        void onOverdue(HostQueue queue, HostRequest request, int times);
    }

    private final QueueOptions options;
    private final Owner owner;
    private final long timeoutMs;
    private final CommandIds ids;
    private final AtomicReferenceArray<@Nullable HostRequest> outstanding;
    private final AtomicLongArray deadlines;
    private final byte[] timesOverdue;
    private final WaitingLine waiting = new WaitingLine();
    private final AtomicBoolean drained = new AtomicBoolean();
    private final CompletableFuture<@Nullable Void> quiet = new CompletableFuture<>();
    private final AtomicBoolean destroyed = new AtomicBoolean();
    private final QueueChannel channel;
    private final int maxSegments;
    private volatile boolean traffic;
    private volatile @Nullable HostException reason;

    private HostQueue(
            ControllerLink link,
            QueueOptions options,
            int maxSegments,
            long timeoutMs,
            Owner owner) {
        this.options = options;
        this.owner = owner;
        this.timeoutMs = timeoutMs;
        this.maxSegments = maxSegments;
        ids = new CommandIds(options);
        outstanding = new AtomicReferenceArray<>(ids.slots());
        deadlines = new AtomicLongArray(ids.slots());
        timesOverdue = new byte[ids.slots()];
        channel = link.createQueue(options, new Events());
    }

    /**
     * Opens a queue's connection; Connect has not been sent.
     *
     * @param maxSegments most segments of a command's data
     * @param timeoutMs time limit of a command
     * @throws HostException when there is no connection to be had
     */
    static HostQueue create(
            ControllerLink link,
            QueueOptions options,
            int maxSegments,
            long timeoutMs,
            Owner owner) {
        return new HostQueue(link, options, maxSegments, timeoutMs, owner);
    }

    /** Queue identifier; 0 is the admin queue. */
    public int id() {
        return options.queueId();
    }

    public int entries() {
        return options.entries();
    }

    /** Commands that the controller has; those that wait in line do not count. */
    public int outstanding() {
        return ids.outstanding();
    }

    /** Whether the queue still takes commands. */
    public boolean alive() {
        return !drained.get();
    }

    /**
     * Submits a request. It completes exactly once, here at the latest when the queue ends. Any thread;
     * never waits, never allocates.
     *
     * @throws IllegalArgumentException when its data lies in more segments than the transport takes
     */
    public void submit(HostRequest request) {
        if (request.data().segments() > maxSegments) {
            throw new IllegalArgumentException(
                    "%s: data of %s in %d segments; the transport takes %d"
                            .formatted(
                                    this, request.name(), request.data().segments(), maxSegments));
        }
        int id = waiting.isEmpty() ? ids.take() : -1;
        if (id >= 0) {
            dispatch(request, id);
            return;
        }
        waiting.add(request);
        dispatchWaiting();
    }

    /** Every path that frees an identifier or adds to the line ends here: nobody is left waiting. */
    private void dispatchWaiting() {
        while (!waiting.isEmpty()) {
            int id = ids.take();
            if (id < 0) {
                return;
            }
            HostRequest request = waiting.poll();
            if (request == null) {
                ids.giveBack(id);
            } else {
                dispatch(request, id);
            }
        }
    }

    private void dispatch(HostRequest request, int id) {
        int slot = ids.slotOf(id);
        request.identify(id, slot);
        long limit = request.timeoutMs == 0 ? timeoutMs : request.timeoutMs;
        deadlines.lazySet(slot, limit == NO_LIMIT ? NEVER : owner.nowMs() + limit);
        timesOverdue[slot] = 0;
        outstanding.set(slot, request);
        if (!drained.get()) {
            channel.send(request);
        } else if (outstanding.compareAndSet(slot, request, null)) {
            ids.giveBack(id);
            request.end(Status.HOST_PATHING_ERROR.code(), 0, endedBecause());
        }
    }

    /** Submits a command; the future completes with whatever status it ends with. */
    public CompletableFuture<CommandResult> submit(HostCommand command) {
        return start(command).future();
    }

    /** As {@link #submit(HostCommand)}, but tells its identifier too, which Abort needs. */
    public Submission start(HostCommand command) {
        Submission submission = new Submission(command);
        submit(submission.request());
        return submission;
    }

    /**
     * Submits a command and waits for its end, of whatever status the controller gave.
     *
     * @throws HostException when the host ended it: the connection failed, or it took too long
     */
    public CommandResult execute(HostCommand command) {
        return start(command).await(this);
    }

    /** Completes what has arrived, in the calling thread: for callers that spin. */
    @CanIgnoreReturnValue
    public int poll() {
        return drained.get() ? 0 : channel.poll();
    }

    /** Whether a command has completed since the last call. */
    boolean takeTraffic() {
        boolean seen = traffic;
        traffic = false;
        return seen;
    }

    /** Tells of each request that has exceeded its limit since the last call. One thread at a time. */
    void checkDeadlines(long nowMs, Overdue overdue) {
        for (int slot = 0; slot < ids.slots(); slot++) {
            HostRequest request = outstanding.get(slot);
            long deadline = deadlines.get(slot);
            if (request == null || nowMs - deadline < 0 || deadline == NEVER) {
                continue;
            }
            long limit = request.timeoutMs == 0 ? timeoutMs : request.timeoutMs;
            if (deadlines.compareAndSet(slot, deadline, nowMs + limit)) {
                timesOverdue[slot]++;
                overdue.onOverdue(this, request, timesOverdue[slot]);
            }
        }
    }

    /**
     * Ends the queue: nothing completes from the connection any more, and all requests are completed as
     * {@code why} says, by the first who calls this; others only wait for the connection to be quiet.
     * Not from a completion.
     */
    void drain(HostException why) {
        if (!drained.compareAndSet(false, true)) {
            quiet.join(); // or destroy would take the connection's memory away from under it
            return;
        }
        reason = why;
        channel.drain();
        quiet.complete(null);
        for (int slot = 0; slot < ids.slots(); slot++) {
            HostRequest request = outstanding.getAndSet(slot, null);
            if (request != null) {
                ids.giveBack(request.commandId());
                request.end(Status.ABORTED_BY_HOST.code(), 0, why);
            }
        }
        dispatchWaiting();
    }

    /** Closes the connection, once, after {@link #drain}. */
    void destroy() {
        if (destroyed.compareAndSet(false, true)) {
            channel.destroy();
        }
    }

    private HostException endedBecause() {
        HostException why = reason;
        return why == null ? new HostException(this + ": the queue has ended") : why;
    }

    @Override
    public String toString() {
        return options.queueId() == 0 ? "admin queue" : "I/O queue " + options.queueId();
    }

    private final class Events implements QueueEvents {
        @Override
        public void done(HostRequest request, long result, int status) {
            int id = request.commandId();
            if (!outstanding.compareAndSet(ids.slotOf(id), request, null)) {
                return;
            }
            if (!traffic) {
                traffic = true; // a volatile write for each command would be felt
            }
            ids.giveBack(id);
            if (!waiting.isEmpty()) {
                dispatchWaiting();
            }
            request.end(status, result, null);
        }

        @Override
        public void reportError(HostException why) {
            owner.onError(HostQueue.this, why);
        }
    }
}
