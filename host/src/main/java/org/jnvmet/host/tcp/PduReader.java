package org.jnvmet.host.tcp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jnvmet.host.HostException;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.FatalError;
import org.jnvmet.wire.tcp.IcResp;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.PduLayout;
import org.jnvmet.wire.tcp.R2t;
import org.jnvmet.wire.tcp.TermReq;
import org.jspecify.annotations.Nullable;

/**
 * Takes the stream apart: PDUs lie, dozens at a time, in a region that the socket is received into;
 * checks their form and hands them to {@link Handler}. What they mean for their commands is the
 * handler's business. Much data of one command is received straight into its place. Owned by whoever
 * owns the queue.
 */
final class PduReader {
    /**
     * A dozen PDUs of 4 KiB. More would leave the processor's nearest caches before it is copied on, and
     * the controller without commands until all of it is looked at.
     */
    private static final int REGION_BYTES = 64 << 10;

    /** Data of at least this length is received where it belongs; less is not worth a call of its own. */
    static final int DIRECT_BYTES = 16 << 10;

    private static final int CQE = PduHeader.BYTES;

    /** What comes next in the stream. */
    private enum State {
        /** The first PDU of the connection, which must be ICResp. */
        IC_RESP,
        HEADER,
        /** Bytes between the header of C2HData and its data. */
        PADDING,
        DATA,
        DATA_DIGEST
    }

    /** Where PDUs go that have the right form. */
    interface Handler {
        /** The connection is initialized. */
        void onIcResp(Negotiated agreed);

        void onCompletion(Cqe cqe);

        void onR2t(R2t r2t);

        /** Whose data a C2HData PDU brings. */
        Transfer transferOf(DataPdu pdu, PduHeader common);

        /** The data is in its place; {@code digestGood} is true without digests. */
        void onData(Transfer transfer, boolean digestGood, boolean success);
    }

    private final String queue;
    private final TcpOptions options;
    private final int digests;
    private final Handler handler;

    private final MemorySegment region;
    private final ByteBuffer regionView;
    private int position;
    private int end;

    private State state = State.IC_RESP;
    private Negotiated agreed = Negotiated.NOTHING;

    /** Bytes of the header that is looked at, as far as they are needed. */
    private int headerBytes;

    // Of the C2HData PDU that has begun.
    private @Nullable Transfer transfer;
    private long dataBytes;
    private long left;
    private boolean success;

    private final PduHeader common = new PduHeader();
    private final DataPdu dataPdu = new DataPdu();
    private final R2t r2t = new R2t();
    private final Cqe cqe = new Cqe();
    private final Digest headerDigest = new Digest();
    private final Digest dataDigest = new Digest();

    /**
     * A reader at the start of the stream.
     *
     * @param queue its name, for messages
     * @param digests DGST of ICReq
     */
    PduReader(Arena arena, String queue, TcpOptions options, int digests, Handler handler) {
        this.queue = queue;
        this.options = options;
        this.digests = digests;
        this.handler = handler;
        region = arena.allocate(REGION_BYTES, 4096);
        regionView = Digest.view(region);
    }

    // ---- where to receive

    /** Where the next bytes of the stream go. */
    long address() {
        Transfer direct = direct();
        return direct == null ? region.address() + end : direct.address();
    }

    /** How many of them there may be; into the region at most {@code limit}. */
    int room(int limit) {
        Transfer direct = direct();
        return direct == null
                ? Math.min(REGION_BYTES - end, limit)
                : (int) Math.min(left, direct.leftInSegment());
    }

    /** Whose data the next bytes are, if they go straight into its place. */
    private @Nullable Transfer direct() {
        Transfer current = transfer;
        return current != null
                        && left >= DIRECT_BYTES
                        && state == State.DATA
                        && position == end
                        && current.leftInSegment() >= DIRECT_BYTES
                        && current.segment().isNative()
                        && current.segment().scope().isAlive()
                ? current
                : null;
    }

    /** So many bytes are at {@link #address}. */
    void onReceived(int bytes) {
        Transfer direct = direct();
        if (direct == null) {
            end += bytes;
        } else {
            if (agreed.dataDigest()) {
                Digest _ = dataDigest.update(direct.view(), (int) direct.offset(), bytes);
            }
            direct.advance(bytes);
            onPlaced(direct, bytes);
        }
        boolean more = true;
        while (more) {
            more =
                    switch (state) {
                        case IC_RESP -> readIcResp();
                        case HEADER -> readPdu();
                        case PADDING -> skipPadding();
                        case DATA -> readData();
                        case DATA_DIGEST -> readDataDigest();
                    };
        }
        moveRest();
    }

