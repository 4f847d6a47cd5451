package org.jnvmet.host.tcp;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.FatalError;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.R2t;

/**
 * What incoming PDUs mean for their commands, and whether the controller may send them. Owned by the
 * reader thread.
 */
final class Incoming implements PduReader.Handler {
    private final String name;
    private final QueueOptions queue;
    private final int maxR2ts;
    private final Map<Integer, Transfer> transfers;
    private final BiConsumer<Transfer, R2tJob> answer;

    /** {@code answer} is told of data to send. */
    Incoming(
            String name,
            QueueOptions queue,
            int maxR2ts,
            Map<Integer, Transfer> transfers,
            BiConsumer<Transfer, R2tJob> answer) {
        this.name = name;
        this.queue = queue;
        this.maxR2ts = maxR2ts;
        this.transfers = transfers;
        this.answer = answer;
    }

    @Override
    public void onCompletion(Cqe cqe) {
        Transfer transfer = find(cqe.commandId(), PduHeader.CAPSULE_RESP);
        if (Status.SUCCESS.is(cqe.status())) {
            checkAllReceived(transfer);
            checkAllSent(transfer);
        }
        transfers.remove(transfer.commandId(), transfer);
        HostRequest request = transfer.request;
        if (transfer.digestFailed) {
            int status = Status.DATA_TRANSFER_ERROR.field();
            request.complete(status, cqe.result(), cqe.sqHead(), cqe.sqId());
        } else {
            request.complete(cqe);
        }
    }

    @Override
    public void onR2t(R2t r2t) {
        Transfer transfer = find(r2t.commandId(), PduHeader.R2T);
        long offset = r2t.offset();
        long length = r2t.length();
        if (length == 0) {
            throw violation(FatalError.INVALID_HEADER_FIELD, R2t.R2TL, transfer, "R2T of 0 bytes");
        }
        if (offset != transfer.askedFor || offset + length > transfer.toAskFor()) {
            throw violation(
                    FatalError.DATA_OUT_OF_RANGE,
                    R2t.R2TO,
                    transfer,
                    "R2T of %d bytes at %d; %d of %d were asked for"
                            .formatted(length, offset, transfer.askedFor, transfer.toAskFor()));
        }
        if (transfer.outstandingR2ts.incrementAndGet() > maxR2ts) {
            throw violation(
                    FatalError.LIMIT_EXCEEDED,
                    0,
                    transfer,
                    "more than %d R2Ts outstanding".formatted(maxR2ts));
        }
        transfer.askedFor += length;
        answer.accept(transfer, new R2tJob(r2t.transferTag(), (int) offset, (int) length));
    }

    @Override
    public ByteBuffer placeOf(DataPdu pdu, PduHeader common) {
        Transfer transfer = find(pdu.commandId(), PduHeader.C2H_DATA);
        int room = transfer.dataIn.capacity();
        long offset = pdu.dataOffset();
        long end = offset + pdu.dataLength();
        if (offset != transfer.received || end > room) {
            throw violation(
                    FatalError.DATA_OUT_OF_RANGE,
                    DataPdu.DATAO,
                    transfer,
                    "%d bytes of data at %d; %d of %d were received"
                            .formatted(pdu.dataLength(), offset, transfer.received, room));
        }
        if (common.has(PduHeader.SUCCESS) && !common.has(PduHeader.LAST_PDU)) {
            throw violation(
                    FatalError.INVALID_HEADER_FIELD,
                    PduHeader.FLAGS,
                    transfer,
                    "data with SUCCESS and without LAST_PDU");
        }
        if (common.has(PduHeader.SUCCESS) && queue.flowControl()) {
            throw violation(
                    FatalError.INVALID_HEADER_FIELD,
                    PduHeader.FLAGS,
                    transfer,
                    "SUCCESS on a queue with flow control");
        }
        return transfer.dataIn.limit((int) end).position((int) offset);
    }

    @Override
    public void onData(DataPdu pdu, PduHeader common, boolean digestGood) {
        Transfer transfer = find(pdu.commandId(), PduHeader.C2H_DATA);
        transfer.received += pdu.dataLength();
        transfer.digestFailed |= !digestGood;
        if (!common.has(PduHeader.SUCCESS)) {
            return;
        }
        checkAllReceived(transfer);
        transfers.remove(transfer.commandId(), transfer);
        Status status = transfer.digestFailed ? Status.DATA_TRANSFER_ERROR : Status.SUCCESS;
        transfer.request.complete(status.field(), 0, 0, queue.queueId());
    }

    private void checkAllReceived(Transfer transfer) {
        if (transfer.received != transfer.dataIn.capacity()) {
            throw violation(
                    FatalError.DATA_OUT_OF_RANGE,
                    0,
                    transfer,
                    "success after %d of %d bytes"
                            .formatted(transfer.received, transfer.dataIn.capacity()));
        }
    }

    private void checkAllSent(Transfer transfer) {
        if (transfer.askedFor != transfer.toAskFor() || transfer.outstandingR2ts.get() != 0) {
            throw violation(
                    FatalError.PDU_SEQUENCE_ERROR,
                    0,
                    transfer,
                    "success before all data was sent: %d of %d bytes asked for"
                            .formatted(transfer.askedFor, transfer.toAskFor()));
        }
    }

    private Transfer find(int commandId, int type) {
        Transfer transfer = transfers.get(commandId);
        if (transfer == null) {
            throw new PduViolation(
                    FatalError.INVALID_HEADER_FIELD,
                    DataPdu.CCCID,
                    "%s: %s for the unknown command %04xh"
                            .formatted(name, PduHeader.name(type), commandId));
        }
        return transfer;
    }

    private PduViolation violation(
            FatalError error, int information, Transfer transfer, String what) {
        return new PduViolation(
                error,
                information,
                "%s: %s %04xh: %s"
                        .formatted(name, transfer.request.name(), transfer.commandId(), what));
    }
}
