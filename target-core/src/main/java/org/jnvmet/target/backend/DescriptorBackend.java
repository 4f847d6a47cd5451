package org.jnvmet.target.backend;

import java.io.IOException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.FileStatus;
import org.jnvmet.target.posix.Libc;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * A medium behind a file descriptor. Operations wait on the worker threads; the rest is as {@link
 * Backend} says. What files and block devices do differently is in the subclasses.
 */
abstract class DescriptorBackend implements Backend {
    private static final int PUNCH = Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE;
    private static final int ZERO = Libc.FALLOC_FL_ZERO_RANGE | Libc.FALLOC_FL_KEEP_SIZE;

    private final int fd;
    private final int blockShift;
    private final Traits traits;
    private final @Nullable Device device;
    private final MediumErrors errors;
    private final GroupFlush flush;
    private final Detour detour;
    private final IoWorkers.Lane lane;
    private volatile long blocks;
    private volatile boolean canPunch = true;
    private volatile boolean canZero = true;
    private volatile boolean closed;

    /** The descriptor is this object's from now on. */
    DescriptorBackend(OpenFile file, int blockShift, long bytes, Traits traits, IoWorkers workers) {
        fd = file.fd();
        this.blockShift = blockShift;
        this.traits = traits;
        device = file.direct() ? deviceOf(file.status()) : null;
        blocks = bytes >>> blockShift;
        errors = new MediumErrors(file.path());
        detour = new Detour(fd, blockShift, errors);
        flush = new GroupFlush(() -> Libc.fdatasync(fd));
        lane = workers.lane(this::perform);
    }

    private static Device deviceOf(FileStatus status) {
        return status.kind() == FileStatus.Kind.BLOCK_DEVICE
                ? new Device(status.deviceMajor(), status.deviceMinor(), false)
                : new Device(status.homeMajor(), status.homeMinor(), true);
    }

    /** Copies without our memory, if it can: see {@link Backend#copies}. */
    Status copy(BlockOperation operation) {
        return Status.FAST_COPY_NOT_POSSIBLE;
    }

    /** Size of the medium now. */
    abstract long measure(int descriptor) throws IOException;

    /** Gives a range back: 0 or an errno negated, EOPNOTSUPP where the medium cannot. */
    abstract int deallocate(int descriptor, long offset, long bytes);

    @Override
    public final int blockShift() {
        return blockShift;
    }

    @Override
    public final long blocks() {
        return blocks;
    }

    @Override
    public final boolean revalidate() throws IOException {
        long before = blocks;
        long now = measure(fd) >>> blockShift;
        blocks = now;
        return now != before;
    }

    @Override
    public final Traits traits() {
        return traits;
    }

    @Override
    public final @Nullable Device device() {
        return device;
    }

    @Override
    public final void submit(BlockOperation operation) {
        if (closed) {
            // The number of the descriptor may be another file's by now.
            throw new IllegalStateException("operation on a closed medium");
        }
        lane.submit(operation);
    }

    @Override
    public final void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        int flushed = flush.flush();
        int result = Libc.close(fd);
        if (flushed < 0) {
            throw new IOException("flush before close: " + Errno.of(-flushed));
        }
        if (result < 0) {
            throw new IOException("close: " + Errno.of(-result));
        }
    }

    private Status perform(BlockOperation operation) {
        return switch (operation.kind()) {
            case READ -> read(operation);
            case WRITE -> write(operation);
            case FLUSH -> flush(operation);
            case WRITE_ZEROES -> writeZeroes(operation);
            case DEALLOCATE -> deallocate(operation);
            case COPY -> copy(operation);
        };
    }

    private Status read(BlockOperation operation) {
        long address = operation.data().address() + operation.dataOffset();
        long offset = operation.offset();
        long left = operation.length();
        while (left > 0) {
            long result = Libc.pread(fd, address, left, offset);
            if (Detour.helps(operation, result)) {
                return detour.read(operation, operation.length() - left, result);
            }
            if (result < 0) {
                return errors.failed(operation, result);
            }
            long whole = wholeBlocks(result);
            if (whole == 0) {
                return errors.ended(operation);
            }
            address += whole;
            offset += whole;
            left -= whole;
        }
        return Status.SUCCESS;
    }

    private Status write(BlockOperation operation) {
        long address = operation.data().address() + operation.dataOffset();
        long offset = operation.offset();
        long left = operation.length();
        while (left > 0) {
            long result = Libc.pwrite(fd, address, left, offset);
            if (Detour.helps(operation, result)) {
                Status written = detour.write(operation, operation.length() - left, result);
                return written == Status.SUCCESS && operation.forceUnitAccess()
                        ? flush(operation)
                        : written;
            }
            if (result < 0) {
                return errors.failed(operation, result);
            }
            long whole = wholeBlocks(result);
            if (whole == 0) {
                return errors.failed(operation, -Errno.ENOSPC.number());
            }
            address += whole;
            offset += whole;
            left -= whole;
        }
        return operation.forceUnitAccess() ? flush(operation) : Status.SUCCESS;
    }

    /** A transfer that stopped within a block is taken up at its start, for direct I/O needs that. */
    private long wholeBlocks(long bytes) {
        return bytes >>> blockShift << blockShift;
    }

    private Status flush(BlockOperation operation) {
        int result = flush.flush();
        return result < 0 ? errors.failed(operation, result) : Status.SUCCESS;
    }

    private Status writeZeroes(BlockOperation operation) {
        int result = -Errno.EOPNOTSUPP.number();
        if (operation.mayDeallocate() && canPunch) {
            result = Libc.fallocate(fd, PUNCH, operation.offset(), operation.length());
            canPunch = !isUnsupported(result);
        }
        if (isUnsupported(result) && canZero) {
            result = Libc.fallocate(fd, ZERO, operation.offset(), operation.length());
            canZero = !isUnsupported(result);
        }
        if (isUnsupported(result)) {
            result = writeZeroesByHand(operation.offset(), operation.length());
        }
        if (result < 0) {
            return errors.failed(operation, result);
        }
        return operation.forceUnitAccess() ? flush(operation) : Status.SUCCESS;
    }

    private int writeZeroesByHand(long offset, long bytes) {
        long end = offset + bytes;
        for (long at = offset; at < end; ) {
            long part = Math.min(Zeroes.BYTES, end - at);
            long result = Libc.pwrite(fd, Zeroes.SEGMENT.address(), part, at);
            if (result < 0) {
                return (int) result;
            }
            if (wholeBlocks(result) == 0) {
                return -Errno.ENOSPC.number();
            }
            at += wholeBlocks(result);
        }
        return 0;
    }

    private Status deallocate(BlockOperation operation) {
        int result = deallocate(fd, operation.offset(), operation.length());
        boolean done = result >= 0 || isUnsupported(result); // it is a hint
        return done ? Status.SUCCESS : errors.failed(operation, result);
    }

    private static boolean isUnsupported(int result) {
        return result == -Errno.EOPNOTSUPP.number() || result == -Errno.ENOSYS.number();
    }
}
