package org.jnvmet.target.backend;

import java.io.IOException;
import java.lang.foreign.Arena;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.FileStatus;
import org.jnvmet.target.posix.Libc;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.Status;

/** A regular file; the part of a block at its end, if any, is not served. */
final class FileBackend extends DescriptorBackend {
    private static final int MIN_SHIFT = 9;
    private static final int MAX_SHIFT = 12;
    private static final int PUNCH = Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE;

    private final FileCopy copy;

    private FileBackend(OpenFile file, int blockShift, Traits traits, IoWorkers workers) {
        super(file, blockShift, file.status().bytes(), traits, workers);
        copy = new FileCopy(file);
    }

    /** Takes the descriptor over, also when it refuses the file. */
    static FileBackend of(OpenFile file, IoWorkers workers) {
        try {
            int shift = blockShift(file);
            boolean punches = canPunch(file, 1 << shift);
            int optimal = Math.max(0, file.status().blockBytes());
            var traits = new Traits(true, optimal, 1 << shift, punches, punches);
            return new FileBackend(file, shift, traits, workers);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public boolean copies(Backend source) {
        return source instanceof FileBackend other && copy.copies(other.copy);
    }

    @Override
    Status copy(BlockOperation operation) {
        return operation.source() instanceof FileBackend other
                ? copy.perform(other.copy, operation)
                : Status.FAST_COPY_NOT_POSSIBLE;
    }

    @Override
    long measure(int descriptor) throws IOException {
        return FileStatus.of(descriptor).bytes();
    }

    @Override
    int deallocate(int descriptor, long offset, long bytes) {
        return Libc.fallocate(descriptor, PUNCH, offset, bytes);
    }

    /** The file system's block size, 4,096 at most; not below what direct I/O must be aligned to. */
    private static int blockShift(OpenFile file) {
        int preferred = log2(Math.max(1, file.status().blockBytes()));
        int shift = Math.clamp(preferred, MIN_SHIFT, MAX_SHIFT);
        if (!file.direct()) {
            return shift;
        }
        int alignment = file.status().directAlignment();
        if (alignment < 0) {
            alignment = probeAlignment(file);
        }
        if (alignment == 0) {
            throw file.refuse(Errno.EINVAL, OpenFile.NO_DIRECT_IO);
        }
        if (alignment > 1 << MAX_SHIFT) {
            throw file.refuse(
                    Errno.EINVAL,
                    "direct I/O on it is in units of %,d bytes, more than the largest block of 4,096; set buffered_io to 1"
                            .formatted(alignment));
        }
        return Math.max(shift, log2(2 * alignment - 1));
    }

    /** The smallest read that the file takes; the largest block when it is empty and takes any. */
    private static int probeAlignment(OpenFile file) {
        if (file.status().bytes() < 1 << MAX_SHIFT) {
            return 1 << MAX_SHIFT;
        }
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(1 << MAX_SHIFT, 1 << MAX_SHIFT).address();
            for (int bytes = 1 << MIN_SHIFT; bytes <= 1 << MAX_SHIFT; bytes *= 2) {
                // Offset 0 is aligned to everything; the second piece is aligned to its size only.
                long offset = bytes == 1 << MAX_SHIFT ? 0 : bytes;
                if (Libc.pread(file.fd(), address, bytes, offset) >= 0) {
                    return bytes;
                }
            }
            return 0;
        }
    }

    /** Punches behind the end of the file, where nothing is. */
    private static boolean canPunch(OpenFile file, int blockBytes) {
        long end = (file.status().bytes() + blockBytes - 1) & -(long) blockBytes;
        return Libc.fallocate(file.fd(), PUNCH, end, blockBytes) == 0;
    }

    private static int log2(int number) {
        return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(number);
    }
}
