package org.jnvmet.target.command;

import org.jnvmet.target.Namespace;
import org.jnvmet.target.Request;
import org.jnvmet.target.Steps;
import org.jnvmet.target.command.CopySources.Range;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.IoCommand;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * The work of one Copy command whose ranges are right (NVM Command Set, Copy command). Owned by the queue's
 * loop.
 *
 * <p>A medium that can copy by itself does; otherwise the data goes through one buffer at a time, in peer
 * memory if both namespaces are staged in the same, and never over the fabric. The buffer is asked for
 * anew for each piece, so that others in line get their turn between two. Pieces follow each other as
 * tasks of the loop: a copy within memory, which waits for nothing, does not hold up other commands.
 */
final class Copy implements Steps, BufferSource.Waiter {
    /** Bytes that are read, then written. */
    static final int PIECE_BYTES = 256 << 10;

    /** Bytes that a medium copies by itself at once: how long a worker is busy, and a stop waits. */
    private static final int OWN_PIECE_BYTES = 16 << 20;

    /** Data in a buffer begins at a multiple of this. */
    private static final int ALIGNMENT = 4096;

    private final Request request;
    private final CopySources sources;
    private final Namespace destination;
    private final long start;

    /** Where to read: a range and the bytes of it that have been read. */
    private int index;

    private long readOfRange;

    /** Bytes on the destination. */
    private long written;

    /** Bytes that the buffer shall hold, and those that it holds. */
    private int wanted;

    private int filled;

    /** Whose memory the buffer is, for either medium; null: system memory. */
    private @Nullable Placement ofSource;

    private @Nullable Placement ofDestination;

    /** The media have failed to copy by themselves. */
    private boolean byHand;

    private @Nullable BufferSource line;
    private @Nullable Status stopped;

    Copy(Request request, CopySources sources, Namespace destination) {
        this.request = request;
        this.sources = sources;
        this.destination = destination;
        start = CopyCommand.destination(request.sqe()) << request.backend().blockShift();
    }

    void start() {
        request.steps(this);
        next(request, Status.SUCCESS);
    }

    @Override
    public void stop(Status why) {
        if (stopped != null) {
            return;
        }
        stopped = why;
        BufferSource waiting = line;
        if (waiting != null) {
            line = null;
            waiting.cancel(this);
            request.later(this::next);
        }
    }

    @Override
    public void release() {
        request.replaceBuffer(null);
        sources.release();
    }

    /** Begins a piece: all that was read is on the destination. */
    private void next(Request copying, Status status) {
        if (ends(status)) {
            return;
        }
        Range range = range();
        if (written == sources.bytes()) {
            flush();
        } else if (!byHand && request.backend().copies(range.backend())) {
            long bytes = Math.min(OWN_PIECE_BYTES, range.bytes() - readOfRange);
            request.submitCopy(
                    range.backend(),
                    range.offset() + readOfRange,
                    start + written,
                    bytes,
                    this::onCopied);
        } else {
            acquire();
        }
    }

    /** Ends the command if a step failed, or it was stopped. */
    private boolean ends(Status status) {
        Status why = stopped;
        if (status != Status.SUCCESS) {
            fail(status);
        } else if (why != null) {
            fail(why);
        } else {
            return false;
        }
        return true;
    }

    private void flush() {
        if (IoCommand.forceUnitAccess(request.sqe())) {
            request.submit(Kind.FLUSH, 0, 0, Copy::onFlushed);
        } else {
            request.complete(0);
        }
    }

    /** Until the flush it is not known of any range that it has been copied. */
    private static void onFlushed(Request request, Status status) {
        if (status == Status.SUCCESS) {
            request.complete(0);
        } else {
            request.fail(status, -1, 0);
        }
    }

    private void onCopied(Request copied, Status status) {
        if (status == Status.SUCCESS) {
            advance(copied.length());
            written += copied.length();
        } else {
            byHand = true;
        }
        copied.later(this::next);
    }

    // ---- through a buffer

