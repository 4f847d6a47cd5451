package org.jnvmet.transport.tcp;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.FatalError;
import org.jnvmet.wire.tcp.PduHeader;
import org.jspecify.annotations.Nullable;

/**
 * Takes a byte stream apart into PDUs, however it is cut (NVMe/TCP Transport, PDU structure). A header
 * that lies in one piece is looked at where it is, one that does not is put together in the stash; data
 * goes to the buffer of its command. The peer is hostile: nothing is believed before it is checked, and
 * nothing behind a fatal error is interpreted. Owned by the connection's loop.
 */
final class PduReader {
    /** What the reader finds. */
    interface Handler {
        /**
         * A whole header, digest checked. The handler may call {@link PduReader#expect} or {@link
         * PduReader#discard} for the data behind it, and {@link #onFatal}.
         *
         * @return false: not now; the header is shown again after {@link PduReader#resume}
         */
        boolean onHeader(Pdu pdu);

        /** The data that {@code request} was expecting has arrived. */
        void onData(TcpRequest request, int bytes, boolean intact);

        /** The connection has to end; the reader has stopped. */
        void onFatal(Fatal fatal, MemorySegment memory, long header, int bytes);

        /** Parameters of the connection. */
        ConnectionParameters parameters();
    }

    /** Why a connection has to end: what C2HTermReq says, and what the log says. */
    record Fatal(FatalError error, int information, String what) {}

    private enum State {
        /** Between PDUs, or within a header. */
        HEADER,
        /** Between header and data. */
        PADDING,
        /** Within data. */
        DATA,
        /** Within a data digest. */
        DIGEST,
        /** Until {@link #resume}. */
        STALLED,
        /** For good. */
        STOPPED
    }

    /** Largest header of any PDU that a host may send: H2CTermReq with what it copied. */
    static final int STASH_BYTES = 160;

    private final Handler handler;
    private final Digests digests;
    private final Pdu pdu;
    private final MemorySegment stash;
    private int stashed;
    private State state = State.HEADER;

    // The bytes of the current call of read.
    private MemorySegment memory = MemorySegment.NULL;
    private long position;
    private long end;

    // The data of the current PDU.
    private int padding;
    private long dataLeft;
    private int dataBytes;
    private boolean digested;
    private @Nullable TcpRequest target; // null: thrown away
    private int targetOffset;

    /** {@code stash} has {@link #STASH_BYTES}; {@code dataAlignment} is CPDA. */
    PduReader(Handler handler, Digests digests, int dataAlignment, MemorySegment stash) {
        this.handler = handler;
        this.digests = digests;
        this.pdu = new Pdu(dataAlignment);
        this.stash = stash;
    }

    /** Interprets bytes until they are used up, or the reader is stalled or stopped: the first one that is left. */
    long read(MemorySegment bytes, long from, long to) {
        memory = bytes;
        position = from;
        end = to;
        while (step()) {
            // each step takes at least one byte, or changes the state towards one that does
        }
        memory = MemorySegment.NULL;
        return position;
    }

    private boolean step() {
        return switch (state) {
            case HEADER -> header();
            case PADDING -> padding();
            case DATA -> data();
            case DIGEST -> digest();
            case STALLED, STOPPED -> false;
        };
    }

    /** Whether the reader waits for {@link #resume}. */
    boolean stalled() {
        return state == State.STALLED;
    }

    boolean stopped() {
        return state == State.STOPPED;
    }

    /** Whether a PDU has begun and not ended. */
    boolean midPdu() {
        return state != State.STOPPED && (state != State.HEADER || stashed > 0);
    }

    /** Nothing that follows is interpreted. */
    void stop() {
        state = State.STOPPED;
        target = null;
    }

    /** Goes on if the obstacle is gone. */
    void resume() {
        TcpRequest request = target;
        boolean ready = request == null || request.buffer() != null;
        if (state == State.STALLED && ready) {
            state = dataLeft > 0 ? beforeData() : State.HEADER;
        }
    }

    // ---- For the handler, within onHeader.

    /** The PDU's data goes to the buffer of {@code request}, which it has, or will have at {@link #resume}. */
    void expect(TcpRequest request, int offset, boolean stall) {
        target = request;
        targetOffset = offset;
        beginData();
        if (stall) {
            state = State.STALLED;
        }
    }

    /** The PDU's data, if it has any, is thrown away. */
    void discard() {
        target = null;
        beginData();
    }

    private void beginData() {
        padding = pdu.padding();
        dataLeft = pdu.dataBytes();
        dataBytes = (int) pdu.dataBytes();
        digested = handler.parameters().dataDigest();
        state = dataLeft > 0 ? beforeData() : State.HEADER;
    }

    private State beforeData() {
        return padding > 0 ? State.PADDING : State.DATA;
    }

    // ---- Data that has not been received yet may go where it belongs without a detour.

    /** Bytes of data that are missing and belong into a buffer. */
    long missingData() {
        return state == State.DATA && target != null ? dataLeft : 0;
    }

