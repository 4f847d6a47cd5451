package org.jnvmet.target;

import java.lang.foreign.MemorySegment;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * One operation at a time on a medium, and its way back to the loop that owns it. Used again and again;
 * allocates nothing. Owned by the loop, except {@link #done} and what the backend reads between
 * submission and done.
 */
abstract class MediumOperation implements BlockOperation, Runnable {
    private final Loop loop;

    // Set before the submission, constant until done.
    private Kind kind = Kind.FLUSH;
    private long offset;
    private long length;
    private MemorySegment data = MemorySegment.NULL;
    private long dataOffset;
    private @Nullable Backend source;
    private long sourceOffset;
    private boolean forceUnitAccess;
    private boolean mayDeallocate;

    /** The backend's, while it has the operation. */
    private @Nullable BlockOperation next;

    /** Whether a backend has the operation. */
    private boolean operating;

    /** Whether {@code Backend.submit} is on the stack: then {@link #done} leaves its status for it. */
    private boolean submitting;

    /** Status of an operation that was done on this loop within {@code Backend.submit}. */
    private @Nullable Status immediate;

    /**
     * Status of an operation that was done on another thread. That thread writes it and then sends
     * this object to the loop as a task; the loop reads it in that task only. So it needs no order of
     * its own, and a loop that is still within {@code Backend.submit} does not look at it.
     */
    private Status outcome = Status.SUCCESS;

    MediumOperation(Loop loop) {
        this.loop = loop;
    }

    /** The operation has ended. Owner loop. */
    abstract void onDone(Status status);

    final void describe(Kind kind, long offset, long length, MemorySegment data, long dataOffset) {
        this.kind = kind;
        this.offset = offset;
        this.length = length;
        this.data = data;
        this.dataOffset = dataOffset;
        source = null;
    }

    /** A COPY. */
    final void describeCopy(Backend from, long fromOffset, long to, long bytes) {
        describe(Kind.COPY, to, bytes, MemorySegment.NULL, 0);
        source = from;
        sourceOffset = fromOffset;
    }

    final void flags(boolean forceUnitAccess, boolean mayDeallocate) {
        this.forceUnitAccess = forceUnitAccess;
        this.mayDeallocate = mayDeallocate;
    }

    /** Gives the operation to the backend; {@link #onDone} follows, perhaps before this returns. */
    final void submitTo(Backend backend) {
        operating = true;
        submitting = true;
        try {
            backend.submit(this);
        } catch (RuntimeException e) {
            operating = false;
            immediate = null;
            throw e;
        } finally {
            submitting = false;
        }
        Status known = immediate;
        if (known != null) {
            immediate = null;
            end(known);
        }
    }

    /** As if an operation ended, with success, as another task of the loop. */
    final void endLater() {
        outcome = Status.SUCCESS;
        loop.execute(this);
    }

    final boolean operating() {
        return operating;
    }

    /** The backend reports; see {@link BlockOperation#done}. */
    @Override
    public final void done(Status status) {
        if (!loop.owns()) {
            outcome = status;
            loop.execute(this);
        } else if (submitting) {
            immediate = status;
        } else {
            end(status);
        }
    }

    /** The loop takes over what another thread has {@linkplain #done done}. */
    @Override
    public final void run() {
        end(outcome);
    }

    private void end(Status status) {
        operating = false;
        source = null;
        onDone(status);
    }

    @Override
    public final Kind kind() {
        return kind;
    }

    @Override
    public final long offset() {
        return offset;
    }

    @Override
    public final long length() {
        return length;
    }

    @Override
    public final MemorySegment data() {
        return data;
    }

    @Override
    public final long dataOffset() {
        return dataOffset;
    }

    @Override
    public final @Nullable Backend source() {
        return source;
    }

    @Override
    public final long sourceOffset() {
        return sourceOffset;
    }

    @Override
    public final boolean forceUnitAccess() {
        return forceUnitAccess;
    }

    @Override
    public final boolean mayDeallocate() {
        return mayDeallocate;
    }

    @Override
    public final Loop loop() {
        return loop;
    }

    @Override
    public final @Nullable BlockOperation next() {
        return next;
    }

    @Override
    public final void next(@Nullable BlockOperation next) {
        this.next = next;
    }
}