    private void acquire() {
        BufferSource source = source();
        if (source == null) {
            return;
        }
        wanted = (int) Math.min(PIECE_BYTES, sources.bytes() - written);
        wanted = Math.min(wanted, source.maxBufferBytes());
        DataBuffer buffer = source.tryAcquire(wanted);
        if (buffer == null) {
            line = source;
            source.await(this, wanted);
        } else {
            attach(buffer);
            read(request, Status.SUCCESS);
        }
    }

    /** Memory for the next piece, that both media reach; null: there is none, and the command has failed. */
    private @Nullable BufferSource source() {
        ofSource = request.placement(range().namespace());
        ofDestination = request.placement(destination);
        Placement from = ofSource;
        Placement to = ofDestination;
        boolean shared = from != null && to != null && to.sharesMemoryWith(from);
        Status unavailable = unavailable(from, shared);
        unavailable = unavailable == null ? unavailable(to, shared) : unavailable;
        if (unavailable != null) {
            fail(unavailable);
            return null;
        }
        if (to == null || !shared) {
            ofSource = null;
            ofDestination = null;
            return request.loop().buffers();
        }
        return to.on(request.loop());
    }

    /**
     * With what a copy fails that may not use system memory and has no other; null: it may. The other
     * placement may just be about to follow this one, so a later try is worth it.
     */
    private static @Nullable Status unavailable(@Nullable Placement placement, boolean shared) {
        if (placement == null) {
            return null;
        }
        Status unavailable = placement.unavailable();
        return unavailable == null && placement.strict() && !shared
                ? Status.NAMESPACE_NOT_READY
                : unavailable;
    }

    @Override
    public void granted(DataBuffer buffer) {
        line = null;
        attach(buffer);
        request.later(this::read);
    }

    @Override
    public void turnedAway() {
        line = null;
        request.later(this::next);
    }

    private void attach(DataBuffer buffer) {
        request.replaceBuffer(buffer);
        Placement memory = ofDestination;
        if (memory != null) {
            memory.attached(request.loop(), wanted, buffer.isPeerMemory());
        }
    }

    /** Small ranges of one medium are gathered in the buffer. */
    private void read(Request copying, Status status) {
        if (ends(status)) {
            return;
        }
        Range range = range();
        long bytes = Math.min(wanted - filled, range.bytes() - readOfRange);
        copying.stagedIn(ofSource);
        copying.submit(
                range.backend(),
                Kind.READ,
                range.offset() + readOfRange,
                bytes,
                filled,
                this::onRead);
    }

    private void onRead(Request copying, Status status) {
        if (ends(status)) {
            return;
        }
        Namespace origin = range().namespace();
        advance(copying.length());
        filled += (int) copying.length();
        boolean more = filled < wanted && filled % ALIGNMENT == 0 && range().namespace() == origin;
        copying.later(more ? this::read : this::write);
    }

    private void write(Request copying, Status status) {
        if (ends(status)) {
            return;
        }
        copying.stagedIn(ofDestination);
        Backend medium = copying.backend();
        copying.submit(medium, Kind.WRITE, start + written, filled, 0, this::onWritten);
    }

    private void onWritten(Request copying, Status status) {
        if (status == Status.SUCCESS) {
            written += filled;
            filled = 0;
        }
        if (!ends(status)) {
            copying.replaceBuffer(null);
            copying.later(this::next);
        }
    }

    // ---- where it is

    private Range range() {
        return sources.ranges().get(index);
    }

    private void advance(long bytes) {
        readOfRange += bytes;
        if (readOfRange == range().bytes() && index < sources.ranges().size() - 1) {
            index++;
            readOfRange = 0;
        }
    }

    /** Dword 0 is the lowest range that is not on the destination as a whole. */
    private void fail(Status status) {
        int whole = 0;
        long bytes = 0;
        for (Range range : sources.ranges()) {
            bytes += range.bytes();
            if (bytes > written) {
                break;
            }
            whole++;
        }
        request.fail(status, -1, whole);
    }
}