    /** Native address for the next byte of data. */
    long dataAddress() {
        DataBuffer buffer = Objects.requireNonNull(Objects.requireNonNull(target).buffer());
        return buffer.address() + targetOffset + dataBytes - dataLeft;
    }

    /** {@code bytes} were received at {@link #dataAddress}. */
    void onDirectData(int bytes) {
        dataLeft -= bytes;
        if (dataLeft == 0) {
            dataComplete();
        }
    }

    // ---- Steps: false when more bytes are needed.

    private boolean header() {
        if (stashed == 0 && end - position >= PduHeader.BYTES) {
            int needed = neededHeader(memory, position, end - position);
            if (needed <= end - position) {
                return needed > 0 && wholeHeader(needed);
            }
        }
        return stashedHeader();
    }

    private boolean wholeHeader(int needed) {
        long start = position;
        position += needed;
        if (!accept(memory, start)) {
            position = start;
            return false;
        }
        return true;
    }

    private boolean stashedHeader() {
        if (!fillStash(PduHeader.BYTES)) {
            return false;
        }
        int needed = neededHeader(stash, 0, stashed);
        if (needed == 0 || !fillStash(needed)) {
            return false;
        }
        if (!accept(stash, 0)) {
            return false;
        }
        stashed = 0;
        return true;
    }

    /** Bytes to wait for before a header is looked at; 0 when its first eight are wrong already. */
    private int neededHeader(MemorySegment where, long base, long present) {
        ConnectionParameters parameters = handler.parameters();
        Fatal fatal = pdu.wrap(where, base).checkCommon(parameters);
        if (fatal != null) {
            fail(fatal, where, base, Math.min(present, pdu.declaredHeader()));
            return 0;
        }
        return pdu.neededBytes(parameters);
    }

    /** False: not now, or never again. */
    private boolean accept(MemorySegment where, long base) {
        ConnectionParameters parameters = handler.parameters();
        pdu.wrap(where, base);
        Fatal fatal = checkHeaderDigest(parameters, where, base);
        if (fatal == null) {
            fatal = pdu.checkWhole(parameters);
        }
        if (fatal != null) {
            fail(fatal, where, base, pdu.declaredHeader());
            return false;
        }
        state = State.HEADER;
        dataLeft = 0;
        if (!handler.onHeader(pdu)) {
            if (state != State.STOPPED) {
                state = State.STALLED;
            }
            return false;
        }
        return state != State.STOPPED;
    }

    private @Nullable Fatal checkHeaderDigest(
            ConnectionParameters parameters, MemorySegment where, long base) {
        if (!parameters.headerDigest() || !pdu.mayCarryDigests() || pdu.lacksHeaderDigest()) {
            return null; // the lack is checkWhole's to report
        }
        int length = pdu.headerLength();
        int received = Digest.read(where, base + length);
        int computed = digests.of(where, base, length);
        return received == computed
                ? null
                : new Fatal(
                        FatalError.HEADER_DIGEST_ERROR,
                        received,
                        "header digest %08x, computed %08x".formatted(received, computed));
    }

    private boolean padding() {
        int part = (int) Math.min(padding, end - position);
        position += part;
        padding -= part;
        if (padding == 0) {
            state = State.DATA;
        }
        return padding == 0;
    }

    private boolean data() {
        long part = Math.min(dataLeft, end - position);
        if (part == 0) {
            return false;
        }
        TcpRequest request = target;
        if (request != null) {
            DataBuffer buffer = Objects.requireNonNull(request.buffer());
            long to = buffer.offset() + targetOffset + dataBytes - dataLeft;
            MemorySegment.copy(memory, position, buffer.memory(), to, part);
        }
        position += part;
        dataLeft -= part;
        if (dataLeft == 0) {
            dataComplete();
        }
        return true;
    }

    private void dataComplete() {
        if (digested) {
            state = State.DIGEST;
        } else {
            finish(true);
        }
    }

    private boolean digest() {
        if (!fillStash(Digest.BYTES)) {
            return false;
        }
        stashed = 0;
        TcpRequest request = target;
        boolean intact = true;
        if (request != null) {
            DataBuffer buffer = Objects.requireNonNull(request.buffer());
            int computed =
                    digests.ofData(buffer.memory(), buffer.offset() + targetOffset, dataBytes);
            intact = computed == Digest.read(stash, 0);
        }
        finish(intact);
        return true;
    }

    private void finish(boolean intact) {
        TcpRequest request = target;
        target = null;
        state = State.HEADER;
        if (request != null) {
            handler.onData(request, dataBytes, intact);
        }
    }

    /** Adds to the stash until it holds {@code bytes}. */
    private boolean fillStash(int bytes) {
        int part = (int) Math.min(bytes - stashed, end - position);
        if (part > 0) {
            MemorySegment.copy(memory, position, stash, stashed, part);
            position += part;
            stashed += part;
        }
        return stashed >= bytes;
    }

    private void fail(Fatal fatal, MemorySegment where, long base, long bytes) {
        stop();
        handler.onFatal(fatal, where, base, (int) bytes);
    }
}
