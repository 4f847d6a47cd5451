package org.jnvmet.transport.rdma;

import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sqe;
import org.jspecify.annotations.Nullable;

/**
 * A command of an RDMA connection, with registered memory for its entry and its completion. Reused; its
 * index stands in the work requests that are posted for it. Owned by the connection's loop.
 *
 * <p>What is posted for it at a time is a <em>train</em>: RDMA READs, or RDMA WRITEs and the SEND of the
 * response. Only the last one of a train reports that it is done, and with it all.
 */
final class RdmaRequest extends Request implements BufferSource.Waiter {
    /** How far the connection is with a command. */
    enum Phase {
        /** Not in use. */
        FREE,
        /** Its capsule is being looked at. */
        ARRIVED,
        /** Waits for a buffer. */
        WAITING,
        /** Its data is being read from the host, or stands in line for that. */
        READING,
        /** The core has it. */
        EXECUTING,
        /** Its data and response are being sent, or stand in line for that. */
        RESPONDING;

        boolean mayBecome(Phase next) {
            return switch (this) {
                case FREE -> next == ARRIVED;
                case ARRIVED ->
                        next == WAITING || next == EXECUTING || next == RESPONDING || next == FREE;
                case WAITING ->
                        next == WAITING
                                || next == READING
                                || next == EXECUTING
                                || next == RESPONDING
                                || next == FREE;
                case READING -> next == EXECUTING || next == RESPONDING || next == FREE;
                case EXECUTING -> next == RESPONDING || next == FREE;
                case RESPONDING -> next == FREE;
            };
        }
    }

    /** Memory of one request. */
    static final int BYTES = 128;

    /** No receive is held. */
    static final int NO_SLOT = -1;

    private static final int RESPONSE = Sqe.BYTES;

    private final RdmaConnection connection;
    private final int index;
    private final long responseAddress;
    private final Cqe response;
    private final int memoryKey;
    private final DataDescriptors descriptors = new DataDescriptors();
    private Phase phase = Phase.FREE;
    private int slot = NO_SLOT;
    private int localKey;

    // The train, and the place in the line of those that are to be posted.
    private int train;
    private boolean posted;
    private @Nullable RdmaRequest nextInLine;

    /** In whose line it waits. */
    private @Nullable BufferSource awaited;

    /** @param base first of its {@link #BYTES} in {@code memory} */
    RdmaRequest(
            RdmaConnection connection, Queue queue, int index, RegisteredMemory memory, long base) {
        super(queue, memory.segment(), base);
        this.connection = connection;
        this.index = index;
        responseAddress = memory.segment().address() + base + RESPONSE;
        response = new Cqe().wrap(memory.segment(), base + RESPONSE);
        memoryKey = memory.key();
    }

    /** Position among the connection's requests. */
    int index() {
        return index;
    }

    /** Takes what was received into {@code receiveSlot}. */
    void start(int receiveSlot) {
        become(Phase.ARRIVED);
        slot = receiveSlot;
        train = 0;
        posted = false;
    }

    /** The receive that holds the capsule, which is the caller's now; {@link #NO_SLOT}: none does any more. */
    int takeSlot() {
        int held = slot;
        slot = NO_SLOT;
        return held;
    }

    int slot() {
        return slot;
    }

    /** Where its data is at the host. */
    DataDescriptors descriptors() {
        return descriptors;
    }

    Phase phase() {
        return phase;
    }

    /** The one place where the phase changes. */
    void become(Phase next) {
        if (!phase.mayBecome(next)) {
            throw new IllegalStateException(
                    "request %d of %s: %s -> %s".formatted(index, connection, phase, next));
        }
        phase = next;
    }

    /** Writes the completion to {@link #responseAddress}. */
    void writeResponse() {
        writeCompletion(response);
    }

    long responseAddress() {
        return responseAddress;
    }

    /** Key by which the queue's device knows the response. */
    int memoryKey() {
        return memoryKey;
    }

    /** Key by which the queue's device knows the buffer. */
    int localKey() {
        return localKey;
    }

    void localKey(int key) {
        localKey = key;
    }

    /** Work requests that are to be posted for it, or are. */
    int train() {
        return train;
    }

    /** Whether the device may have work requests of it. */
    boolean posted() {
        return posted;
    }

    /** Puts it in line with a train of that many work requests. */
    void lineUp(int workRequests) {
        train = workRequests;
        posted = false;
    }

    void posted(boolean now) {
        posted = now;
    }

    @Nullable RdmaRequest nextInLine() {
        return nextInLine;
    }

    void nextInLine(@Nullable RdmaRequest next) {
        nextInLine = next;
    }

    /** A buffer for the data, or null: then {@link #granted} or {@link #turnedAway} follows. */
    @Nullable DataBuffer acquire() {
        BufferSource source = bufferSource();
        DataBuffer buffer = source.tryAcquire(dataBytes());
        if (buffer == null) {
            awaited = source;
            source.await(this, dataBytes());
        }
        return buffer;
    }

    /** Leaves the line for a buffer, if it stands in one. */
    void cancelAwait() {
        BufferSource source = awaited;
        if (source != null) {
            awaited = null;
            source.cancel(this);
        }
    }

    @Override
    protected boolean abandon() {
        return connection.abandon(this);
    }

    @Override
    public void granted(DataBuffer buffer) {
        awaited = null;
        connection.onBuffer(this, buffer);
    }

    @Override
    public void turnedAway() {
        awaited = null;
        connection.onTurnedAway(this);
    }
}
