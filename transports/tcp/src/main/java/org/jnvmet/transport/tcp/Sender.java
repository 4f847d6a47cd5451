package org.jnvmet.transport.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a connection has to send: the trains of its requests, first come first served, and before them
 * a PDU of the connection itself (ICResp, C2HTermReq). As much as possible goes with one call, and
 * nothing is copied. A request whose train is out goes back to its owner, which may put the next train
 * at the end of the line: so long reads take turns with short ones. Owned by the connection's loop.
 */
final class Sender {
    /** What becomes of a train that has been sent. */
    interface Owner {
        /** The last byte of the train is with the kernel; {@code request} is in no line. */
        void onSent(TcpRequest request);
    }

    /** How much one flush sends before others may go on. */
    private static final long FLUSH_BYTES = 8 << 20;

    /** More is no use for one call: the kernel's buffers are smaller. */
    private static final long VECTOR_BYTES = 4 << 20;

    private static final int IOVEC_BYTES = 16;
    private static final int IOVEC_LENGTH = 8;

    /** How a flush ended. */
    enum Result {
        /** Everything is out. */
        EMPTY,
        /** The kernel takes no more for now. */
        FULL,
        /** There is more, but it is the turn of others. */
        YIELD
    }

    private final ByteStream stream;
    private final Owner owner;
    private final MemorySegment vector;
    private @Nullable TcpRequest head;
    private @Nullable TcpRequest tail;
    private long headSent;
    private long controlAddress;
    private int controlBytes;
    private int controlSent;
    private int entries;
    private long gathered;

    /** {@code vector} is free between two calls of {@link #flush}. */
    Sender(ByteStream stream, Owner owner, MemorySegment vector) {
        this.stream = stream;
        this.owner = owner;
        this.vector = vector;
    }

    boolean isEmpty() {
        return head == null && controlBytes == 0;
    }

    /** Puts the request's train at the end of the line. */
    void add(TcpRequest request) {
        request.queued(true);
        request.nextInLine(null);
        TcpRequest last = tail;
        if (last == null) {
            head = request;
        } else {
            last.nextInLine(request);
        }
        tail = request;
    }

    /**
     * Sends a PDU of the connection itself next, behind a train that has begun. One that is still on
     * its way must lie right before it in memory.
     */
    void control(long address, int bytes) {
        if (controlBytes == 0) {
            controlAddress = address;
            controlSent = 0;
        } else if (controlAddress + controlBytes != address) {
            throw new IllegalStateException("two PDUs of the connection are apart");
        }
        controlBytes += bytes;
    }

    /** Drops every train of which nothing has been sent; {@code owner} is not told. */
    void dropUnsent() {
        TcpRequest first = head;
        TcpRequest request = first;
        if (first != null && headSent > 0) {
            request = first.nextInLine();
            first.nextInLine(null);
            tail = first;
        } else {
            head = null;
            tail = null;
        }
        while (request != null) {
            TcpRequest after = request.nextInLine();
            request.queued(false);
            request.nextInLine(null);
            request = after;
        }
    }

    /** Drops everything. */
    void drop() {
        headSent = 0;
        controlBytes = 0;
        dropUnsent();
    }

    /** Sends until nothing is left, the kernel takes no more, or it is the turn of others. */
    Result flush() throws IOException {
        long total = 0;
        while (!isEmpty()) {
            if (total >= FLUSH_BYTES) {
                return Result.YIELD;
            }
            gather();
            long sent = stream.send(vector.address(), entries);
            boolean full = sent < gathered;
            total += sent;
            settle(sent);
            if (full) {
                return Result.FULL;
            }
        }
        return Result.EMPTY;
    }

    private void gather() {
        entries = 0;
        gathered = 0;
        TcpRequest request = head;
        if (request != null && headSent > 0) {
            addTrain(request, headSent);
            request = request.nextInLine();
        }
        if (controlBytes > 0) {
            addEntry(controlAddress + controlSent, controlBytes - controlSent);
        }
        int room = TcpLoop.vectorEntries() - TcpRequest.MAX_PIECES;
        while (request != null && entries <= room && gathered < VECTOR_BYTES) {
            addTrain(request, 0);
            request = request.nextInLine();
        }
    }

    private void addTrain(TcpRequest request, long sent) {
        long skip = sent;
        for (int piece = 0; piece < request.pieces(); piece++) {
            int bytes = request.pieceBytes(piece);
            if (skip < bytes) {
                addEntry(request.pieceAddress(piece) + skip, bytes - skip);
                skip = 0;
            } else {
                skip -= bytes;
            }
        }
    }

    private void addEntry(long address, long bytes) {
        long entry = (long) entries * IOVEC_BYTES;
        vector.set(ValueLayout.JAVA_LONG, entry, address);
        vector.set(ValueLayout.JAVA_LONG, entry + IOVEC_LENGTH, bytes);
        entries++;
        gathered += bytes;
    }

    /** Takes what has been sent off the line, in the order of {@link #gather}. */
    private void settle(long sent) {
        long left = sent;
        while (left > 0) {
            if (controlBytes > 0 && headSent == 0) {
                long part = Math.min(left, controlBytes - controlSent);
                left -= part;
                controlSent += (int) part;
                if (controlSent == controlBytes) {
                    controlBytes = 0;
                }
            } else {
                left = settleHead(left);
            }
        }
    }

    private long settleHead(long sent) {
        TcpRequest request = Objects.requireNonNull(head);
        long missing = request.trainBytes() - headSent;
        if (sent < missing) {
            headSent += sent;
            return 0;
        }
        headSent = 0;
        head = request.nextInLine();
        if (head == null) {
            tail = null;
        }
        request.nextInLine(null);
        request.queued(false);
        owner.onSent(request);
        return sent - missing;
    }
}
