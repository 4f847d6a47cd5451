package org.jnvmet.host;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A queue pair of a controller. Any thread submits; at most {@code entries - 1} commands are
 * outstanding. An identifier is the command's slot with a generation above it, so that a completion
 * that comes twice or too late finds no command.
 */
@CheckReturnValue
public final class HostQueue implements AutoCloseable {
    private static final int SLOT_BITS = 12;
    private static final int SLOT_MASK = (1 << SLOT_BITS) - 1;

    private final QueueOptions options;
    private final HostQueueChannel channel;
    private final long timeoutMs;

    // Guarded by freeSlots.
    private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
    private final int[] generations;

    /**
     * Opens a queue that is not connected: no Connect has been sent. For whoever wants to do without
     * {@link HostController}.
     *
     * @param timeoutMs how long {@link #execute} waits
     */
    public static HostQueue open(HostTransport transport, QueueOptions options, long timeoutMs) {
        return new HostQueue(options, transport.open(options), timeoutMs);
    }

    private HostQueue(QueueOptions options, HostQueueChannel channel, long timeoutMs) {
        this.options = options;
        this.channel = channel;
        this.timeoutMs = timeoutMs;
        generations = new int[options.entries() - 1];
        for (int slot = 0; slot < generations.length; slot++) {
            freeSlots.add(slot);
        }
    }

    /** Queue identifier; 0 is the admin queue. */
    public int id() {
        return options.queueId();
    }

    public int entries() {
        return options.entries();
    }

    /** Commands outstanding. */
    public int outstanding() {
        synchronized (freeSlots) {
            return generations.length - freeSlots.size();
        }
    }

    /**
     * Submits a command and returns at once. The future completes with whatever status the
     * controller gives, or exceptionally with a {@link HostException} when the connection fails.
     *
     * @throws HostException when the queue is full
     */
    public CompletableFuture<CommandResult> submit(HostCommand command) {
        return start(command).future();
    }

    /** As {@link #submit}, but returns the request: its identifier is what Abort names. */
    public HostRequest start(HostCommand command) {
        HostRequest request = new HostRequest(this, command, nextCommandId(command));
        channel.submit(request);
        return request;
    }

    /**
     * Submits a command and waits for its completion, of whatever status. When none comes in time
     * the queue is closed, since its memory may still be written.
     */
    public CommandResult execute(HostCommand command) {
        try {
            return submit(command).get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HostException cause) {
                throw cause;
            }
            throw new HostException(this + ": " + command.name(), e);
        } catch (TimeoutException e) {
            close();
            throw new HostException(
                    "%s: %s was not answered within %d ms"
                            .formatted(this, command.name(), timeoutMs),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(this + ": interrupted while waiting for " + command.name(), e);
        }
    }

    private int nextCommandId(HostCommand command) {
        synchronized (freeSlots) {
            Integer slot = freeSlots.poll();
            if (slot == null) {
                throw new HostException(
                        "%s: no room for %s, all %d commands are outstanding"
                                .formatted(this, command.name(), generations.length));
            }
            return (generations[slot]++ & 0xf) << SLOT_BITS | slot;
        }
    }

    void release(HostRequest request) {
        synchronized (freeSlots) {
            freeSlots.add(request.commandId() & SLOT_MASK);
        }
    }

    /** Drops the connection; outstanding commands fail. */
    @Override
    public void close() {
        channel.close();
    }

    @Override
    public String toString() {
        return options.queueId() == 0 ? "admin queue" : "I/O queue " + options.queueId();
    }
}
