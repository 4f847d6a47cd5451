package org.jnvmet.host.tcp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.PduLayout;
import org.jspecify.annotations.Nullable;

/**
 * What a queue has to send: the transfers that have something, first come first served, one PDU each
 * time. PDUs become pieces of memory only when there is room for them: headers and short data lie
 * one behind the other in a slab, so that many capsules are one piece; long data stays where it is.
 * The slab starts over whenever all pieces are sent. Owned by whoever owns the queue.
 */
final class Outbound {
    /** Most pieces at a time: what one call of the kernel takes. */
    static final int MAX_PIECES = 1024;

    /** Headers of some 1,700 commands, or much data of the heap. */
    private static final int SLAB_BYTES = 128 << 10;

    /** More than any header with its padding, and a digest. */
    private static final int HEADER_ROOM = 256;

    /** A header, data and a digest. */
    private static final int PIECES_ROOM = 4;

    /** Less data than this is copied behind its header: a piece of its own costs more. */
    private static final int COPY_BYTES = 1024;

    /** More is not made ready ahead of the kernel: its buffers are smaller. */
    private static final long AHEAD_BYTES = 4 << 20;

    private static final int IOVEC_BYTES = 16;
    private static final int IOVEC_LENGTH = 8;

    private final MemorySegment slab;
    private final ByteBuffer slabView;
    private final long slabAddress;
    private int slabUsed;

    private final long[] addresses = new long[MAX_PIECES];
    private final long[] lengths = new long[MAX_PIECES];
    private int head;
    private int tail;

    // Positions in the stream: what has become pieces, and what the kernel has taken of it.
    private long ready;
    private long sent;

    private final Transfer[] line;
    private int lineHead;
    private int lineLength;

    private @Nullable MemorySegment control;
    private @Nullable Transfer current;
    private long leftInPdu;
    private Negotiated agreed = Negotiated.NOTHING;
    private boolean open;

    private final PduHeader common = new PduHeader();
    private final DataPdu dataPdu = new DataPdu();
    private final Sqe sqe = new Sqe();
    private final Digest digest = new Digest();

    Outbound(Arena arena, int slots) {
        slab = arena.allocate(SLAB_BYTES, 64);
        slabView = Digest.view(slab);
        slabAddress = slab.address();
        line = new Transfer[slots];
    }

    /** From now on commands go out, in the agreed form. */
    void open(Negotiated form) {
        agreed = form;
        open = true;
    }

    /** Sends a PDU of the connection itself, behind the PDU that has begun. */
    void control(MemorySegment pdu) {
        control = pdu;
    }

    /** As {@link #control}, and nothing after it. */
    void endWith(MemorySegment pdu) {
        control = pdu;
        lineLength = 0;
        open = false;
    }

    /** Forgets everything. */
    void clear() {
        head = 0;
        tail = 0;
        lineLength = 0;
        control = null;
        current = null;
        open = false;
    }

    /** The transfer has something to send. */
    void add(Transfer transfer) {
        if (transfer.inLine) {
            return;
        }
        transfer.inLine = true;
        int last = lineHead + lineLength;
        line[last < line.length ? last : last - line.length] = transfer;
        lineLength++;
    }

    /** Whether data of the transfer may still be read here or by the kernel. */
    boolean uses(Transfer transfer) {
        return transfer.r2ts() > 0 || transfer.endInStream > sent || isCurrent(transfer);
    }

    @SuppressWarnings("ReferenceEquality") // the very transfer
    private boolean isCurrent(Transfer transfer) {
        return current == transfer;
    }

    boolean isEmpty() {
        return head == tail && current == null && control == null && (lineLength == 0 || !open);
    }

    /**
     * Writes what is to be sent next as {@code struct iovec}s.
     *
     * @return how many, at most {@code max}
     */
    int gather(MemorySegment vector, int max) {
        fill();
        int count = Math.min(max, tail - head);
        for (int i = 0; i < count; i++) {
            long entry = (long) i * IOVEC_BYTES;
            vector.set(ValueLayout.JAVA_LONG, entry, addresses[head + i]);
            vector.set(ValueLayout.JAVA_LONG, entry + IOVEC_LENGTH, lengths[head + i]);
        }
        return count;
    }

    /** The kernel has taken so many bytes. */
    void onSent(long bytes) {
        sent += bytes;
        long left = bytes;
        while (left > 0 && left >= lengths[head]) {
            left -= lengths[head];
            head++;
        }
        if (left > 0) {
            addresses[head] += left;
            lengths[head] -= left;
        }
        if (head == tail) {
            head = 0;
            tail = 0;
            slabUsed = 0;
        }
    }

    // ---- from the line to pieces

    private boolean room() {
        return tail <= MAX_PIECES - PIECES_ROOM
                && slabUsed < SLAB_BYTES - HEADER_ROOM
                && ready - sent < AHEAD_BYTES;
    }

    private void fill() {
        while (room()) {
            Transfer begun = current;
            MemorySegment pdu = control;
            if (begun != null) {
                goOn(begun);
            } else if (pdu != null) {
                control = null;
                MemorySegment.copy(pdu, 0, slab, slabUsed, pdu.byteSize());
                addFromSlab((int) pdu.byteSize());
            } else if (lineLength > 0 && open) {
                begin(takeFromLine());
            } else {
                return;
            }
        }
    }