    /** What is left is less than a header: it goes to the front, for the rest of it to join. */
    private void moveRest() {
        int rest = end - position;
        if (rest > 0 && position > 0) {
            MemorySegment.copy(region, position, region, 0, rest);
        }
        position = 0;
        end = rest;
    }

    /** Copy of the header being looked at, for H2CTermReq. */
    MemorySegment offender() {
        return MemorySegment.ofArray(
                region.asSlice(position, Math.min(headerBytes, TermReq.MAX_DATA)).toArray(Le.U8));
    }

    /** From now on nothing that comes is looked at. */
    void discard() {
        position = 0;
        end = 0;
        state = State.HEADER;
        transfer = null;
        left = 0;
    }

    // ---- headers

    private int available() {
        return end - position;
    }

    private boolean readIcResp() {
        if (!readHeader(PduHeader.IC_RESP)) {
            return false;
        }
        IcResp response = new IcResp().wrap(region, position);
        check(common.length() == IcResp.BYTES, PduHeader.PLEN, "PLEN", common.length());
        check(response.get(IcResp.PFV) == 0, IcResp.PFV.offset(), "PFV", response.get(IcResp.PFV));
        int alignment = response.getInt(IcResp.CPDA);
        check(alignment <= 31, IcResp.CPDA.offset(), "CPDA", alignment);
        int inUse = response.getInt(IcResp.DGST);
        check(inUse == digests, IcResp.DGST.offset(), "DGST", inUse);
        long maxData = response.get(IcResp.MAXH2CDATA);
        check(
                maxData >= IcResp.MIN_MAXH2CDATA && maxData % 4 == 0,
                IcResp.MAXH2CDATA.offset(),
                "MAXH2CDATA",
                maxData);
        agreed =
                new Negotiated(
                        options.alignment(),
                        alignment,
                        (digests & Digest.HEADER) != 0,
                        (digests & Digest.DATA) != 0,
                        (int) Math.min(maxData, options.h2cDataBytes()));
        position += headerBytes;
        state = State.HEADER;
        handler.onIcResp(agreed);
        return true;
    }

    private boolean readPdu() {
        if (!readHeader(-1)) {
            return false;
        }
        switch (common.type()) {
            case PduHeader.CAPSULE_RESP -> {
                checkLengthWithoutData();
                handler.onCompletion(cqe.wrap(region, position + CQE));
                position += headerBytes;
            }
            case PduHeader.R2T -> {
                checkLengthWithoutData();
                handler.onR2t(r2t.wrap(region, position));
                position += headerBytes;
            }
            default -> beginData();
        }
        return true;
    }

    /** Waits for a whole header with its digest and checks it; {@code only} is the one type allowed, or -1. */
    private boolean readHeader(int only) {
        if (available() < PduHeader.BYTES) {
            return false;
        }
        headerBytes = PduHeader.BYTES;
        common.wrap(region, position);
        int type = common.type();
        if (type == PduHeader.C2H_TERM_REQ) {
            return readTermination();
        }
        checkType(type, only);
        int length = common.headerLength();
        check(length == PduHeader.headerLengthOf(type), PduHeader.HLEN, "HLEN", length);
        check(
                common.has(PduHeader.HDGSTF) == agreed.headerDigest(),
                PduHeader.FLAGS,
                "header digest flag in flags",
                common.flags());
        int withDigest = PduLayout.length(length, agreed.headerDigest());
        check(common.length() >= withDigest, PduHeader.PLEN, "PLEN", common.length());
        if (available() < withDigest) {
            return false;
        }
        headerBytes = withDigest;
        if (agreed.headerDigest()) {
            checkHeaderDigest(length);
        }
        return true;
    }

    private void checkType(int type, int only) {
        boolean fromController =
                type == PduHeader.CAPSULE_RESP
                        || type == PduHeader.C2H_DATA
                        || type == PduHeader.R2T
                        || type == PduHeader.IC_RESP;
        check(fromController, PduHeader.TYPE, "type", type);
        if (type == PduHeader.IC_RESP ? only != type : only >= 0) {
            throw new PduViolation(
                    FatalError.PDU_SEQUENCE_ERROR,
                    0,
                    queue + ": unexpected " + PduHeader.name(type));
        }
    }

