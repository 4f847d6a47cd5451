package org.jnvmet.target;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jnvmet.target.command.Command;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * One command from its arrival to its completion. Made when its queue first needs that many and
 * reused; a transport extends it with what it needs per command. Owned by the queue's loop, except
 * {@link #done}.
 *
 * <p>The way of a command, as a transport sees it:
 *
 * <ol>
 *   <li>{@link Queue#allocate()}, fill {@link #sqe()};
 *   <li>{@link Queue#parse}: either the request has failed and {@link
 *       org.jnvmet.target.spi.QueueChannel#respond} has been called already, or {@link #direction()}
 *       and {@link #dataBytes()} say what data it needs;
 *   <li>if it needs data: {@link #attach} a buffer of {@code dataBytes()}; for HOST_TO_CONTROLLER fill
 *       it;
 *   <li>{@link #execute()}; the core calls {@code respond} when it has finished, perhaps at once,
 *       always on the owner loop;
 *   <li>after the last byte is sent: {@link Queue#release}, which also releases the buffer.
 * </ol>
 *
 * <p>While a request waits for its buffer or its data, an Abort may end it: see {@link #abandon}.
 */
public class Request extends MediumOperation {
    /** What the core does when the backend has finished an operation. */
    @FunctionalInterface
    public interface Continuation {
        /** Owner loop; {@code request} still holds its namespace. */
        void resume(Request request, Status status);
    }

    /** Which way the data of a command goes. */
    public enum Direction {
        NONE,
        HOST_TO_CONTROLLER,
        CONTROLLER_TO_HOST
    }

    private enum State {
        /** In the queue's pool. */
        FREE,
        /** The transport fills the entry, or it is being parsed. */
        ARRIVED,
        /** Parsed; the transport gets the buffer and the data. */
        WAITING,
        /** The core, or a backend for it, runs the command. */
        EXECUTING,
        /** The channel has it, to respond and release. */
        COMPLETED;

        boolean mayBecome(State next) {
            return switch (this) {
                case FREE -> next == ARRIVED;
                case ARRIVED -> next == WAITING || next == COMPLETED || next == FREE;
                case WAITING -> next == EXECUTING || next == COMPLETED || next == FREE;
                case EXECUTING -> next == COMPLETED;
                case COMPLETED -> next == FREE;
            };
        }
    }

    private static final Command NO_COMMAND =
            _ -> {
                throw new IllegalStateException("executed before it was parsed");
            };

    /** Ends the command with what the backend said: the continuation of simple operations. */
    public static final Continuation FINISH = Request::finish;

    private final Queue queue;
    private final Sqe sqe;
    private State state = State.FREE;

    // The command: set by parse, constant until the release.
    private Command command = NO_COMMAND;
    private Direction direction = Direction.NONE;
    private long sglBytes;
    private int dataBytes;
    private @Nullable DataBuffer buffer;
    private long progress;

    // The operation on the medium: set by submit, constant until done.
    private @Nullable Namespace namespace;
    private @Nullable Backend backend;
    private Continuation continuation = FINISH;

    // The completion.
    private int status;
    private long result;

    /** {@code sqeMemory} holds {@link Sqe#BYTES} at {@code sqeOffset} for this request alone. */
    protected Request(Queue queue, MemorySegment sqeMemory, long sqeOffset) {
        super(queue.loop());
        this.queue = queue;
        this.sqe = new Sqe().wrap(sqeMemory, sqeOffset);
    }

    public final Queue queue() {
        return queue;
    }

    public final Sqe sqe() {
        return sqe;
    }

    /** Direction of the data, valid after a successful {@link Queue#parse}. */
    public final Direction direction() {
        return direction;
    }

    /** Bytes of data that the command moves, 0 when it moves none; valid after a successful parse. */
    public final int dataBytes() {
        return dataBytes;
    }

    /** Gives the request its buffer; it is released with the request. */
    public final void attach(DataBuffer buffer) {
        if (this.buffer != null || buffer.capacity() < dataBytes) {
            throw new IllegalStateException(
                    "queue %d: a buffer of %d bytes for %d bytes, or a second one"
                            .formatted(queue.id(), buffer.capacity(), dataBytes));
        }
        this.buffer = buffer;
    }

    public final @Nullable DataBuffer buffer() {
        return buffer;
    }

    /**
     * Where the data buffer is to come from: the reserve for admin and Fabrics commands, so that they
     * never stand behind I/O, the loop's own memory for the rest. After a successful parse.
     */
    public final BufferSource bufferSource() {
        BufferSource reserve = loop().reservedBuffers();
        return queue.id() <= 0 && dataBytes <= reserve.maxBufferBytes()
                ? reserve
                : loop().buffers();
    }

    /** Runs the command; data to the controller has arrived in full. */
    public final void execute() {
        become(State.EXECUTING);
        if (queue.closed()) {
            complete(Status.ABORTED_SQ_DELETION);
            return;
        }
        try {
            command.execute(this);
        } catch (RuntimeException e) {
            onBug(e);
        }
    }

    /**
     * Ends the command with an error; {@code respond} follows. For the transport: SGL errors, data
     * digest errors; before execution only.
     *
     * @param errorByte offset of the offending byte in the SQE, or -1
     */
    public final void fail(Status status, int errorByte) {
        queue.noteError(this, status, errorByte);
        complete(status);
    }

    /**
     * Gives up waiting because the command is being aborted; for transports.
     *
     * <p>Called on the owner loop while the request stands between parse and execute. A transport that
     * can take the request out of its line for a buffer, or knows that the host will send no more data
     * for it, does so and returns true; the core then completes it. False leaves everything as it is.
     */
    protected boolean abandon() {
        return false;
    }

    /** The 15-bit status field of the completion. Valid in {@code respond}. */
    public final int status() {
        return status;
    }

    public final boolean succeeded() {
        return status == 0;
    }

    /** Dwords 0 and 1 of the completion. */
    public final long result() {
        return result;
    }

    /** Writes the completion entry, taking the next SQ head of the queue; once, in {@code respond}. */
    public final void writeCompletion(Cqe cqe) {
        cqe.set(result, queue.advanceHead(), Math.max(0, queue.id()), sqe.commandId(), status);
    }

    // ---- For the commands of the core; owner loop.

    /** Accepts the command in parse. False when the host's descriptor is not of {@code bytes}: it failed. */
    public final boolean accept(Command command, Direction direction, int bytes) {
        if (sglBytes != bytes) {
            return refuse(Status.SGL_DATA_LENGTH_INVALID, Sqe.SGL_LENGTH);
        }
        this.command = command;
        this.direction = bytes == 0 ? Direction.NONE : direction;
        this.dataBytes = bytes;
        become(State.WAITING);
        return true;
    }

    /** Fails the command in parse; always false. */
    public final boolean refuse(Status status, int errorByte) {
        fail(status, errorByte);
        return false;
    }

    /** Length of the data in the host's descriptor, not yet compared with what the command moves. */
    public final long sglBytes() {
        return sglBytes;
    }

    /** The buffer of a command that moves data. */
    public final DataBuffer dataBuffer() {
        return Objects.requireNonNull(buffer);
    }

    /** A number that a command of several steps keeps between them; 0 at first. */
    public final long progress() {
        return progress;
    }

    public final void progress(long progress) {
        this.progress = progress;
    }

    /** Enters the namespace until the completion. False: it is disabled. */
    public final boolean enter(Namespace namespace) {
        Backend entered = namespace.enter(loop().index());
        if (entered == null) {
            return false;
        }
        this.namespace = namespace;
        this.backend = entered;
        queue.operationStarted();
        return true;
    }

    /** The backend of the namespace that was entered. */
    public final Backend backend() {
        return Objects.requireNonNull(backend);
    }

    /** Describes the flags of the operations that follow. */
    public final void operationFlags(boolean forceUnitAccess, boolean mayDeallocate) {
        flags(forceUnitAccess, mayDeallocate);
    }

    /** Starts an operation whose data is at the start of the request's buffer. */
    public final void submit(Kind kind, long offset, long length, Continuation then) {
        DataBuffer own = buffer;
        if (own != null) {
            submit(kind, offset, length, own.memory(), own.offset(), then);
        } else {
            submit(kind, offset, length, MemorySegment.NULL, 0, then);
        }
    }

    /** Starts an operation on other memory than the request's buffer. */
    public final void submit(
            Kind kind,
            long offset,
            long length,
            MemorySegment data,
            long dataOffset,
            Continuation then) {
        if (queue.closed()) {
            complete(Status.ABORTED_SQ_DELETION); // no further step of a host that is gone
            return;
        }
        describe(kind, offset, length, data, dataOffset);
        continuation = then;
        submitTo(backend());
    }

    @Override
    final void onDone(Status status) {
        try {
            continuation.resume(this, status);
        } catch (RuntimeException e) {
            onBug(e);
        }
    }

    /** A mistake of ours costs the host this queue, never the process. */
    private void onBug(RuntimeException bug) {
        queue.onBug(bug);
        if (state == State.EXECUTING && !operating()) {
            complete(Status.INTERNAL_ERROR);
        }
    }

    /** Leaves the namespace and ends the command with what the backend said. */
    public final void finish(Status status) {
        if (status == Status.SUCCESS) {
            queue.counters().count(kind(), dataBytes);
            complete(status);
        } else {
            fail(status, -1);
        }
    }

    /** Ends the command successfully with dwords 0 and 1 of its completion. */
    public final void complete(long result) {
        this.result = result;
        complete(Status.SUCCESS);
    }

    /** Ends a refused Connect, whose dword 0 says what was wrong. */
    public final void fail(Status status, int errorByte, long result) {
        this.result = result;
        fail(status, errorByte);
    }

    private void complete(Status status) {
        leave();
        this.status = status.field();
        become(State.COMPLETED);
        queue.channel().respond(this);
    }

    private void leave() {
        Namespace entered = namespace;
        if (entered != null) {
            namespace = null;
            backend = null;
            entered.leave(loop().index());
            queue.operationEnded();
        }
    }

    // ---- For the queue.

    /** Taken from the pool. */
    final void arrive() {
        become(State.ARRIVED);
    }

    /** Notes the length in the host's descriptor before the command is parsed. */
    final void descriptor(long sglBytes) {
        this.sglBytes = sglBytes;
    }

    /** Back to the pool; the buffer goes back to its source. */
    final void recycle() {
        become(State.FREE);
        DataBuffer own = buffer;
        if (own != null) {
            buffer = null;
            own.release();
        }
        command = NO_COMMAND;
        direction = Direction.NONE;
        dataBytes = 0;
        progress = 0;
        status = 0;
        result = 0;
        flags(false, false);
    }

    /** Ends a command whose parsing threw; always false. */
    final boolean refuseAfterBug() {
        if (state == State.ARRIVED) {
            complete(Status.INTERNAL_ERROR);
        }
        return false;
    }

    /** Aborts the command if it only waits in the transport. */
    final boolean abortWaiting() {
        if (state != State.WAITING || !abandon()) {
            return false;
        }
        complete(Status.ABORT_REQUESTED);
        return true;
    }

    /** Whether this is an outstanding command with that identifier. */
    final boolean isOutstanding(int commandId) {
        return state != State.FREE && state != State.COMPLETED && sqe.commandId() == commandId;
    }

    private void become(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException(
                    "queue %d, command %04xh: %s -> %s"
                            .formatted(queue.id(), sqe.commandId(), state, next));
        }
        state = next;
    }
}