    private Transfer takeFromLine() {
        Transfer transfer = line[lineHead];
        lineHead = lineHead + 1 == line.length ? 0 : lineHead + 1;
        lineLength--;
        transfer.inLine = false;
        return transfer;
    }

    private void begin(Transfer transfer) {
        if (transfer.active() && !transfer.known) {
            capsule(transfer);
        } else if (transfer.r2ts() > 0) {
            data(transfer);
        }
    }

    private void capsule(Transfer transfer) {
        int at = slabUsed + PduHeader.BYTES;
        MemorySegment.copy(transfer.request().entry(), 0, slab, at, Sqe.BYTES);
        sqe.wrap(slab, at).u16(Sqe.CID, transfer.commandId);
        long out = transfer.bytesOut;
        if (transfer.inCapsule) {
            Sgl.inCapsule(sqe, (int) out);
        } else {
            Sgl.transport(sqe, (int) (out + transfer.bytesIn));
        }
        transfer.known = true;
        int inCapsule = transfer.inCapsule ? (int) out : 0;
        header(PduHeader.CAPSULE_CMD, PduHeader.COMMAND_HLEN, 0, inCapsule);
        beginData(transfer, inCapsule);
    }

    /** An H2CData PDU: the next part of the data that the transfer's first R2T asks for. */
    private void data(Transfer transfer) {
        long offset = transfer.handedOver;
        int length = (int) Math.min(agreed.maxH2cData(), transfer.endOfR2t() - offset);
        boolean last = offset + length == transfer.endOfR2t();
        dataPdu.wrap(slab, slabUsed).set(transfer.commandId, transfer.tag(), offset, length);
        header(PduHeader.H2C_DATA, PduHeader.HLEN_24, last ? PduHeader.LAST_PDU : 0, length);
        beginData(transfer, length);
    }

    /** Completes the header in the slab, whose type-specific part is in place. */
    private void header(int type, int headerLength, int flags, int dataLength) {
        int at = slabUsed;
        boolean headerDigest = agreed.headerDigest();
        boolean dataDigest = agreed.dataDigest() && dataLength > 0;
        int headerEnd = PduLayout.length(headerLength, headerDigest);
        int dataOffset = 0;
        int length = headerEnd;
        if (dataLength > 0) {
            dataOffset =
                    PduLayout.dataOffset(headerLength, headerDigest, agreed.controllerAlignment());
            length = PduLayout.length(dataOffset, dataLength, dataDigest);
        }
        int allFlags =
                flags | (headerDigest ? PduHeader.HDGSTF : 0) | (dataDigest ? PduHeader.DDGSTF : 0);
        common.wrap(slab, at).set(type, allFlags, headerLength, dataOffset, length);
        if (headerDigest) {
            Digest.write(slab, at + headerLength, digest.of(slabView, at, headerLength));
        }
        int end = headerEnd;
        for (; end < dataOffset; end++) {
            slab.set(ValueLayout.JAVA_BYTE, at + end, (byte) 0);
        }
        addFromSlab(end);
    }

    private void beginData(Transfer transfer, int length) {
        if (length > 0) {
            current = transfer;
            leftInPdu = length;
            Digest _ = digest.reset();
            goOn(transfer);
        }
    }

    /** Goes on with the data of a PDU whose header is a piece already. */
    private void goOn(Transfer transfer) {
        while (leftInPdu > 0 && room()) {
            long part = Math.min(leftInPdu, transfer.leftInSegment());
            long address = transfer.address();
            if (address == 0 || part < COPY_BYTES) {
                part = Math.min(part, SLAB_BYTES - HEADER_ROOM - slabUsed);
                MemorySegment.copy(transfer.segment(), transfer.offset(), slab, slabUsed, part);
                addFromSlab((int) part);
            } else {
                addPiece(address, part);
            }
            if (agreed.dataDigest()) {
                Digest _ = digest.update(transfer.view(), (int) transfer.offset(), (int) part);
            }
            transfer.advance(part);
            transfer.handedOver += part;
            leftInPdu -= part;
        }
        if (leftInPdu == 0) {
            end(transfer);
        }
    }

    private void end(Transfer transfer) {
        if (agreed.dataDigest()) {
            Digest.write(slab, slabUsed, digest.value());
            addFromSlab(Digest.BYTES);
        }
        current = null;
        transfer.endInStream = ready;
        if (transfer.r2ts() > 0 && transfer.handedOver == transfer.endOfR2t()) {
            transfer.removeR2t();
        }
        if (transfer.r2ts() > 0) {
            add(transfer);
        }
    }

    private void addFromSlab(int bytes) {
        addPiece(slabAddress + slabUsed, bytes);
        slabUsed += bytes;
    }

    private void addPiece(long address, long bytes) {
        ready += bytes;
        if (tail > head && addresses[tail - 1] + lengths[tail - 1] == address) {
            lengths[tail - 1] += bytes;
            return;
        }
        addresses[tail] = address;
        lengths[tail] = bytes;
        tail++;
    }
}
