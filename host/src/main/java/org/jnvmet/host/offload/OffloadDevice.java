package org.jnvmet.host.offload;

import java.util.Set;
import org.jnvmet.host.ConnectOption;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jspecify.annotations.Nullable;

/**
 * What a device registers: its name, its limits and its operations. All operations are needed; {@link
 * OffloadDevices#register} refuses a device that lacks one. Made by one thread, then not changed.
 *
 * <p>The layer calls the operations of a controller in this order, and each that returned is matched:
 * claim, setupController, createQueue 0, ... createQueue n, (sendRequest, pollQueue)..., for each queue
 * drainQueue and then destroyQueue, queue 0 last, releaseController. sendRequest and pollQueue come
 * from any thread, the rest of a controller's from one thread at a time.
 */
public final class OffloadDevice {
    /** Whether the device can reach the remote address; fills in what it finds out about the way. */
    @FunctionalInterface
    public interface Claim {
        boolean claim(OffloadRoute route);
    }

    /** Something done to a controller. */
    @FunctionalInterface
    public interface ControllerOperation {
        /**
         * Does it.
         *
         * @throws HostException if it cannot be done; releaseController must not throw
         */
        void apply(OffloadController controller);
    }

    /** Something done to a queue. */
    @FunctionalInterface
    public interface QueueOperation {
        /**
         * Does it.
         *
         * @throws HostException if it cannot be done; drainQueue and destroyQueue must not throw
         */
        void apply(OffloadQueue queue);
    }

    /** Completes what has arrived on a queue: see {@link org.jnvmet.host.spi.QueueChannel#poll}. */
    @FunctionalInterface
    public interface Poll {
        int poll(OffloadQueue queue);
    }

    /** Dispatches a request: see {@link org.jnvmet.host.spi.QueueChannel#send}. */
    @FunctionalInterface
    public interface Send {
        void send(OffloadQueue queue, HostRequest request);
    }

    private final String name;
    private Set<ConnectOption> requiredOptions = Set.of();
    private Set<ConnectOption> allowedOptions = Set.of();
    private int maxTransferBytes = 4 << 20;
    private int maxSegments = 1;
    private int vectors = 1;
    private @Nullable Claim claim;
    private @Nullable ControllerOperation setupController;
    private @Nullable ControllerOperation releaseController;
    private @Nullable QueueOperation createQueue;
    private @Nullable QueueOperation drainQueue;
    private @Nullable QueueOperation destroyQueue;
    private @Nullable Poll pollQueue;
    private @Nullable Send sendRequest;

    private OffloadDevice(String name) {
        this.name = name;
    }

    /** A device without operations yet. */
    public static OffloadDevice named(String name) {
        return new OffloadDevice(name);
    }

    /** Options without which the device cannot connect. */
    public OffloadDevice requires(Set<ConnectOption> options) {
        requiredOptions = Set.copyOf(options);
        return this;
    }

    /** Options that it takes, beside those that every transport takes. */
    public OffloadDevice allows(Set<ConnectOption> options) {
        allowedOptions = Set.copyOf(options);
        return this;
    }

    /**
     * The bounds of its I/O.
     *
     * @param transferBytes most data bytes of a command, a multiple of 4,096
     * @param segments most memory segments that they lie in, 1 or more
     * @param queues most I/O queues of a controller, 1 or more
     */
    public OffloadDevice limits(int transferBytes, int segments, int queues) {
        maxTransferBytes = transferBytes;
        maxSegments = segments;
        vectors = queues;
        return this;
    }

    /** See {@link Claim}. */
    public OffloadDevice claim(Claim operation) {
        claim = operation;
        return this;
    }

    /** Gets what the queues of an association share. */
    public OffloadDevice setupController(ControllerOperation operation) {
        setupController = operation;
        return this;
    }

    /** Frees what setupController got; all queues are destroyed. */
    public OffloadDevice releaseController(ControllerOperation operation) {
        releaseController = operation;
        return this;
    }

    /** Connects and exchanges ICReq and ICResp. */
    public OffloadDevice createQueue(QueueOperation operation) {
        createQueue = operation;
        return this;
    }

    /** After it returns nothing of the queue comes back to the layer. */
    public OffloadDevice drainQueue(QueueOperation operation) {
        drainQueue = operation;
        return this;
    }

    /** Closes the queue's connection. */
    public OffloadDevice destroyQueue(QueueOperation operation) {
        destroyQueue = operation;
        return this;
    }

    /** See {@link Poll}. */
    public OffloadDevice pollQueue(Poll operation) {
        pollQueue = operation;
        return this;
    }

    /** See {@link Send}. */
    public OffloadDevice sendRequest(Send operation) {
        sendRequest = operation;
        return this;
    }

    public String name() {
        return name;
    }

    public Set<ConnectOption> requiredOptions() {
        return requiredOptions;
    }

    public Set<ConnectOption> allowedOptions() {
        return allowedOptions;
    }

    public int maxTransferBytes() {
        return maxTransferBytes;
    }

    public int maxSegments() {
        return maxSegments;
    }

    public int vectors() {
        return vectors;
    }

    /** The operations, if none is missing. */
    OffloadOperations operations() {
        return new OffloadOperations(
                need(claim, "claim"),
                need(setupController, "setupController"),
                need(releaseController, "releaseController"),
                need(createQueue, "createQueue"),
                need(drainQueue, "drainQueue"),
                need(destroyQueue, "destroyQueue"),
                need(pollQueue, "pollQueue"),
                need(sendRequest, "sendRequest"));
    }

    private <T> T need(@Nullable T operation, String what) {
        if (operation == null) {
            throw new IllegalArgumentException(
                    "offload device %s lacks the operation %s".formatted(name, what));
        }
        return operation;
    }
}
