package org.jnvmet.target.backend;

import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.wire.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the errno of a medium into the status of a command, and tells the operator. What is wrong with
 * the medium is a media error, and what is wrong with the way to it is a path error, so that a host
 * with several paths knows which is worth a try elsewhere. Any thread.
 */
final class MediumErrors {
    private static final Logger LOG = LoggerFactory.getLogger(MediumErrors.class);

    private final String path;
    private final AtomicLong count = new AtomicLong();

    MediumErrors(String path) {
        this.path = path;
    }

    /** Status for a call that answered {@code result}, an errno negated. */
    Status failed(BlockOperation operation, long result) {
        Errno errno = Errno.of((int) -result);
        report(operation, errno.toString());
        return status(operation.kind(), errno);
    }

    /** Status for a read behind the end of the medium. */
    Status ended(BlockOperation operation) {
        report(operation, "the medium has become smaller");
        return status(operation.kind(), Errno.EIO);
    }

    /** A medium that fails at all may fail at every command: the 1st, 2nd, 4th, 8th ... is logged. */
    private void report(BlockOperation operation, String why) {
        long number = count.incrementAndGet();
        if (Long.bitCount(number) == 1) {
            LOG.warn(
                    "{}: {} of {} bytes at {}: {} (error {} of this medium)",
                    path,
                    operation.kind(),
                    operation.length(),
                    operation.offset(),
                    why,
                    number);
        }
    }

    /** The table. */
    static Status status(Kind kind, Errno errno) {
        return switch (errno) {
            case EIO, ENODATA, EILSEQ ->
                    kind == Kind.READ ? Status.UNRECOVERED_READ_ERROR : Status.WRITE_FAULT;
            case ENOSPC, EDQUOT, EFBIG -> Status.CAPACITY_EXCEEDED;
            case EREMOTEIO -> Status.LBA_OUT_OF_RANGE;
            case EOPNOTSUPP -> Status.INVALID_OPCODE;
            case EROFS, EPERM, EACCES -> Status.NAMESPACE_WRITE_PROTECTED;
            case ENOLINK, ENODEV, ENXIO, ETIMEDOUT -> Status.INTERNAL_PATH_ERROR;
            default -> Status.INTERNAL_ERROR;
        };
    }
}
