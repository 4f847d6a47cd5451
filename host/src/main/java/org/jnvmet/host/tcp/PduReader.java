package org.jnvmet.host.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
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

/**
 * Reads PDUs from the socket, checks their form and hands them to {@link Handler}. Owned by the
 * reader thread. What a PDU means for its command is the handler's business.
 */
final class PduReader {
    private static final int CQE = PduHeader.BYTES;

    private final SocketInput input;
    private final String queue;
    private final Handler handler;
    private final ByteBuffer header = ByteBuffer.allocateDirect(TermReq.MAX_BYTES);
    private final MemorySegment headerMemory = MemorySegment.ofBuffer(header);
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(TermReq.MAX_BYTES);
    private final MemorySegment scratchMemory = MemorySegment.ofBuffer(scratch);
    private final PduHeader common = new PduHeader();
    private final DataPdu dataPdu = new DataPdu();
    private final R2t r2t = new R2t();
    private final Cqe cqe = new Cqe();
    private final Digest digest = new Digest();
    private Negotiated agreed = Negotiated.NOTHING;

    /** Where PDUs go that have the right form. */
    interface Handler {
        void onCompletion(Cqe cqe);

        void onR2t(R2t r2t);

        /** The place of a C2HData PDU's data: position and limit set. */
        ByteBuffer placeOf(DataPdu pdu, PduHeader common);

        /** The data is in its place; {@code digestGood} is true without digests. */
        void onData(DataPdu pdu, PduHeader common, boolean digestGood);
    }

    PduReader(SocketChannel socket, String queue, Handler handler) {
        input = new SocketInput(socket);
        this.queue = queue;
        this.handler = handler;
    }

    /** Copy of the header being read, for H2CTermReq. */
    MemorySegment offender() {
        byte[] copy = new byte[Math.min(header.position(), TermReq.MAX_DATA)];
        MemorySegment.copy(headerMemory, 0, MemorySegment.ofArray(copy), 0, copy.length);
        return MemorySegment.ofArray(copy);
    }

    /** Reads ICResp and holds it against what was asked for. */
    Negotiated readIcResp(TcpOptions options) throws IOException {
        readHeader(PduHeader.IC_RESP);
        IcResp response = new IcResp().wrap(headerMemory, 0);
        check(common.length() == IcResp.BYTES, PduHeader.PLEN, "PLEN", common.length());
        check(response.get(IcResp.PFV) == 0, IcResp.PFV.offset(), "PFV", response.get(IcResp.PFV));
        int alignment = response.getInt(IcResp.CPDA);
        check(alignment <= 31, IcResp.CPDA.offset(), "CPDA", alignment);
        int asked =
                (options.headerDigest() ? Digest.HEADER : 0)
                        | (options.dataDigest() ? Digest.DATA : 0);
        int digests = response.getInt(IcResp.DGST);
        check(digests == asked, IcResp.DGST.offset(), "DGST", digests);
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
                        options.headerDigest(),
                        options.dataDigest(),
                        (int) Math.min(maxData, options.h2cDataBytes()),
                        options.maxR2t());
        return agreed;
    }

    /** Reads one PDU after ICResp. */
    void readPdu() throws IOException {
        readHeader(-1);
        switch (common.type()) {
            case PduHeader.CAPSULE_RESP -> {
                checkLengthWithoutData();
                handler.onCompletion(cqe.wrap(headerMemory, CQE));
            }
            case PduHeader.R2T -> {
                checkLengthWithoutData();
                handler.onR2t(r2t.wrap(headerMemory, 0));
            }
            case PduHeader.C2H_DATA -> readData();
            default ->
                    throw new PduViolation(
                            FatalError.PDU_SEQUENCE_ERROR,
                            0,
                            queue + ": unexpected " + PduHeader.name(common.type()));
        }
    }

    void drain() throws IOException {
        input.drain();
    }

    /** Reads and checks a header with its digest; {@code only} is the one type allowed, or -1. */
    private void readHeader(int only) throws IOException {
        input.readFully(header.clear().limit(PduHeader.BYTES));
        common.wrap(headerMemory, 0);
        int type = common.type();
        if (type == PduHeader.C2H_TERM_REQ) {
            throw readTermination();
        }
        int expected = PduHeader.headerLengthOf(type);
        boolean fromController =
                type == PduHeader.IC_RESP
                        || type == PduHeader.CAPSULE_RESP
                        || type == PduHeader.C2H_DATA
                        || type == PduHeader.R2T;
        check(fromController, PduHeader.TYPE, "type", type);
        if (type == PduHeader.IC_RESP ? only != type : only >= 0) {
            throw new PduViolation(
                    FatalError.PDU_SEQUENCE_ERROR,
                    0,
                    queue + ": unexpected " + PduHeader.name(type));
        }
        int length = common.headerLength();
        check(length == expected, PduHeader.HLEN, "HLEN", length);
        check(
                common.has(PduHeader.HDGSTF) == agreed.headerDigest(),
                PduHeader.FLAGS,
                "header digest flag in flags",
                common.flags());
        int withDigest = length + (agreed.headerDigest() ? Digest.BYTES : 0);
        check(common.length() >= withDigest, PduHeader.PLEN, "PLEN", common.length());
        input.readFully(header.limit(withDigest));
        if (agreed.headerDigest()) {
            checkHeaderDigest(length);
        }
    }

    private void checkHeaderDigest(int length) {
        int received = Digest.read(headerMemory, length);
        int position = header.position();
        int computed = digest.of(header, 0, length);
        header.clear().position(position);
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

    private void readData() throws IOException {
        dataPdu.wrap(headerMemory, 0);
        int offset = common.dataOffset();
        int unit = (agreed.hostAlignment() + 1) * 4;
        boolean placed = offset >= header.position() && offset % unit == 0;
        check(placed, PduHeader.PDO, "PDO", offset);
        check(
                common.has(PduHeader.DDGSTF) == agreed.dataDigest(),
                PduHeader.FLAGS,
                "data digest flag in flags",
                common.flags());
        int trailer = agreed.dataDigest() ? Digest.BYTES : 0;
        long length = dataPdu.dataLength();
        check(length > 0, DataPdu.DATAL, "DATAL", length);
        check(
                common.length() == offset + length + trailer,
                PduHeader.PLEN,
                "PLEN",
                common.length());
        ByteBuffer place = handler.placeOf(dataPdu, common);
        input.readFully(scratch.clear().limit(offset - header.position()));
        int start = place.position();
        input.readFully(place);
        boolean good = true;
        if (agreed.dataDigest()) {
            input.readFully(scratch.clear().limit(Digest.BYTES));
            good = Digest.read(scratchMemory, 0) == digest.of(place, start, (int) length);
        }
        handler.onData(dataPdu, common, good);
    }

    private HostException readTermination() throws IOException {
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
        input.readFully(header.limit((int) length));
        TermReq request = new TermReq().wrap(headerMemory, 0);
        byte[] offender =
                headerMemory.asSlice(TermReq.BYTES, length - TermReq.BYTES).toArray(Le.U8);
        return new TerminatedException(
                queue, request.getInt(TermReq.FES), request.getInt(TermReq.FEI), offender);
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
