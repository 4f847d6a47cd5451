package org.jnvmet.target;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jnvmet.target.command.Command;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.IoCommand;
import org.jnvmet.wire.Sgl;
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
 *   <li>if it needs data: {@link #locate()}, {@link #attach} a buffer of {@link #bufferSource()}; for
 *       HOST_TO_CONTROLLER fill it;
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

    /** Ends the command with what the backend said: the continuation of simple operations. */
    public static final Continuation FINISH = Request::finish;

    private final Queue queue;
    private final Sqe sqe;
    private RequestState state = RequestState.FREE;

    // The command: set by parse, constant until the release.
    private Command command = Command.NONE;
    private Direction direction = Direction.NONE;
    private long sglBytes;
    private int dataBytes;
    private @Nullable DataBuffer buffer;
    private @Nullable Namespace staged;
    private @Nullable Placement placement;
    private long progress;
    private @Nullable Steps steps;

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
        Placement chosen = placement;
        if (chosen != null) {
            chosen.attached(loop(), dataBytes, buffer.isPeerMemory());
        }
    }

    public final @Nullable DataBuffer buffer() {
        return buffer;
    }

    /**
     * Finds where the data is to be staged, which may change until the request has a buffer: after a
     * successful parse, before the request asks for a buffer, and when a line has {@linkplain
     * BufferSource.Waiter#turnedAway() turned it away}. False: it has failed, for there is no memory for it.
     */
    public final boolean locate() {
        Namespace home = staged;
        Placement found = home == null ? null : placement(home);
        Status unavailable = found == null ? null : found.unavailable();
        if (unavailable != null) {
            return refuse(unavailable, Sqe.NSID);
        }
        placement = found;
        if (dataBytes > bufferSource().maxBufferBytes()) {
            return refuse(Status.INVALID_FIELD, home == null ? Sqe.SGL_LENGTH : IoCommand.NLB);
        }
        return true;
    }

    /**
     * Where the data buffer is to come from: the reserve for admin and Fabrics commands, so that they
     * never stand behind I/O; peer memory for what is staged there; the loop's own memory for the rest.
     * The same from one {@link #locate()} to the next.
     */
    public final BufferSource bufferSource() {
        if (usesReserve()) {
            return loop().reservedBuffers();
        }
        Placement chosen = placement;
        return chosen == null ? loop().buffers() : chosen.on(loop());
    }

    /**
     * Whether the buffer may be one of the loop's own memory, which I/O shares. Not so for the reserve and
     * where a strict placement is waited for.
     */
    public final boolean usesSharedMemory() {
        Placement chosen = placement;
        return !usesReserve() && (chosen == null || !chosen.strict());
    }

    private boolean usesReserve() {
        return queue.id() <= 0 && dataBytes <= loop().reservedBuffers().maxBufferBytes();
    }

    /** Runs the command; data to the controller has arrived in full. */
    public final void execute() {
        become(RequestState.EXECUTING);
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
        become(RequestState.WAITING);
        return true;
    }

    /**
     * The data shall be staged where the controller has its data of that namespace staged; in parse. Data
     * in the capsule is in system memory already and stays there.
     */
    public final void stage(Namespace namespace) {
        staged = sqe.sglType() == Sgl.DATA_BLOCK_OFFSET ? null : namespace;
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
        MemorySegment data = own == null ? MemorySegment.NULL : own.memory();
        submit(kind, offset, length, data, own == null ? 0 : own.offset(), then);
    }

    /** Tells of the steps that the command takes from now on. */
    public final void steps(Steps begun) {
        steps = begun;
    }

    /** Where data of that namespace would be staged; null: in system memory. */
    public final @Nullable Placement placement(Namespace other) {
        Controller controller = queue.controller();
        return controller == null ? null : controller.placement(other);
    }

    /** Whose memory {@link #buffer} is, as the medium of the operations that follow knows it. */
    public final void stagedIn(@Nullable Placement memory) {
        placement = memory;
    }

    /** Gives the buffer back before the end, and takes another or none; the command has no use for its data. */
    public final void replaceBuffer(@Nullable DataBuffer other) {
        DataBuffer own = buffer;
        buffer = other;
        if (own != null) {
            own.release();
        }
    }

    /** Starts an operation on a medium that is held, with data in the request's buffer {@code from} bytes on. */
    public final void submit(
            Backend medium, Kind kind, long offset, long length, long from, Continuation then) {
        DataBuffer own = dataBuffer();
        describe(kind, offset, length, own.memory(), own.offset() + from);
        continuation = then;
        submitTo(medium);
    }

    /** Has the namespace's medium copy from another one that is held. */
    public final void submitCopy(
            Backend from, long fromOffset, long to, long bytes, Continuation then) {
        describeCopy(from, fromOffset, to, bytes);
        continuation = then;
        submitTo(backend());
    }

    /** Goes on as another task of the loop, so that others get their turn; no operation is running. */
    public final void later(Continuation next) {
        continuation = next;
        endLater();
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
    public final @Nullable Placement placement() {
        DataBuffer own = buffer;
        return own != null && own.isPeerMemory() && own.memory().equals(data()) ? placement : null;
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
        if (state == RequestState.EXECUTING && !operating()) {
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

    /** Ends a command whose dword 0 says what was wrong, or how far it came. */
    public final void fail(Status status, int errorByte, long result) {
        this.result = result;
        fail(status, errorByte);
    }

    private void complete(Status status) {
        leave();
        this.status = status.field();
        become(RequestState.COMPLETED);
        queue.channel().respond(this);
    }

    private void leave() {
        Steps taken = steps;
        steps = null;
        if (taken != null) {
            taken.release();
        }
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
        become(RequestState.ARRIVED);
    }

    /** Notes the length in the host's descriptor before the command is parsed. */
    final void descriptor(long sglBytes) {
        this.sglBytes = sglBytes;
    }

    /** Back to the pool; the buffer goes back to its source. */
    final void recycle() {
        become(RequestState.FREE);
        replaceBuffer(null);
        staged = null;
        placement = null;
        command = Command.NONE;
        direction = Direction.NONE;
        dataBytes = 0;
        progress = 0;
        status = 0;
        result = 0;
        flags(false, false);
    }

    /** Ends a command whose parsing threw; always false. */
    final boolean refuseAfterBug() {
        if (state == RequestState.ARRIVED) {
            complete(Status.INTERNAL_ERROR);
        }
        return false;
    }

    /** A command of many steps ends at the next one. */
    final void stop(Status why) {
        Steps taken = steps;
        if (taken != null) {
            taken.stop(why);
        }
    }

    /** Aborts the command if it only waits in the transport. */
    final boolean abortWaiting() {
        if (state != RequestState.WAITING || !abandon()) {
            return false;
        }
        complete(Status.ABORT_REQUESTED);
        return true;
    }

    /** Whether this is an outstanding command with that identifier. */
    final boolean isOutstanding(int commandId) {
        return state != RequestState.FREE
                && state != RequestState.COMPLETED
                && sqe.commandId() == commandId;
    }

    private void become(RequestState next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException(
                    "queue %d, command %04xh: %s -> %s"
                            .formatted(queue.id(), sqe.commandId(), state, next));
        }
        state = next;
    }
}
