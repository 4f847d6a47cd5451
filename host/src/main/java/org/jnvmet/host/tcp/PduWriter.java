package org.jnvmet.host.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.IcReq;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.PduLayout;
import org.jnvmet.wire.tcp.TermReq;

/** Writes PDUs to the socket. Owned by the sender thread. */
final class PduWriter {
    private final SocketChannel socket;
    private final ByteBuffer header = ByteBuffer.allocateDirect(TermReq.MAX_BYTES);
    private final ByteBuffer trailer = ByteBuffer.allocateDirect(Digest.BYTES);
    private final MemorySegment headerMemory = MemorySegment.ofBuffer(header);
    private final MemorySegment trailerMemory = MemorySegment.ofBuffer(trailer);
    private final ByteBuffer[] parts = new ByteBuffer[3];
    private final PduHeader common = new PduHeader();
    private final DataPdu dataPdu = new DataPdu();
    private final Digest digest = new Digest();

    PduWriter(SocketChannel socket) {
        this.socket = socket;
    }

    void icReq(TcpOptions options) throws IOException {
        headerMemory.fill((byte) 0);
        common.wrap(headerMemory, 0).set(PduHeader.IC_REQ, 0, IcReq.BYTES, 0, IcReq.BYTES);
        int digests =
                (options.headerDigest() ? Digest.HEADER : 0)
                        | (options.dataDigest() ? Digest.DATA : 0);
        new IcReq()
                .wrap(headerMemory, 0)
                .set(IcReq.HPDA, options.alignment())
                .set(IcReq.DGST, digests)
                .set(IcReq.MAXR2T, options.maxR2t());
        write(header.limit(IcReq.BYTES).position(0));
    }

    void capsule(Transfer transfer, Negotiated agreed) throws IOException {
        headerMemory.fill((byte) 0);
        Sqe sqe = transfer.request.sqe();
        MemorySegment.copy(sqe.memory(), sqe.base(), headerMemory, PduHeader.BYTES, Sqe.BYTES);
        ByteBuffer data = transfer.dataOut;
        int length = transfer.inCapsule ? data.capacity() : 0;
        send(
                PduHeader.CAPSULE_CMD,
                PduHeader.COMMAND_HLEN,
                0,
                data.limit(length).position(0),
                agreed);
    }

    /** One H2CData PDU with {@code length} bytes from {@code offset} of the command's data. */
    void data(Transfer transfer, R2tJob r2t, int offset, int length, Negotiated agreed)
            throws IOException {
        headerMemory.fill((byte) 0);
        dataPdu.wrap(headerMemory, 0).set(transfer.commandId(), r2t.transferTag(), offset, length);
        boolean last = offset + length == r2t.offset() + r2t.length();
        send(
                PduHeader.H2C_DATA,
                PduHeader.HLEN_24,
                last ? PduHeader.LAST_PDU : 0,
                transfer.dataOut.limit(offset + length).position(offset),
                agreed);
    }

    void terminate(PduViolation violation, MemorySegment offender) throws IOException {
        int length =
                TermReq.write(
                        headerMemory,
                        PduHeader.H2C_TERM_REQ,
                        violation.error(),
                        violation.information(),
                        offender);
        write(header.limit(length).position(0));
    }

    /** Completes the header, whose type-specific part is in place, and writes the PDU. */
    private void send(int type, int headerLength, int flags, ByteBuffer data, Negotiated agreed)
            throws IOException {
        int dataLength = data.remaining();
        boolean withDataDigest = agreed.dataDigest() && dataLength > 0;
        int dataOffset =
                dataLength == 0
                        ? 0
                        : PduLayout.dataOffset(
                                headerLength, agreed.headerDigest(), agreed.controllerAlignment());
        int length =
                dataLength == 0
                        ? PduLayout.length(headerLength, agreed.headerDigest())
                        : PduLayout.length(dataOffset, dataLength, withDataDigest);
        int allFlags =
                flags
                        | (agreed.headerDigest() ? PduHeader.HDGSTF : 0)
                        | (withDataDigest ? PduHeader.DDGSTF : 0);
        common.wrap(headerMemory, 0).set(type, allFlags, headerLength, dataOffset, length);
        if (agreed.headerDigest()) {
            Digest.write(headerMemory, headerLength, digest.of(header, 0, headerLength));
        }
        if (dataLength == 0) {
            write(header.limit(length).position(0));
            return;
        }
        trailer.clear().limit(withDataDigest ? Digest.BYTES : 0);
        if (withDataDigest) {
            int from = data.position();
            Digest.write(trailerMemory, 0, digest.of(data, from, dataLength));
            data.position(from);
        }
        write(header.limit(dataOffset).position(0), data);
    }

    private void write(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (socket.write(buffer) < 0) {
                throw new IOException("the socket takes no more");
            }
        }
    }

    private void write(ByteBuffer head, ByteBuffer data) throws IOException {
        parts[0] = head;
        parts[1] = data;
        parts[2] = trailer;
        while (head.hasRemaining() || data.hasRemaining() || trailer.hasRemaining()) {
            if (socket.write(parts) < 0) {
                throw new IOException("the socket takes no more");
            }
        }
    }
}
