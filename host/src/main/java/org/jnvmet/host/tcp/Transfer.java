package org.jnvmet.host.tcp;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostData;
import org.jnvmet.host.HostRequest;
import org.jspecify.annotations.Nullable;

/**
 * A command on its way: how far its data has come. There is one for each slot of a queue, used again
 * and again. Owned by whoever owns the queue.
 */
final class Transfer {
    private static final HostData NOTHING = HostCommand.io(0).data();

    final int slot;
    private @Nullable HostRequest request;
    private HostData data = NOTHING;

    int commandId;
    boolean inCapsule;

    /** Data bytes to receive. */
    long bytesIn;

    /** Data bytes to send. */
    long bytesOut;

    /** The capsule has been handed over: from now on the controller may speak of the command. */
    boolean known;

    /** Stands in the line of those with something to send. */
    boolean inLine;

    long received;
    boolean digestFailed;

    /** Data bytes that the controller has asked for by R2T. */
    long askedFor;

    /** Data bytes handed over for sending. */
    long handedOver;

    /** Position in the stream where the last data that was handed over ends. */
    long endInStream;

    // A completion that came while the controller was still to be sent data.
    boolean held;
    int heldStatus;
    long heldResult;

    // R2Ts that have not been answered in full, a ring.
    private final int[] tags;
    private final long[] ends;
    private int first;
    private int r2ts;

    // Where in the data: it is sent or received from front to back.
    private int segment;
    private long inSegment;

    Transfer(int slot, int r2tsAtOnce) {
        this.slot = slot;
        tags = new int[r2tsAtOnce];
        ends = new long[r2tsAtOnce];
    }

    /** Begins with a command; {@link #inLine} stays, for the line may still hold the slot. */
    void begin(HostRequest next) {
        request = next;
        data = next.data();
        HostCommand command = next.command();
        bytesIn = command.bytesIn();
        bytesOut = command.bytesOut();
        commandId = next.commandId();
        inCapsule = false;
        known = false;
        received = 0;
        digestFailed = false;
        askedFor = 0;
        handedOver = 0;
        endInStream = 0;
        held = false;
        first = 0;
        r2ts = 0;
        segment = 0;
        inSegment = 0;
    }

    /** Forgets the command. */
    void end() {
        request = null;
        data = NOTHING;
        known = false;
        held = false;
        r2ts = 0;
    }

    boolean active() {
        return request != null;
    }

    HostRequest request() {
        HostRequest current = request;
        if (current == null) {
            throw new IllegalStateException("no command in slot " + slot);
        }
        return current;
    }

    /** Bytes that the controller has to ask for by R2T. */
    long toAskFor() {
        return inCapsule ? 0 : bytesOut;
    }

    // ---- R2Ts

    /** R2Ts that have not been answered in full. */
    int r2ts() {
        return r2ts;
    }

    /** Notes an R2T; false when the controller has sent more at once than it may. */
    boolean addR2t(int tag, long length) {
        if (r2ts == tags.length) {
            return false;
        }
        askedFor += length;
        int last = (first + r2ts) % tags.length;
        tags[last] = tag;
        ends[last] = askedFor;
        r2ts++;
        return true;
    }

    /** TTAG of the R2T to answer. */
    int tag() {
        return tags[first];
    }

    /** Where the data of the R2T to answer ends. */
    long endOfR2t() {
        return ends[first];
    }

    void removeR2t() {
        first = (first + 1) % tags.length;
        r2ts--;
    }

    // ---- position in the data

    /** The segment that comes next. */
    MemorySegment segment() {
        return data.segment(segment);
    }

    /** A buffer over {@link #segment}, for digests. */
    ByteBuffer view() {
        return data.view(segment);
    }

    /** The position in {@link #segment}. */
    long offset() {
        return inSegment;
    }

    /** Bytes left in {@link #segment}. */
    long leftInSegment() {
        return data.segment(segment).byteSize() - inSegment;
    }

    /**
     * Address of the position, for a system call.
     *
     * @return 0 if the data is in the heap
     * @throws IllegalStateException if the memory has been freed
     */
    long address() {
        MemorySegment current = segment();
        if (!current.isNative()) {
            return 0;
        }
        if (!current.scope().isAlive()) {
            throw new IllegalStateException("the data of a command was freed before its end");
        }
        return current.address() + inSegment;
    }

    /** Moves on, within {@link #segment} or to the start of the next. */
    void advance(long bytes) {
        inSegment += bytes;
        if (inSegment == data.segment(segment).byteSize()) {
            segment++;
            inSegment = 0;
        }
    }

    /** Copies {@code bytes} from {@code source} to the position and moves on. */
    void put(MemorySegment source, long offset, long bytes) {
        long done = 0;
        while (done < bytes) {
            long part = Math.min(leftInSegment(), bytes - done);
            MemorySegment.copy(source, offset + done, segment(), inSegment, part);
            advance(part);
            done += part;
        }
    }
}
