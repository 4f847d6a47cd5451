package org.jnvmet.target.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Facts about an open file, by statx(2).
 *
 * @param kind what it is
 * @param bytes its size
 * @param blockBytes preferred size of an I/O
 * @param deviceMajor of a device file, else 0
 * @param deviceMinor of a device file, else 0
 * @param homeMajor of the device that its file system lies on, or an anonymous number
 * @param homeMinor likewise
 * @param directAlignment what offsets and lengths of direct I/O are multiples of; 0 when direct I/O is
 *     not possible, -1 when this kernel or file system does not tell
 */
public record FileStatus(
        Kind kind,
        long bytes,
        int blockBytes,
        int deviceMajor,
        int deviceMinor,
        int homeMajor,
        int homeMinor,
        int directAlignment) {
    /** Kinds of files, with the word for a message. */
    public enum Kind {
        REGULAR(0x8000, "a regular file"),
        DIRECTORY(0x4000, "a directory"),
        BLOCK_DEVICE(0x6000, "a block device"),
        CHARACTER_DEVICE(0x2000, "a character device"),
        PIPE(0x1000, "a named pipe"),
        SOCKET(0xc000, "a socket"),
        OTHER(0, "neither a file nor a device");

        private final int mode;
        private final String words;

        Kind(int mode, String words) {
            this.mode = mode;
            this.words = words;
        }

        public String words() {
            return words;
        }

        private static Kind of(int mode) {
            for (Kind kind : values()) {
                if (kind.mode == (mode & 0xf000)) {
                    return kind;
                }
            }
            return OTHER;
        }
    }

    static final int BYTES = 256;
    private static final int MASK = 0, BLOCK_BYTES = 4, MODE = 28, SIZE = 40;
    private static final int DEVICE_MAJOR = 128, DEVICE_MINOR = 132;
    private static final int HOME_MAJOR = 136, HOME_MINOR = 140, DIRECT_OFFSET_ALIGN = 156;
    private static final int BASIC = 0x7ff, DIRECT_ALIGNMENT = 0x2000;

    /** Asks the kernel. */
    public static FileStatus of(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statx = arena.allocate(BYTES, 8);
            int result = Libc.statx(fd, BASIC | DIRECT_ALIGNMENT, statx);
            if (result < 0) {
                throw new IOException("statx: " + Errno.of(-result));
            }
            boolean told = (statx.get(JAVA_INT, MASK) & DIRECT_ALIGNMENT) != 0;
            return new FileStatus(
                    Kind.of(Short.toUnsignedInt(statx.get(JAVA_SHORT, MODE))),
                    statx.get(JAVA_LONG, SIZE),
                    statx.get(JAVA_INT, BLOCK_BYTES),
                    statx.get(JAVA_INT, DEVICE_MAJOR),
                    statx.get(JAVA_INT, DEVICE_MINOR),
                    statx.get(JAVA_INT, HOME_MAJOR),
                    statx.get(JAVA_INT, HOME_MINOR),
                    told ? statx.get(JAVA_INT, DIRECT_OFFSET_ALIGN) : -1);
        }
    }
}
