package org.jnvmet.target.command;

import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.wire.IoCommand;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * I/O commands (NVM Command Set). Owned by the queue's loop; Read and Write allocate nothing.
 *
 * <p>A command is checked when it arrives, so that a wrong one costs no buffer, and again when it
 * begins, because its data may have taken its time: the namespace is held only while a backend works,
 * or a host that sends no data could keep it from being disabled.
 */
public final class IoCommands {
    private static final Command READ = IoCommands::read;
    private static final Command WRITE = IoCommands::write;
    private static final Command COMPARE = Compare::execute;
    private static final Command FLUSH = IoCommands::flush;
    private static final Command WRITE_ZEROES = IoCommands::writeZeroes;

    private IoCommands() {}

    /** Parses a command of an I/O queue whose controller is ready; false: it failed. */
    public static boolean parse(Request request, Controller controller) {
        return switch (request.sqe().opcode()) {
            case IoOpcode.READ -> parseTransfer(request, READ, Direction.CONTROLLER_TO_HOST);
            case IoOpcode.WRITE -> parseTransfer(request, WRITE, Direction.HOST_TO_CONTROLLER);
            case IoOpcode.COMPARE -> parseTransfer(request, COMPARE, Direction.HOST_TO_CONTROLLER);
            case IoOpcode.FLUSH -> parseWithoutData(request, FLUSH);
            case IoOpcode.WRITE_ZEROES -> parseWithoutData(request, WRITE_ZEROES);
            case IoOpcode.DATASET_MANAGEMENT -> {
                Namespace namespace = accessible(request);
                yield namespace != null && DatasetManagement.parse(request);
            }
            case IoOpcode.COPY -> {
                Namespace namespace = accessible(request);
                yield namespace != null && CopySources.parse(request, controller);
            }
            default -> request.refuse(Status.INVALID_OPCODE, Sqe.OPCODE);
        };
    }

    private static boolean parseWithoutData(Request request, Command command) {
        return accessible(request) != null && request.accept(command, Direction.NONE, 0);
    }

    private static boolean parseTransfer(Request request, Command command, Direction direction) {
        Namespace namespace = accessible(request);
        if (namespace == null) {
            return false;
        }
        int stripe = request.loop().index();
        Backend backend = namespace.enter(stripe);
        if (backend == null) {
            return request.refuse(Status.INTERNAL_PATH_ERROR, Sqe.NSID);
        }
        int shift = backend.blockShift();
        long blocks = backend.blocks();
        namespace.leave(stripe);
        int count = IoCommand.blockCount(request.sqe());
        if (!isWithin(IoCommand.startingLba(request.sqe()), count, blocks)) {
            return request.refuse(Status.LBA_OUT_OF_RANGE, IoCommand.SLBA);
        }
        long bytes = (long) count << shift;
        if (bytes > request.queue().port().maxTransferBytes()) {
            return request.refuse(Status.INVALID_FIELD, IoCommand.NLB);
        }
        request.stage(namespace);
        return request.accept(command, direction, (int) bytes);
    }

    /** The command's namespace, if this path leads to it; null: the request has failed. */
    private static @Nullable Namespace accessible(Request request) {
        Namespace namespace = namespace(request);
        if (namespace == null) {
            request.fail(Status.INVALID_NAMESPACE, Sqe.NSID);
            return null;
        }
        Status status = access(request, namespace);
        if (status != Status.SUCCESS) {
            request.fail(status, Sqe.NSID);
            return null;
        }
        return namespace;
    }

    private static @Nullable Namespace namespace(Request request) {
        return FabricsCommands.controller(request)
                .subsystem()
                .namespace(request.sqe().namespaceId());
    }

    /** What the state of the namespace's ANA group on this port allows. */
    static Status access(Request request, Namespace namespace) {
        return switch (request.queue().port().anaState(namespace.anaGroup())) {
            case OPTIMIZED, NON_OPTIMIZED -> Status.SUCCESS;
            case INACCESSIBLE -> Status.ANA_INACCESSIBLE;
            case PERSISTENT_LOSS -> Status.ANA_PERSISTENT_LOSS;
            case CHANGE -> Status.ANA_TRANSITION;
        };
    }

    /** Begins a command: enters its namespace. False: the request has failed. */
    static boolean begin(Request request) {
        Namespace namespace = accessible(request);
        if (namespace == null) {
            return false;
        }
        if (!request.enter(namespace)) {
            request.fail(Status.INTERNAL_PATH_ERROR, Sqe.NSID);
            return false;
        }
        return true;
    }

    /** Begins a command on a range of blocks. False: the request has failed. */
    static boolean beginRange(Request request) {
        if (!begin(request)) {
            return false;
        }
        Sqe sqe = request.sqe();
        Backend backend = request.backend();
        int count = IoCommand.blockCount(sqe);
        if (!isWithin(IoCommand.startingLba(sqe), count, backend.blocks())) {
            request.fail(Status.LBA_OUT_OF_RANGE, IoCommand.SLBA);
            return false;
        }
        if (request.dataBytes() != 0
                && request.dataBytes() != (long) count << backend.blockShift()) {
            // Another medium, with other blocks, since the command arrived.
            request.fail(Status.INTERNAL_PATH_ERROR, Sqe.NSID);
            return false;
        }
        return true;
    }

    /** Where the command's range begins, in bytes. */
    static long offset(Request request) {
        return IoCommand.startingLba(request.sqe()) << request.backend().blockShift();
    }

    /** Whether {@code count} blocks from {@code lba} on exist; no sum that could overflow. */
    static boolean isWithin(long lba, long count, long blocks) {
        return Long.compareUnsigned(lba, blocks) < 0 && count <= blocks - lba;
    }

    private static void read(Request request) {
        if (beginRange(request)) {
            request.submit(Kind.READ, offset(request), request.dataBytes(), Request.FINISH);
        }
    }

    private static void write(Request request) {
        if (beginRange(request)) {
            request.operationFlags(IoCommand.forceUnitAccess(request.sqe()), false);
            request.submit(Kind.WRITE, offset(request), request.dataBytes(), Request.FINISH);
        }
    }

    private static void flush(Request request) {
        if (begin(request)) {
            request.submit(Kind.FLUSH, 0, 0, Request.FINISH);
        }
    }

    private static void writeZeroes(Request request) {
        if (beginRange(request)) {
            Sqe sqe = request.sqe();
            request.operationFlags(IoCommand.forceUnitAccess(sqe), IoCommand.deallocate(sqe));
            long bytes = (long) IoCommand.blockCount(sqe) << request.backend().blockShift();
            request.submit(Kind.WRITE_ZEROES, offset(request), bytes, Request.FINISH);
        }
    }
}
