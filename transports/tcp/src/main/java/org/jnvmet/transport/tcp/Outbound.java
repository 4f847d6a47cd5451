package org.jnvmet.transport.tcp;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.transport.tcp.PduReader.Fatal;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.IcResp;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.PduLayout;
import org.jnvmet.wire.tcp.R2t;
import org.jnvmet.wire.tcp.TermReq;

/**
 * Builds the PDUs to the host in the memory of their requests (NVMe/TCP Transport, C2HData,
 * CapsuleResp, R2T, ICResp, C2HTermReq). Data is not copied: it is sent from the request's buffer.
 * Owned by the connection's loop.
 */
final class Outbound {
    private final Queue queue;
    private final Digests digests;
    private final TcpSettings.Protocol protocol;
    private final MemorySegment control;
    private final PduHeader header = new PduHeader();
    private final DataPdu data = new DataPdu();
    private final R2t r2t = new R2t();
    private final Cqe cqe = new Cqe();
    private ConnectionParameters parameters = ConnectionParameters.NONE;

    /** {@code control} has room for ICResp and, behind it, C2HTermReq. */
    Outbound(Queue queue, Digests digests, TcpSettings.Protocol protocol, MemorySegment control) {
        this.queue = queue;
        this.digests = digests;
        this.protocol = protocol;
        this.control = control;
    }

    void parameters(ConnectionParameters settled) {
        parameters = settled;
    }

    long icRespAddress() {
        return control.address();
    }

    long termReqAddress() {
        return control.address() + IcResp.BYTES;
    }

    /** Writes ICResp to the control memory: its length. */
    int icResp() {
        new IcResp()
                .wrap(control, 0)
                .clear()
                .set(IcResp.CPDA, protocol.dataAlignment())
                .set(IcResp.DGST, parameters.digests())
                .set(IcResp.MAXH2CDATA, protocol.maxH2cDataBytes());
        header.wrap(control, 0).set(PduHeader.IC_RESP, 0, PduHeader.IC_HLEN, 0, IcResp.BYTES);
        return IcResp.BYTES;
    }

    /** Writes C2HTermReq to the control memory: its length. */
    int termReq(Fatal fatal, MemorySegment offender) {
        return TermReq.write(
                control.asSlice(IcResp.BYTES),
                PduHeader.C2H_TERM_REQ,
                fatal.error(),
                fatal.information(),
                offender);
    }

    /** Makes an R2T the train of {@code request}. */
    void r2t(TcpRequest request, int offset, int bytes) {
        MemorySegment memory = request.memory();
        long base = request.base() + TcpRequest.HEADER;
        int length = PduLayout.length(PduHeader.HLEN_24, parameters.headerDigest());
        header.wrap(memory, base).set(PduHeader.R2T, headerFlag(), PduHeader.HLEN_24, 0, length);
        r2t.wrap(memory, base).set(request.sqe().commandId(), request.slot(), offset, bytes);
        headerDigest(memory, base);
        request.clearTrain();
        request.addPiece(TcpRequest.HEADER, length);
    }

    /** Makes the first PDU of the response of a completed {@code request} its train. */
    void response(TcpRequest request) {
        request.clearTrain();
        if (sendsData(request)) {
            dataPdu(request);
        } else {
            capsuleResp(request);
        }
    }

    /** Makes the next PDU of the response its train; false when all has been sent. */
    boolean nextOfResponse(TcpRequest request) {
        if (!sendsData(request) || request.dataSent() == request.dataBytes()) {
            return false;
        }
        request.clearTrain();
        dataPdu(request);
        return true;
    }

    private static boolean sendsData(TcpRequest request) {
        return request.succeeded() && request.direction() == Direction.CONTROLLER_TO_HOST;
    }

    private void dataPdu(TcpRequest request) {
        int offset = request.dataSent();
        int bytes = Math.min(request.dataBytes() - offset, protocol.maxC2hDataBytes());
        boolean last = offset + bytes == request.dataBytes();
        boolean success = last && queue.flowControlDisabled() && request.result() == 0;
        int flags = headerFlag();
        flags |= parameters.dataDigest() ? PduHeader.DDGSTF : 0;
        flags |= last ? PduHeader.LAST_PDU : 0;
        flags |= success ? PduHeader.SUCCESS : 0;
        int dataOffset = parameters.dataOffset(PduHeader.HLEN_24);
        MemorySegment memory = request.memory();
        long base = request.base() + TcpRequest.HEADER;
        header.wrap(memory, base)
                .set(
                        PduHeader.C2H_DATA,
                        flags,
                        PduHeader.HLEN_24,
                        dataOffset,
                        PduLayout.length(dataOffset, bytes, parameters.dataDigest()));
        data.wrap(memory, base).set(request.sqe().commandId(), 0, offset, bytes);
        headerDigest(memory, base);
        DataBuffer buffer = Objects.requireNonNull(request.buffer());
        request.addPiece(TcpRequest.HEADER, dataOffset);
        request.addPiece(buffer.address() + offset, bytes);
        if (parameters.dataDigest()) {
            int digest = digests.ofData(buffer.memory(), buffer.offset() + offset, bytes);
            Digest.write(memory, request.base() + TcpRequest.DATA_DIGEST, digest);
            request.addPiece(TcpRequest.DATA_DIGEST, Digest.BYTES);
        }
        request.dataSent(offset + bytes);
        if (last && !success) {
            capsuleResp(request);
        }
    }

    private void capsuleResp(TcpRequest request) {
        MemorySegment memory = request.memory();
        long base = request.base() + TcpRequest.RESPONSE;
        int length = PduLayout.length(PduHeader.HLEN_24, parameters.headerDigest());
        header.wrap(memory, base)
                .set(PduHeader.CAPSULE_RESP, headerFlag(), PduHeader.HLEN_24, 0, length);
        request.writeCompletion(cqe.wrap(memory, base + PduHeader.BYTES));
        headerDigest(memory, base);
        request.addPiece(TcpRequest.RESPONSE, length);
    }

    private int headerFlag() {
        return parameters.headerDigest() ? PduHeader.HDGSTF : 0;
    }

    private void headerDigest(MemorySegment memory, long base) {
        if (parameters.headerDigest()) {
            int digest = digests.of(memory, base, PduHeader.HLEN_24);
            Digest.write(memory, base + PduHeader.HLEN_24, digest);
        }
    }
}