    private void checkHeaderDigest(int length) {
        int received = Digest.read(region, position + length);
        int computed = headerDigest.of(regionView, position, length);
        if (received != computed) {
            throw new PduViolation(
                    FatalError.HEADER_DIGEST_ERROR,
                    received,
                    "%s: header digest of %s is %08xh, should be %08xh"
                            .formatted(queue, PduHeader.name(common.type()), received, computed));
        }
    }

    private void checkLengthWithoutData() {
        long expected = PduLayout.length(PduHeader.HLEN_24, agreed.headerDigest());
        check(common.length() == expected, PduHeader.PLEN, "PLEN", common.length());
    }

    // ---- data

    private void beginData() {
        dataPdu.wrap(region, position);
        int offset = common.dataOffset();
        int unit = (agreed.hostAlignment() + 1) * 4;
        check(offset >= headerBytes && offset % unit == 0, PduHeader.PDO, "PDO", offset);
        check(
                common.has(PduHeader.DDGSTF) == agreed.dataDigest(),
                PduHeader.FLAGS,
                "data digest flag in flags",
                common.flags());
        int trailer = agreed.dataDigest() ? Digest.BYTES : 0;
        long length = dataPdu.dataLength();
        check(length > 0, DataPdu.DATAL, "DATAL", length);
        check(
                common.length() == length + offset + trailer,
                PduHeader.PLEN,
                "PLEN",
                common.length());
        transfer = handler.transferOf(dataPdu, common);
        success = common.has(PduHeader.SUCCESS);
        position += headerBytes;
        left = (long) offset - headerBytes;
        dataBytes = length;
        state = State.PADDING;
    }

    private boolean skipPadding() {
        int part = (int) Math.min(left, available());
        position += part;
        left -= part;
        if (left > 0) {
            return false;
        }
        left = dataBytes;
        state = State.DATA;
        if (agreed.dataDigest()) {
            Digest _ = dataDigest.reset();
        }
        return true;
    }

    private boolean readData() {
        Transfer current = transfer;
        int part = (int) Math.min(left, available());
        if (part == 0 || current == null) {
            return false;
        }
        if (agreed.dataDigest()) {
            Digest _ = dataDigest.update(regionView, position, part);
        }
        current.put(region, position, part);
        position += part;
        onPlaced(current, part);
        return true;
    }

    private void onPlaced(Transfer current, int bytes) {
        current.received += bytes;
        left -= bytes;
        if (left > 0) {
            return;
        }
        if (agreed.dataDigest()) {
            state = State.DATA_DIGEST;
        } else {
            endData(current, true);
        }
    }

    private boolean readDataDigest() {
        Transfer current = transfer;
        if (available() < Digest.BYTES || current == null) {
            return false;
        }
        boolean good = Digest.read(region, position) == dataDigest.value();
        position += Digest.BYTES;
        endData(current, good);
        return true;
    }

    private void endData(Transfer current, boolean digestGood) {
        transfer = null;
        state = State.HEADER;
        handler.onData(current, digestGood, success);
    }

    // ---- the end

    private boolean readTermination() {
        long length = common.length();
        check(
                common.headerLength() == TermReq.BYTES,
                PduHeader.HLEN,
                "HLEN",
                common.headerLength());
        check(
                length >= TermReq.BYTES && length <= TermReq.MAX_BYTES,
                PduHeader.PLEN,
                "PLEN",
                length);
        if (available() < length) {
            return false;
        }
        TermReq request = new TermReq().wrap(region, position);
        byte[] offender =
                region.asSlice(position + TermReq.BYTES, length - TermReq.BYTES).toArray(Le.U8);
        HostException why =
                new TerminatedException(
                        queue, request.getInt(TermReq.FES), request.getInt(TermReq.FEI), offender);
        throw why;
    }

    private void check(boolean good, int offset, String field, long value) {
        if (!good) {
            throw new PduViolation(
                    FatalError.INVALID_HEADER_FIELD,
                    offset,
                    "%s: %s: %s is %d"
                            .formatted(queue, PduHeader.name(common.type()), field, value));
        }
    }
}
