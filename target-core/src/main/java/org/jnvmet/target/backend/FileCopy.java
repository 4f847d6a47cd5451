package org.jnvmet.target.backend;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.FileStatus;
import org.jnvmet.target.posix.Libc;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies to one file from others without the data passing through this process. What two file systems
 * cannot do is tried once, then remembered. {@link #perform} on the worker threads, the rest on any.
 *
 * <p>First choice is to share blocks (FICLONERANGE). The file system writes back and waits for what the
 * page cache has of the source, and drops what it has of the destination, so the result is right for files
 * with and without direct I/O; that the destination refers to the blocks is metadata needed to find its
 * data, which fdatasync on the destination makes durable, with the device's cache.
 *
 * <p>Second choice, for files in the page cache only, is copy_file_range. For files with direct I/O the
 * kernel would do it by a pipe of 64 KiB in system memory, with a wait for the device at each filling: three
 * times slower than reads and writes of our own, and past the peer memory that the data may be meant for.
 */
final class FileCopy {
    private static final Logger LOG = LoggerFactory.getLogger(FileCopy.class);

    private final OpenFile file;
    private final Set<Long> cannotShare =
            ConcurrentHashMap.newKeySet(); // by the source's file system
    private final Set<Long> cannotCopy = ConcurrentHashMap.newKeySet();

    FileCopy(OpenFile file) {
        this.file = file;
    }

    /** Whether a copy from there is worth a try. */
    boolean copies(FileCopy source) {
        return mayShare(source) || mayCopy(source);
    }

    private boolean mayShare(FileCopy source) {
        return !cannotShare.contains(source.fileSystem());
    }

    private boolean mayCopy(FileCopy source) {
        return !file.direct() && !source.file.direct() && !cannotCopy.contains(source.fileSystem());
    }

    private long fileSystem() {
        FileStatus status = file.status();
        return (long) status.homeMajor() << Integer.SIZE | status.homeMinor();
    }

    /** Success, or FAST_COPY_NOT_POSSIBLE: somebody else is to copy, and will see what is wrong if anything is. */
    Status perform(FileCopy source, BlockOperation operation) {
        boolean done =
                (mayShare(source) && isAligned(operation) && share(source, operation))
                        || (mayCopy(source) && copy(source, operation));
        return done ? Status.SUCCESS : Status.FAST_COPY_NOT_POSSIBLE;
    }

    /** File systems share whole blocks of theirs. */
    private boolean isAligned(BlockOperation operation) {
        int block = Math.max(1, file.status().blockBytes());
        return operation.offset() % block == 0
                && operation.sourceOffset() % block == 0
                && operation.length() % block == 0;
    }

    private boolean share(FileCopy source, BlockOperation operation) {
        int result;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment range =
                    arena.allocateFrom(
                            JAVA_LONG,
                            source.file.fd(),
                            operation.sourceOffset(),
                            operation.length(),
                            operation.offset());
            result = Libc.ioctl(file.fd(), Libc.FICLONERANGE, range);
        }
        return result >= 0 || failed("share blocks", result, source, cannotShare);
    }

    private boolean copy(FileCopy source, BlockOperation operation) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(JAVA_LONG, operation.sourceOffset());
            MemorySegment to = arena.allocateFrom(JAVA_LONG, operation.offset());
            for (long left = operation.length(); left > 0; ) {
                long result = Libc.copyFileRange(source.file.fd(), from, file.fd(), to, left);
                if (result <= 0) {
                    return failed("copy", result, source, cannotCopy);
                }
                left -= result;
            }
        }
        return true;
    }

    /** Remembers what can never work; always false. */
    private boolean failed(String what, long result, FileCopy source, Set<Long> cannot) {
        Errno errno = Errno.of((int) -result);
        switch (errno) {
            case EXDEV, EOPNOTSUPP, EINVAL, ENOTTY, ENOSYS, EPERM, EBADF, ETXTBSY -> {
                if (cannot.add(source.fileSystem())) {
                    LOG.debug(
                            "{} cannot {} of {}: {}", file.path(), what, source.file.path(), errno);
                }
            }
            default -> {} // a failure that reading and writing will meet as well
        }
        return false;
    }
}
