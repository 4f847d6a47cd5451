package org.jnvmet.transport.tcp;

import java.lang.foreign.MemorySegment;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.transport.tcp.PduReader.Fatal;
import org.jnvmet.transport.tcp.TcpRequest.Phase;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.tcp.FatalError;
import org.jnvmet.wire.tcp.PduHeader;
import org.jspecify.annotations.Nullable;

/**
 * Command capsules (NVMe/TCP Transport, CapsuleCmd and Data Transfers): checks what the capsule says
 * about its data, makes a request of it and gets the data on its way. Owned by the connection's loop.
 *
 * <p>In-capsule data beyond the limit of the queue that is otherwise in order costs the host the
 * command, not the connection: the data is thrown away and the command fails with SGL Offset Invalid.
 */
final class Capsules {
    /** Every controller takes this much in a capsule of the admin queue, so also with Connect. */
    private static final int LEAST_ADMIN_INLINE_BYTES = 8192;

    private final TcpConnection connection;
    private final Queue queue;
    private final PduReader reader;
    private final Solicitor solicitor;
    private final int inlineBytes;
    private final int maxTransferBytes;
    private final Sqe sqe = new Sqe();

    /** @param inlineBytes in-capsule data of the port's I/O queues */
    Capsules(
            TcpConnection connection,
            PduReader reader,
            Solicitor solicitor,
            int inlineBytes,
            int maxTransferBytes) {
        this.connection = connection;
        this.queue = connection.queue();
        this.reader = reader;
        this.solicitor = solicitor;
        this.inlineBytes = inlineBytes;
        this.maxTransferBytes = maxTransferBytes;
    }

    /** False: every entry of the queue is in use; show the capsule again when one is free. */
    boolean onCapsule(Pdu pdu) {
        sqe.wrap(pdu.memory(), pdu.base() + PduHeader.BYTES);
        Fatal fatal = checkDescriptor(pdu);
        if (fatal != null) {
            connection.onFatal(fatal, pdu);
            return true;
        }
        TcpRequest request = (TcpRequest) queue.allocate();
        if (request == null) {
            return overrun(pdu);
        }
        connection.onAllocated(request);
        request.become(Phase.ARRIVED);
        Sqe own = request.sqe();
        MemorySegment.copy(sqe.memory(), sqe.base(), own.memory(), own.base(), Sqe.BYTES);
        long length = own.sglLength();
        if (!queue.parse(request, length)) {
            reader.discard();
        } else if (request.direction() == Direction.NONE) {
            execute(request);
        } else if (!request.locate()) {
            reader.discard();
        } else if (request.direction() == Direction.CONTROLLER_TO_HOST) {
            onRead(request);
        } else if (own.sglType() == Sgl.TRANSPORT) {
            solicitor.begin(request);
        } else {
            onInlineWrite(request, pdu);
        }
        return true;
    }

    /** What descriptor and PDU say about data, against each other. Without data any descriptor will do. */
    private @Nullable Fatal checkDescriptor(Pdu pdu) {
        long inline = pdu.dataBytes();
        long length = sqe.sglLength();
        if (inline == 0 && length == 0) {
            return null;
        }
        return switch (sqe.sglType()) {
            case Sgl.DATA_BLOCK_OFFSET -> checkInline(pdu, inline, length);
            case Sgl.TRANSPORT -> inline > 0 ? pdu.wrongLength() : null;
            default ->
                    unsupported(Sqe.SGL_TYPE, "SGL descriptor type %02xh".formatted(sqe.sglType()));
        };
    }

    private @Nullable Fatal checkInline(Pdu pdu, long inline, long length) {
        if (sqe.sglAddress() != 0) {
            return unsupported(Sqe.SGL_ADDRESS, "in-capsule data at an offset");
        }
        if (inline > maxTransferBytes) {
            return new Fatal(FatalError.LIMIT_EXCEEDED, 0, inline + " bytes of in-capsule data");
        }
        return inline > 0 && inline != length ? pdu.wrongLength() : null;
    }

    private static Fatal unsupported(int sqeOffset, String what) {
        return new Fatal(FatalError.UNSUPPORTED_PARAMETER, PduHeader.BYTES + sqeOffset, what);
    }

    /** The host may not send this; it is let off if an entry will become free without its help. */
    private boolean overrun(Pdu pdu) {
        if (connection.requests().hasProgress()) {
            return false;
        }
        connection.onFatal(
                Pdu.sequence(
                        "a command beyond the %d entries of the queue, all waiting for data"
                                .formatted(queue.entries())),
                pdu);
        return true;
    }

    private void onRead(TcpRequest request) {
        if (request.sqe().sglType() != Sgl.TRANSPORT) {
            reader.discard();
            request.fail(Status.INVALID_FIELD, Sqe.SGL_TYPE);
            return;
        }
        request.become(Phase.WAITING);
        DataBuffer buffer = request.acquire();
        if (buffer != null) {
            request.attach(buffer);
            execute(request);
        }
    }

    private void onInlineWrite(TcpRequest request, Pdu pdu) {
        if (pdu.dataBytes() == 0) {
            connection.onFatal(pdu.wrongLength(), pdu); // the data that the descriptor speaks of
            return;
        }
        int limit = queue.id() > 0 ? inlineBytes : Math.max(inlineBytes, LEAST_ADMIN_INLINE_BYTES);
        if (pdu.dataBytes() > limit) {
            reader.discard();
            request.fail(Status.SGL_OFFSET_INVALID, Sqe.SGL_LENGTH);
            return;
        }
        request.become(Phase.WAITING);
        DataBuffer buffer = request.acquire();
        if (buffer != null) {
            request.attach(buffer);
            request.become(Phase.RECEIVING);
        }
        reader.expect(request, 0, buffer == null);
    }

    /** Whether the data of {@code request} is in its capsule. */
    boolean isInline(TcpRequest request) {
        return request.direction() == Direction.HOST_TO_CONTROLLER
                && request.sqe().sglType() == Sgl.DATA_BLOCK_OFFSET;
    }

    /** A buffer came for a request that waited; false when it is not for one that this class made wait. */
    boolean onBuffer(TcpRequest request, DataBuffer buffer) {
        if (request.direction() == Direction.CONTROLLER_TO_HOST) {
            request.attach(buffer);
            execute(request);
            return true;
        }
        if (!isInline(request)) {
            return false;
        }
        request.attach(buffer);
        request.become(Phase.RECEIVING);
        connection.resumeSoon();
        return true;
    }

    /** The in-capsule data of {@code request}, or all that was solicited, has arrived. */
    void onAllData(TcpRequest request, boolean intact) {
        if (intact) {
            execute(request);
        } else {
            connection.onCorruptData(request);
            request.fail(Status.TRANSIENT_TRANSPORT_ERROR, -1);
        }
    }

    /** The line for a buffer has turned a request away. In-capsule data waits for the loop's own memory only. */
    void onTurnedAway(TcpRequest request) {
        if (request.direction() == Direction.HOST_TO_CONTROLLER) {
            solicitor.onTurnedAway(request);
        } else if (request.locate()) {
            onRead(request);
        }
    }

    private static void execute(TcpRequest request) {
        request.become(Phase.EXECUTING);
        request.execute();
    }
}
