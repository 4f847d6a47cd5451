package org.jnvmet.host.tcp;

import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.FatalError;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.R2t;

/**
 * What incoming PDUs mean for their commands, and whether the controller may send them. Owned by
 * whoever owns the queue.
 */
final class Incoming implements PduReader.Handler {
    private final String name;
    private final QueueOptions queue;
    private final Transfer[] transfers;
    private final Outbound outbound;
    private final QueueEvents events;
    private final int slotMask;
    private boolean negotiated;
    private int held;
    private long completed;
    private int outstanding;
    private int reads;
    private long expectedBytes;

    Incoming(
            String name,
            QueueOptions queue,
            Transfer[] transfers,
            Outbound outbound,
            QueueEvents events) {
        this.name = name;
        this.queue = queue;
        this.transfers = transfers;
        this.outbound = outbound;
        this.events = events;
        slotMask = (1 << queue.slotBits()) - 1;
    }

    boolean negotiated() {
        return negotiated;
    }

    /** Commands completed so far. */
    long completed() {
        return completed;
    }

    /** Commands that have begun and not ended. */
    int outstanding() {
        return outstanding;
    }

    /** A transfer begins. */
    void expect(Transfer transfer) {
        outstanding++;
        if (transfer.bytesIn > 0) {
            reads++;
            expectedBytes += transfer.bytesIn;
        }
    }

    /** Data bytes of the average read that is outstanding. */
    long bytesPerRead() {
        return reads == 0 ? 0 : expectedBytes / reads;
    }

    @Override
    public void onIcResp(Negotiated agreed) {
        negotiated = true;
        outbound.open(agreed);
    }

    @Override
    public void onCompletion(Cqe cqe) {
        Transfer transfer = find(cqe.commandId(), PduHeader.CAPSULE_RESP);
        int status = cqe.status();
        if (Status.SUCCESS.is(status)) {
            checkAllReceived(transfer);
            checkAllSent(transfer);
        }
        transfer.request().head(cqe.sqHead(), cqe.sqId());
        end(transfer, cqe.result(), status);
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
        if (!transfer.addR2t(r2t.transferTag(), length)) {
            throw violation(
                    FatalError.LIMIT_EXCEEDED,
                    0,
                    transfer,
                    "more than %d R2Ts outstanding".formatted(transfer.r2ts()));
        }
        outbound.add(transfer);
    }

    @Override
    public Transfer transferOf(DataPdu pdu, PduHeader common) {
        Transfer transfer = find(pdu.commandId(), PduHeader.C2H_DATA);
        long offset = pdu.dataOffset();
        if (offset != transfer.received || offset + pdu.dataLength() > transfer.bytesIn) {
            throw violation(
                    FatalError.DATA_OUT_OF_RANGE,
                    DataPdu.DATAO,
                    transfer,
                    "%d bytes of data at %d; %d of %d were received"
                            .formatted(
                                    pdu.dataLength(), offset, transfer.received, transfer.bytesIn));
        }
        if (common.has(PduHeader.SUCCESS)) {
            checkSuccessFlag(transfer, common);
        }
        return transfer;
    }

    private void checkSuccessFlag(Transfer transfer, PduHeader common) {
        if (!common.has(PduHeader.LAST_PDU)) {
            throw violation(
                    FatalError.INVALID_HEADER_FIELD,
                    PduHeader.FLAGS,
                    transfer,
                    "data with SUCCESS and without LAST_PDU");
        }
        if (queue.flowControl()) {
            throw violation(
                    FatalError.INVALID_HEADER_FIELD,
                    PduHeader.FLAGS,
                    transfer,
                    "SUCCESS on a queue with flow control");
        }
    }

    @Override
    public void onData(Transfer transfer, boolean digestGood, boolean success) {
        transfer.digestFailed |= !digestGood;
        if (success) {
            checkAllReceived(transfer);
            transfer.request().head(0, queue.queueId());
            end(transfer, 0, Status.SUCCESS.field());
        }
    }

    private void checkAllReceived(Transfer transfer) {
        if (transfer.received != transfer.bytesIn) {
            throw violation(
                    FatalError.DATA_OUT_OF_RANGE,
                    0,
                    transfer,
                    "success after %d of %d bytes".formatted(transfer.received, transfer.bytesIn));
        }
    }

    private void checkAllSent(Transfer transfer) {
        if (transfer.askedFor != transfer.toAskFor() || transfer.r2ts() != 0) {
            throw violation(
                    FatalError.PDU_SEQUENCE_ERROR,
                    0,
                    transfer,
                    "success before all data was sent: %d of %d bytes asked for"
                            .formatted(transfer.askedFor, transfer.toAskFor()));
        }
    }

    /** Completes the command, unless its memory is still needed to finish what has begun to be sent. */
    private void end(Transfer transfer, long result, int status) {
        int ownStatus = transfer.digestFailed ? Status.DATA_TRANSFER_ERROR.field() : status;
        if (outbound.uses(transfer)) {
            transfer.held = true;
            transfer.heldResult = result;
            transfer.heldStatus = ownStatus;
            held++;
        } else {
            complete(transfer, result, ownStatus);
        }
    }

    /** Something has been sent: completes what waited for that. */
    void onSent() {
        if (held == 0) {
            return;
        }
        for (Transfer transfer : transfers) {
            if (transfer.held && !outbound.uses(transfer)) {
                held--;
                complete(transfer, transfer.heldResult, transfer.heldStatus);
            }
        }
    }

    private void complete(Transfer transfer, long result, int status) {
        HostRequest request = transfer.request();
        if (transfer.bytesIn > 0) {
            reads--;
            expectedBytes -= transfer.bytesIn;
        }
        transfer.end();
        completed++;
        outstanding--;
        events.done(request, result, status);
    }

    private Transfer find(int commandId, int type) {
        int slot = commandId & slotMask;
        if (slot < transfers.length) {
            Transfer transfer = transfers[slot];
            if (transfer.known && transfer.commandId == commandId && !transfer.held) {
                return transfer;
            }
        }
        throw new PduViolation(
                FatalError.INVALID_HEADER_FIELD,
                DataPdu.CCCID,
                "%s: %s for the unknown command %04xh"
                        .formatted(name, PduHeader.name(type), commandId));
    }

    private PduViolation violation(
            FatalError error, int information, Transfer transfer, String what) {
        return new PduViolation(
                error,
                information,
                "%s: %s %04xh: %s"
                        .formatted(name, transfer.request().name(), transfer.commandId, what));
    }
}
