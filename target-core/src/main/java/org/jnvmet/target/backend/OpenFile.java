package org.jnvmet.target.backend;

import java.io.IOException;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.FileStatus;
import org.jnvmet.target.posix.Libc;

/**
 * A file or block device that was opened for a namespace.
 *
 * @param fd its descriptor
 * @param direct whether I/O goes past the page cache
 */
record OpenFile(String path, int fd, FileStatus status, boolean direct) {
    static final String NO_DIRECT_IO =
            "its file system has no direct I/O; set buffered_io to 1 to use the page cache";

    /**
     * Opens what {@code path} names.
     *
     * @throws ConfigException with the errno of open; ENOTBLK, EISDIR or EINVAL for what is no medium
     */
    static OpenFile open(String path, boolean buffered) {
        FileStatus.Kind kind = kindOf(path);
        int direct = buffered ? 0 : Libc.O_DIRECT;
        if (kind == FileStatus.Kind.BLOCK_DEVICE) {
            // Fails when somebody holds the device for himself: a mount, an array, a volume group.
            int probe = Libc.open(path, Libc.O_RDWR | Libc.O_EXCL);
            if (probe < 0) {
                throw refusal(path, Errno.of(-probe));
            }
            int _ = Libc.close(probe); // nothing was written
        }
        int fd = Libc.open(path, Libc.O_RDWR | direct);
        if (fd == -Errno.EINVAL.number() && !buffered) {
            throw new ConfigException(Errno.EINVAL, "device_path " + path + ": " + NO_DIRECT_IO);
        }
        if (fd < 0) {
            throw refusal(path, Errno.of(-fd));
        }
        OpenFile file = new OpenFile(path, fd, statusOf(path, fd), !buffered);
        if (file.status.kind() != kind) {
            file.close();
            throw refusal(path, Errno.EBUSY); // replaced between the look and the open
        }
        return file;
    }

    /** Closes the descriptor, when it did not become a medium. */
    void close() {
        int _ = Libc.close(fd); // nothing was written
    }

    /** A refusal that names the path. */
    ConfigException refuse(Errno errno, String why) {
        return new ConfigException(errno, "device_path " + path + ": " + why);
    }

    private static FileStatus.Kind kindOf(String path) {
        int fd = Libc.open(path, Libc.O_PATH);
        if (fd < 0) {
            throw refusal(path, Errno.of(-fd));
        }
        FileStatus.Kind kind = statusOf(path, fd).kind();
        int _ = Libc.close(fd); // nothing was written
        Errno errno =
                switch (kind) {
                    case REGULAR, BLOCK_DEVICE -> null;
                    case DIRECTORY -> Errno.EISDIR;
                    case CHARACTER_DEVICE -> Errno.ENOTBLK;
                    case PIPE, SOCKET, OTHER -> Errno.EINVAL;
                };
        if (errno != null) {
            throw new ConfigException(
                    errno,
                    "device_path %s is %s, not a regular file or block device"
                            .formatted(path, kind.words()));
        }
        return kind;
    }

    private static FileStatus statusOf(String path, int fd) {
        try {
            return FileStatus.of(fd);
        } catch (IOException e) {
            int _ = Libc.close(fd); // nothing was written
            throw new ConfigException(Errno.EIO, "device_path " + path + ": " + e.getMessage());
        }
    }

    private static ConfigException refusal(String path, Errno errno) {
        String why =
                switch (errno) {
                    case ENOENT -> "there is no such file or device";
                    case EACCES, EPERM -> "this process has no permission to read and write it";
                    case EROFS -> "it is read-only";
                    case EBUSY -> "it is in use (mounted, or part of an array or volume group)";
                    case ENXIO, ENODEV -> "there is no device behind it";
                    case ENOTDIR -> "a part of the path is not a directory";
                    case ELOOP -> "too many symbolic links";
                    case EMFILE, ENFILE -> "too many open files";
                    case ETXTBSY -> "it is in use as swap space or as a program";
                    default -> "open failed";
                };
        return new ConfigException(errno, "device_path " + path + ": " + why + " (" + errno + ")");
    }
}
