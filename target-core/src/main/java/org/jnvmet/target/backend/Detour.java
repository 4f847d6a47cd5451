package org.jnvmet.target.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * The way through system memory, for the operation with which the kernel refuses direct I/O to peer memory.
 * Its placement is told, so that few operations come here. On the worker threads.
 */
final class Detour {
    private static final int PIECE_BYTES = 256 << 10;
    private static final int ALIGNMENT = 4096;

    private final int fd;
    private final int blockShift;
    private final MediumErrors errors;

    Detour(int fd, int blockShift, MediumErrors errors) {
        this.fd = fd;
        this.blockShift = blockShift;
        this.errors = errors;
    }

    /** Whether {@code result}, an errno negated, may have come of the memory rather than of the medium. */
    static boolean helps(BlockOperation operation, long result) {
        return (result == -Errno.EREMOTEIO.number()
                        || result == -Errno.EFAULT.number()
                        || result == -Errno.EINVAL.number())
                && operation.placement() != null;
    }

    /** Goes on with a read of which {@code done} bytes have been read. */
    Status read(BlockOperation operation, long done, long refusal) {
        return take(operation, done, refusal, this::readPiece);
    }

    /** Goes on with a write of which {@code done} bytes have been written. */
    Status write(BlockOperation operation, long done, long refusal) {
        return take(operation, done, refusal, this::writePiece);
    }

    /** Moves bytes between the medium and the operation's data by way of {@code system}; see {@link Libc#pread}. */
    private interface Move {
        long run(BlockOperation operation, long at, MemorySegment system, long bytes);
    }

    private Status take(BlockOperation operation, long done, long refusal, Move move) {
        Placement placement = operation.placement();
        if (placement == null) {
            return errors.failed(operation, refusal);
        }
        if (placement.strict()) {
            placement.refused((int) -refusal, operation.length());
            return Status.NAMESPACE_NOT_READY;
        }
        try (Arena arena = Arena.ofConfined()) {
            long piece = Math.min(PIECE_BYTES, operation.length() - done);
            MemorySegment system = arena.allocate(piece, ALIGNMENT);
            Status failed = run(operation, done, system, move);
            if (failed != null) {
                return failed; // so it was not the memory
            }
        } catch (InternalError e) {
            return Status
                    .NAMESPACE_NOT_READY; // the peer memory has gone: the processor cannot reach it
            // either
        }
        placement.refused((int) -refusal, operation.length());
        return Status.SUCCESS;
    }

    private @Nullable Status run(
            BlockOperation operation, long done, MemorySegment system, Move move) {
        for (long at = done; at < operation.length(); ) {
            long bytes = Math.min(system.byteSize(), operation.length() - at);
            long result = move.run(operation, at, system, bytes);
            if (result < 0) {
                return errors.failed(operation, result);
            }
            long whole = result >>> blockShift << blockShift;
            if (whole == 0) {
                return operation.kind() == BlockOperation.Kind.READ
                        ? errors.ended(operation)
                        : errors.failed(operation, -Errno.ENOSPC.number());
            }
            at += whole;
        }
        return null;
    }

    private long readPiece(BlockOperation operation, long at, MemorySegment system, long bytes) {
        long result = Libc.pread(fd, system.address(), bytes, operation.offset() + at);
        if (result > 0) {
            MemorySegment.copy(system, 0, operation.data(), operation.dataOffset() + at, result);
        }
        return result;
    }

    private long writePiece(BlockOperation operation, long at, MemorySegment system, long bytes) {
        MemorySegment.copy(operation.data(), operation.dataOffset() + at, system, 0, bytes);
        return Libc.pwrite(fd, system.address(), bytes, operation.offset() + at);
    }
}
