package org.jnvmet.transport.tcp;

import static org.jnvmet.wire.tcp.FatalError.INVALID_HEADER_FIELD;

import java.lang.foreign.MemorySegment;
import org.jnvmet.transport.tcp.PduReader.Fatal;
import org.jnvmet.wire.tcp.FatalError;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.PduLayout;
import org.jnvmet.wire.tcp.TermReq;
import org.jspecify.annotations.Nullable;

/**
 * The header of a received PDU and the checks that concern every type (NVMe/TCP Transport, PDU Common
 * Header, Error Handling). Re-wrapped, never re-created. Owned by the connection's loop.
 */
final class Pdu {
    private final PduHeader header = new PduHeader();
    private final int alignmentUnit;
    private MemorySegment memory = MemorySegment.NULL;
    private long base;
    private int padding;
    private long dataBytes;

    /** {@code dataAlignment} is CPDA. */
    Pdu(int dataAlignment) {
        alignmentUnit = (dataAlignment + 1) * 4;
    }

    Pdu wrap(MemorySegment memory, long base) {
        this.memory = memory;
        this.base = base;
        header.wrap(memory, base);
        return this;
    }

    MemorySegment memory() {
        return memory;
    }

    long base() {
        return base;
    }

    int type() {
        return header.type();
    }

    boolean last() {
        return header.has(PduHeader.LAST_PDU);
    }

    int headerLength() {
        return header.headerLength();
    }

    long length() {
        return header.length();
    }

    /** Bytes between header and data; after a successful {@link #checkWhole}. */
    int padding() {
        return padding;
    }

    /** Bytes of data; after a successful {@link #checkWhole}. */
    long dataBytes() {
        return dataBytes;
    }

    /** Bytes of this header that a termination request may copy. */
    int declaredHeader() {
        return Math.clamp(headerLength(), PduHeader.BYTES, TermReq.MAX_DATA);
    }

    boolean mayCarryDigests() {
        return type() == PduHeader.CAPSULE_CMD || type() == PduHeader.H2C_DATA;
    }

    boolean lacksHeaderDigest() {
        return !header.has(PduHeader.HDGSTF);
    }

    /** Bytes up to where data or the next PDU begins; after a successful {@link #checkCommon}. */
    int neededBytes(ConnectionParameters parameters) {
        return switch (type()) {
            case PduHeader.H2C_TERM_REQ -> (int) length();
            case PduHeader.IC_REQ -> PduHeader.IC_HLEN;
            default -> headerLength() + parameters.headerDigestBytes();
        };
    }

    /** What the first eight bytes alone tell: type, header length, and whether the PDU holds its header. */
    @Nullable Fatal checkCommon(ConnectionParameters parameters) {
        int type = type();
        boolean fromHost =
                type == PduHeader.IC_REQ
                        || type == PduHeader.H2C_TERM_REQ
                        || type == PduHeader.CAPSULE_CMD
                        || type == PduHeader.H2C_DATA;
        if (!fromHost) {
            return field(PduHeader.TYPE, PduHeader.name(type) + " from a host");
        }
        if (type != PduHeader.H2C_TERM_REQ
                && parameters.negotiated() == (type == PduHeader.IC_REQ)) {
            return sequence(name() + (parameters.negotiated() ? " again" : " before ICReq"));
        }
        if (headerLength() != PduHeader.headerLengthOf(type)) {
            return field(PduHeader.HLEN, "%s with HLEN %d".formatted(name(), headerLength()));
        }
        long length = length();
        boolean wrong =
                switch (type) {
                    case PduHeader.IC_REQ -> length != PduHeader.IC_HLEN;
                    case PduHeader.H2C_TERM_REQ ->
                            length < TermReq.BYTES || length > TermReq.MAX_BYTES;
                    default -> length < headerLength() + parameters.headerDigestBytes();
                };
        return wrong ? wrongLength() : null;
    }

    /** Flags, digests and where the data lies. */
    @Nullable Fatal checkWhole(ConnectionParameters parameters) {
        padding = 0;
        dataBytes = 0;
        if (!mayCarryDigests()) {
            return null;
        }
        int headerEnd = PduLayout.length(headerLength(), parameters.headerDigest());
        boolean withData = length() != headerEnd;
        Fatal fatal = checkFlags(parameters, withData);
        return fatal == null && withData ? checkData(parameters, headerEnd) : fatal;
    }

    private @Nullable Fatal checkFlags(ConnectionParameters parameters, boolean withData) {
        boolean headerDigest = header.has(PduHeader.HDGSTF);
        boolean dataDigest = header.has(PduHeader.DDGSTF);
        boolean right =
                headerDigest == parameters.headerDigest()
                        && (parameters.dataDigest() ? dataDigest || !withData : !dataDigest);
        return right
                ? null
                : field(
                        PduHeader.FLAGS,
                        "%s with flags %02xh against %s"
                                .formatted(name(), header.flags(), parameters));
    }

    private @Nullable Fatal checkData(ConnectionParameters parameters, int headerEnd) {
        int offset = header.dataOffset();
        if (offset < headerEnd || offset % alignmentUnit != 0 || offset > length()) {
            return field(PduHeader.PDO, "%s with PDO %d".formatted(name(), offset));
        }
        long data = length() - offset - parameters.dataDigestBytes();
        if (data <= 0) {
            return wrongLength();
        }
        padding = offset - headerEnd;
        dataBytes = data;
        return null;
    }

    Fatal wrongLength() {
        return field(PduHeader.PLEN, "%s with PLEN %d".formatted(name(), length()));
    }

    /** The PDU has no place here. */
    static Fatal sequence(String what) {
        return new Fatal(FatalError.PDU_SEQUENCE_ERROR, 0, what);
    }

    /** A field has a wrong value; {@code offset} is where it begins in the PDU. */
    static Fatal field(int offset, String what) {
        return new Fatal(INVALID_HEADER_FIELD, offset, what);
    }

    String name() {
        return PduHeader.name(type());
    }
}
