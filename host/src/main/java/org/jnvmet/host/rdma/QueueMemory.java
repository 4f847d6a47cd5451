package org.jnvmet.host.rdma;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.wire.Sqe;

/**
 * The registered memory of one queue: responses that are received and capsules that are sent, of which
 * the controller has no key, and the memory for data, of which it has.
 */
final class QueueMemory {
    /** Bytes for a response: a line of the processor's cache. */
    private static final int RESPONSE_BYTES = 64;

    private static final int PAGE_BYTES = 4096;

    private final int inCapsuleBytes;
    private final int capsuleBytes;
    private final long capsules;
    private final MemorySegment control;
    private final MemorySegment data;
    private final MemoryRegion controlRegion;
    private final MemoryRegion dataRegion;

    /** Registers it with the connection's device, until that is closed. */
    QueueMemory(RdmaConnection connection, QueueOptions options, RdmaSettings settings) {
        boolean admin = options.queueId() == 0;
        // Admin queues carry none, as hosts do: controllers have no room for it.
        inCapsuleBytes =
                admin ? 0 : Math.clamp(options.inCapsuleBytes(), 0, settings.inCapsuleBytes());
        capsuleBytes = Sqe.BYTES + Math.ceilDiv(inCapsuleBytes, Sqe.BYTES) * Sqe.BYTES;
        capsules = (long) options.entries() * RESPONSE_BYTES;
        int slots = options.entries() - 1;
        Arena arena = Arena.ofShared();
        connection.onClose("memory", arena::close);
        control = arena.allocate(capsules + (long) slots * capsuleBytes, PAGE_BYTES);
        data = arena.allocate(admin ? settings.adminBytes() : settings.ioBytes(), PAGE_BYTES);
        controlRegion = connection.register(control, false);
        dataRegion = connection.register(data, true);
    }

    /** Most data of a capsule. */
    int inCapsuleBytes() {
        return inCapsuleBytes;
    }

    MemorySegment control() {
        return control;
    }

    int controlKey() {
        return controlRegion.getLkey();
    }

    /** Where a response is in {@link #control}. */
    long response(int index) {
        return (long) index * RESPONSE_BYTES;
    }

    int responseBytes() {
        return RESPONSE_BYTES;
    }

    /** Where a slot's capsule is in {@link #control}. */
    long capsule(int slot) {
        return capsules + (long) slot * capsuleBytes;
    }

    MemorySegment data() {
        return data;
    }

    /** Key by which the controller reaches {@link #data}. */
    int dataKey() {
        return dataRegion.getRkey();
    }
}
