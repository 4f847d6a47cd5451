package org.jnvmet.transport.tcp;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jnvmet.transport.tcp.PduReader.Fatal;
import org.jnvmet.transport.tcp.TcpRequest.Phase;
import org.jnvmet.transport.tcp.TcpRequest.Solicitation;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.FatalError;
import org.jnvmet.wire.tcp.IcReq;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.TermReq;
import org.jspecify.annotations.Nullable;

/**
 * What each PDU of the host means: ICReq, H2CTermReq and H2CData here, command capsules in {@link
 * Capsules}. Owned by the connection's loop.
 */
final class Inbound implements PduReader.Handler {
    private final TcpConnection connection;
    private final Solicitor solicitor;
    private final PduReader reader;
    private final Capsules capsules;
    private final int maxH2cDataBytes;
    private final DataPdu data = new DataPdu();
    private ConnectionParameters parameters = ConnectionParameters.NONE;

    /**
     * @param stash room for a header of which only a part has arrived
     * @param inlineBytes in-capsule data of the port's I/O queues
     */
    Inbound(
            TcpConnection connection,
            Solicitor solicitor,
            TcpLoop loop,
            MemorySegment stash,
            int inlineBytes) {
        this.connection = connection;
        this.solicitor = solicitor;
        TcpSettings.Protocol protocol = loop.settings().protocol();
        maxH2cDataBytes = protocol.maxH2cDataBytes();
        reader = new PduReader(this, loop.digests(), protocol.dataAlignment(), stash);
        capsules =
                new Capsules(
                        connection, reader, solicitor, inlineBytes, protocol.maxTransferBytes());
    }

    PduReader reader() {
        return reader;
    }

    Capsules capsules() {
        return capsules;
    }

    @Override
    public ConnectionParameters parameters() {
        return parameters;
    }

    @Override
    public boolean onHeader(Pdu pdu) {
        if (pdu.type() == PduHeader.CAPSULE_CMD) {
            return capsules.onCapsule(pdu);
        }
        Fatal fatal =
                switch (pdu.type()) {
                    case PduHeader.H2C_DATA -> onHostData(pdu);
                    case PduHeader.IC_REQ -> onIcReq(pdu);
                    default -> onTermReq(pdu);
                };
        if (fatal != null) {
            connection.onFatal(fatal, pdu);
        }
        return true;
    }

    @Override
    public void onFatal(Fatal fatal, MemorySegment memory, long header, int bytes) {
        connection.terminate(fatal, memory, header, bytes);
    }

    private @Nullable Fatal onIcReq(Pdu pdu) {
        IcReq request = new IcReq().wrap(pdu.memory(), pdu.base());
        int version = request.getInt(IcReq.PFV);
        if (version != 0) {
            return Pdu.field(IcReq.PFV.offset(), "PDU format version " + version);
        }
        int alignment = request.getInt(IcReq.HPDA);
        if (alignment > IcReq.MAX_ALIGNMENT) {
            return Pdu.field(IcReq.HPDA.offset(), "HPDA " + alignment);
        }
        int digests = request.getInt(IcReq.DGST);
        long maxR2ts = request.get(IcReq.MAXR2T) + 1; // 0's based
        parameters =
                new ConnectionParameters(
                        true,
                        (digests & Digest.HEADER) != 0,
                        (digests & Digest.DATA) != 0,
                        alignment,
                        (int) Math.min(maxR2ts, TcpRequest.MAX_R2TS));
        connection.onNegotiated(parameters);
        return null;
    }

    private @Nullable Fatal onTermReq(Pdu pdu) {
        TermReq request = new TermReq().wrap(pdu.memory(), pdu.base());
        int code = request.getInt(TermReq.FES);
        Optional<FatalError> error = FatalError.of(code);
        if (error.isEmpty()) {
            return Pdu.field(TermReq.FES.offset(), "H2CTermReq with FES " + code);
        }
        connection.onHostTermination(
                "the host ended the connection: %s, information %08x"
                        .formatted(error.get().meaningFromHost(), request.getInt(TermReq.FEI)));
        return null;
    }

    private @Nullable Fatal onHostData(Pdu pdu) {
        data.wrap(pdu.memory(), pdu.base());
        TcpRequest request = connection.requests().get(data.transferTag());
        if (request == null) {
            return Pdu.sequence("H2CData with unknown tag " + data.transferTag());
        }
        Solicitation owed = request.solicitation;
        if (request.phase() != Phase.SOLICITING || owed.received == owed.announced) {
            return Pdu.field(DataPdu.TTAG, "H2CData that was not asked for");
        }
        if (data.commandId() != request.sqe().commandId()) {
            return Pdu.sequence(
                    "H2CData for command %04xh with the tag of %04xh"
                            .formatted(data.commandId(), request.sqe().commandId()));
        }
        Fatal fatal = checkRange(pdu, owed);
        if (fatal == null) {
            connection.onHostProgress();
            reader.expect(request, owed.received, false);
        }
        return fatal;
    }

    private @Nullable Fatal checkRange(Pdu pdu, Solicitation owed) {
        long bytes = data.dataLength();
        if (bytes == 0) {
            return Pdu.field(DataPdu.DATAL, "H2CData without data");
        }
        if (bytes != pdu.dataBytes()) {
            return pdu.wrongLength();
        }
        if (bytes > maxH2cDataBytes) {
            return new Fatal(FatalError.LIMIT_EXCEEDED, 0, "H2CData of %d bytes".formatted(bytes));
        }
        long end = data.dataOffset() + bytes;
        if (data.dataOffset() != owed.received || end > owed.ends[0]) {
            return new Fatal(
                    FatalError.DATA_OUT_OF_RANGE,
                    0,
                    "H2CData with bytes %d to %d, expected %d to %d"
                            .formatted(data.dataOffset(), end, owed.received, owed.ends[0]));
        }
        if (pdu.last() && end != owed.ends[0]) {
            return Pdu.field(PduHeader.FLAGS, "LAST_PDU before the end of the R2T");
        }
        return null;
    }

    @Override
    public void onData(TcpRequest request, int bytes, boolean intact) {
        if (request.phase() == Phase.RECEIVING) {
            capsules.onAllData(request, intact);
            return;
        }
        connection.onHostProgress();
        if (solicitor.onData(request, bytes, intact)) {
            capsules.onAllData(request, !request.solicitation.corrupt);
        }
    }
}
