package org.jnvmet.transport.rdma;

import java.lang.foreign.MemorySegment;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.transport.rdma.RdmaRequest.Phase;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Command capsules (NVMe/RDMA Transport, Capsules and SGLs): makes a request of each, checks what it says
 * about its data and gets that on its way. Owned by the connection's loop.
 */
final class Capsules {
    private static final Logger LOG = LoggerFactory.getLogger(Capsules.class);

    private final RdmaConnection connection;
    private final Queue queue;
    private final PollGroup group;
    private final ReceiveSlots slots;
    private final int inlineBytes;

    /** @param inlineBytes data that the queue takes in a capsule */
    Capsules(RdmaConnection connection, PollGroup group, ReceiveSlots slots, int inlineBytes) {
        this.connection = connection;
        this.queue = connection.queue();
        this.group = group;
        this.slots = slots;
        this.inlineBytes = inlineBytes;
    }

    /** A capsule of that many bytes, at least an entry, was received into the slot of the request. */
    void onCapsule(RdmaRequest request, int bytes) {
        Sqe sqe = request.sqe();
        int slot = request.slot();
        MemorySegment.copy(slots.memory(), slots.entry(slot), sqe.memory(), sqe.base(), Sqe.BYTES);
        DataDescriptors descriptors = request.descriptors();
        Status wrong =
                descriptors.read(
                        sqe, slots.memory(), slots.data(slot), bytes - Sqe.BYTES, inlineBytes);
        if (wrong != null && sqe.psdt() == 1) {
            request.fail(wrong, descriptors.errorByte());
        } else if (queue.parse(request, wrong == null ? descriptors.bytes() : 0)) {
            if (request.direction() == Direction.NONE) {
                execute(request);
            } else {
                stage(request);
            }
        }
    }

    /** Finds a buffer, or stands in line for one. */
    void stage(RdmaRequest request) {
        DataDescriptors descriptors = request.descriptors();
        if (descriptors.isInCapsule() && request.direction() == Direction.CONTROLLER_TO_HOST) {
            request.fail(Status.INVALID_FIELD, Sqe.SGL_TYPE);
        } else if (!request.locate()) {
            LOG.trace("{}: no memory for a command", connection);
        } else if (descriptors.isInCapsule() && descriptors.capsuleOffset() == 0) {
            request.attach(slots.buffer(request.slot()));
            execute(request);
        } else {
            request.become(Phase.WAITING);
            DataBuffer buffer = request.acquire();
            if (buffer != null) {
                onBuffer(request, buffer);
            }
        }
    }

    /** The request has a buffer. */
    void onBuffer(RdmaRequest request, DataBuffer buffer) {
        request.attach(buffer);
        DataDescriptors descriptors = request.descriptors();
        if (descriptors.isInCapsule()) {
            MemorySegment.copy(
                    slots.memory(),
                    slots.data(request.slot()) + descriptors.capsuleOffset(),
                    buffer.memory(),
                    buffer.offset(),
                    request.dataBytes());
            execute(request);
            return;
        }
        MemoryRegion region = group.regionOf(buffer.address(), request.dataBytes());
        if (region == null) {
            LOG.error(
                    "{}: {} does not know the memory of a buffer; the command fails",
                    connection,
                    group.device());
            request.fail(Status.INTERNAL_PATH_ERROR, -1);
            return;
        }
        request.localKey(region.getLkey());
        if (request.direction() == Direction.HOST_TO_CONTROLLER) {
            request.become(Phase.READING);
            connection.read(request);
        } else {
            execute(request);
        }
    }

    /** The host's data has been read. */
    void onAllData(RdmaRequest request) {
        execute(request);
    }

    private static void execute(RdmaRequest request) {
        request.become(Phase.EXECUTING);
        request.execute();
    }
}
