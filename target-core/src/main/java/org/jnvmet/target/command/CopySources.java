package org.jnvmet.target.command;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.CopyRange;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * The source ranges of a Copy command (NVM Command Set, Copy command), all of which are checked before
 * the first one is copied. Holds the namespaces that they name. Owned by the queue's loop.
 */
final class CopySources {
    /** Errors in the ranges have no location in the command. */
    private static final int IN_DATA = -1;

    private static final Command COPY = CopySources::execute;

    /**
     * Consecutive bytes of a medium.
     *
     * @param backend the medium, held
     * @param offset of the first byte on the medium
     * @param bytes how many
     */
    record Range(Namespace namespace, Backend backend, long offset, long bytes) {}

    /** A refusal: of the command, before anything was touched. */
    private record Refusal(Status status, int errorByte) {}

    private final Request request;
    private final Namespace destination;
    private final List<Range> ranges = new ArrayList<>();
    private final List<Namespace> held = new ArrayList<>();
    private long blocks;

    private CopySources(Request request, Namespace destination) {
        this.request = request;
        this.destination = destination;
    }

    /** Checks what the command itself says; false: it failed. */
    static boolean parse(Request request, Controller controller) {
        Sqe sqe = request.sqe();
        int format = CopyCommand.format(sqe);
        if (!controller.hostBehavior().enablesCopyFormat(format)
                || CopyCommand.readProtection(sqe) != 0) {
            return request.refuse(Status.INVALID_FIELD, CopyCommand.FORMAT);
        }
        if (CopyCommand.writeProtection(sqe) != 0) {
            return request.refuse(Status.INVALID_FIELD, CopyCommand.PRINFOW);
        }
        return request.accept(
                COPY,
                Direction.HOST_TO_CONTROLLER,
                CopyCommand.rangeCount(sqe) * CopyRange.bytes(format));
    }

    private static void execute(Request request) {
        if (!IoCommands.begin(request)) {
            return;
        }
        Namespace destination =
                FabricsCommands.controller(request)
                        .subsystem()
                        .namespace(request.sqe().namespaceId());
        if (destination == null) {
            throw new IllegalStateException("entered a namespace that is not there");
        }
        CopySources sources = new CopySources(request, destination);
        Refusal refusal = sources.read();
        if (refusal != null) {
            sources.release();
            request.fail(refusal.status, refusal.errorByte);
            return;
        }
        request.replaceBuffer(null); // the next buffer is asked for with empty hands
        new Copy(request, sources, destination).start();
    }

    private @Nullable Refusal read() {
        int count = CopyCommand.rangeCount(request.sqe());
        int format = CopyCommand.format(request.sqe());
        int shift = request.backend().blockShift();
        DataBuffer list = request.dataBuffer();
        CopyRange entry = new CopyRange();
        for (int i = 0; i < count; i++) {
            entry.wrap(list.memory(), list.offset() + (long) i * CopyRange.bytes(format));
            blocks += entry.blocks();
            if (entry.blocks() > CopyLimits.rangeBlocks(shift)
                    || blocks > CopyLimits.blocks(shift)) {
                return new Refusal(Status.COMMAND_SIZE_LIMIT_EXCEEDED, IN_DATA);
            }
        }
        if (!IoCommands.isWithin(
                CopyCommand.destination(request.sqe()), blocks, request.backend().blocks())) {
            return new Refusal(Status.LBA_OUT_OF_RANGE, CopyCommand.SDLBA);
        }
        for (int i = 0; i < count; i++) {
            entry.wrap(list.memory(), list.offset() + (long) i * CopyRange.bytes(format));
            Status status = add(entry, CopyCommand.namesNamespaces(format));
            if (status != Status.SUCCESS) {
                return new Refusal(status, IN_DATA);
            }
        }
        return null;
    }

    /** Checks a range and holds its namespace. */
    private Status add(CopyRange entry, boolean namesNamespace) {
        int nsid = namesNamespace ? (int) entry.get(CopyRange.SNSID) : request.sqe().namespaceId();
        Namespace namespace = destination.subsystem().namespace(nsid);
        if (namespace == null) {
            return Status.INVALID_NAMESPACE;
        }
        // Not the status of the group's state: the host would look for another path to the
        // destination.
        if (IoCommands.access(request, namespace) != Status.SUCCESS) {
            return Status.NAMESPACE_NOT_REACHABLE;
        }
        Backend backend = hold(namespace);
        if (backend == null) {
            return Status.NAMESPACE_NOT_REACHABLE;
        }
        int shift = request.backend().blockShift();
        if (backend.blockShift() != shift) {
            return Status.INCOMPATIBLE_NAMESPACE;
        }
        long lba = entry.get(CopyRange.SLBA);
        if (!IoCommands.isWithin(lba, entry.blocks(), backend.blocks())) {
            return Status.LBA_OUT_OF_RANGE;
        }
        long target = CopyCommand.destination(request.sqe());
        if (namespace == destination && lba < target + blocks && target < lba + entry.blocks()) {
            return Status.OVERLAPPING_IO_RANGE;
        }
        ranges.add(new Range(namespace, backend, lba << shift, (long) entry.blocks() << shift));
        return Status.SUCCESS;
    }

    /** Its medium, from now on until {@link #release}; null: it is disabled. */
    private @Nullable Backend hold(Namespace namespace) {
        if (namespace == destination) {
            return request.backend();
        }
        for (Range range : ranges) {
            if (range.namespace == namespace) {
                return range.backend;
            }
        }
        Backend backend = namespace.enter(request.loop().index());
        if (backend != null) {
            held.add(namespace);
        }
        return backend;
    }

    /** In the order of the command; not empty. */
    List<Range> ranges() {
        return ranges;
    }

    /** Bytes of all ranges. */
    long bytes() {
        return blocks << request.backend().blockShift();
    }

    /** Leaves the namespaces. */
    void release() {
        held.forEach(namespace -> namespace.leave(request.loop().index()));
        held.clear();
    }
}
