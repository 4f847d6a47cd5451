package org.jnvmet.transport.tcp;

import java.lang.foreign.MemorySegment;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Sqe;
import org.jspecify.annotations.Nullable;

/**
 * A command of a TCP connection, with native memory for the headers of its PDUs. Reused; its slot
 * number is the transfer tag of its R2Ts. Owned by the connection's loop.
 *
 * <p>At any time at most one PDU of it is on its way out, or the last data PDU together with the
 * response: its <em>train</em>, a few pieces of memory that are sent one behind the other.
 */
final class TcpRequest extends Request implements BufferSource.Waiter {
    /** How far the connection is with a command. */
    enum Phase {
        /** Not in use. */
        FREE,
        /** Its capsule is being looked at. */
        ARRIVED,
        /** Waits for a buffer, or for the admission to wait for one. */
        WAITING,
        /** Its in-capsule data arrives. */
        RECEIVING,
        /** Has asked the host for data, or is about to. */
        SOLICITING,
        /** The core has it. */
        EXECUTING,
        /** Its response is being sent. */
        RESPONDING;

        boolean mayBecome(Phase next) {
            return switch (this) {
                case FREE -> next == ARRIVED;
                case ARRIVED, WAITING -> next != ARRIVED;
                case RECEIVING, SOLICITING ->
                        next == EXECUTING || next == RESPONDING || next == FREE;
                case EXECUTING -> next == RESPONDING || next == FREE;
                case RESPONDING -> next == FREE;
            };
        }
    }

    /** Most R2Ts of one command that are under way, whatever the host would take. */
    static final int MAX_R2TS = 4;

    /** Most pieces of a train: header, data, data digest, response. */
    static final int MAX_PIECES = 4;

    /** Native memory of one request, a divisor of a slab. */
    static final int BYTES = 256;

    private static final int SQE = 0;

    /** Header, its digest and padding: up to the greatest PDO, 128. Also the R2T. */
    static final int HEADER = SQE + Sqe.BYTES;

    static final int DATA_DIGEST = HEADER + 128;

    /** Response capsule and its digest: 28 bytes. */
    static final int RESPONSE = DATA_DIGEST + 4;

    private final TcpConnection connection;
    private final int slot;
    private final MemorySegment memory;
    private final long base;
    private Phase phase = Phase.FREE;

    // The train that is being sent, and the place in the line of the sender.
    private final long[] pieceAddresses = new long[MAX_PIECES];
    private final int[] pieceBytes = new int[MAX_PIECES];
    private int pieces;
    private long trainBytes;
    private boolean queued;
    private @Nullable TcpRequest nextInLine;

    /** In whose line it waits. */
    private @Nullable BufferSource awaited;

    /** Data to the host that is in PDUs already. */
    private int dataSent;

    /** What the host still owes; see there. */
    final Solicitation solicitation = new Solicitation();

    /** Data to the controller of which bytes are asked for and received; contiguous, in this order. */
    static final class Solicitation {
        /** Where each R2T ends that is not satisfied, oldest first. */
        final int[] ends = new int[MAX_R2TS];

        int outstanding;

        /** Bytes for which R2Ts have been made. */
        int asked;

        /** Bytes for which R2Ts have been sent. */
        int announced;

        int received;

        /** A data digest was wrong: take what was asked for, then fail. */
        boolean corrupt;

        /** Stands in the connection's line for credit. */
        boolean wantsCredit;

        /** Bytes of the loop's admission that it holds. */
        int admitted;

        private void reset() {
            outstanding = 0;
            asked = 0;
            announced = 0;
            received = 0;
            corrupt = false;
            wantsCredit = false;
            admitted = 0;
        }
    }

    TcpRequest(TcpConnection connection, Queue queue, int slot, MemorySegment memory, long base) {
        super(queue, memory, base + SQE);
        this.connection = connection;
        this.slot = slot;
        this.memory = memory;
        this.base = base;
    }

    TcpConnection connection() {
        return connection;
    }

    /** Position among the connection's requests, and transfer tag. */
    int slot() {
        return slot;
    }

    /** Memory of the headers; {@link #HEADER} and the others count from {@link #base}. */
    MemorySegment memory() {
        return memory;
    }

    long base() {
        return base;
    }

    Phase phase() {
        return phase;
    }

    /** The one place where the phase changes. */
    void become(Phase next) {
        if (!phase.mayBecome(next)) {
            throw new IllegalStateException(
                    "request %d of %s: %s -> %s".formatted(slot, connection, phase, next));
        }
        phase = next;
        if (next == Phase.ARRIVED) {
            dataSent = 0;
            solicitation.reset();
        }
    }

    int dataSent() {
        return dataSent;
    }

    void dataSent(int bytes) {
        dataSent = bytes;
    }

    /** Begins a new train. */
    void clearTrain() {
        pieces = 0;
        trainBytes = 0;
    }

    /** Adds own memory to the train. */
    void addPiece(int offset, int bytes) {
        addPiece(memory.address() + base + offset, bytes);
    }

    /** Adds memory to the train, which stays as it is until the train is sent. */
    void addPiece(long address, int bytes) {
        pieceAddresses[pieces] = address;
        pieceBytes[pieces] = bytes;
        pieces++;
        trainBytes += bytes;
    }

    int pieces() {
        return pieces;
    }

    long pieceAddress(int piece) {
        return pieceAddresses[piece];
    }

    int pieceBytes(int piece) {
        return pieceBytes[piece];
    }

    long trainBytes() {
        return trainBytes;
    }

    /** Whether the train stands in the sender's line. */
    boolean queued() {
        return queued;
    }

    void queued(boolean queued) {
        this.queued = queued;
    }

    /** Next in the sender's line. */
    @Nullable TcpRequest nextInLine() {
        return nextInLine;
    }

    void nextInLine(@Nullable TcpRequest next) {
        this.nextInLine = next;
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
