package org.jnvmet.target.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The control calls of block devices (linux/fs.h, linux/blkzoned.h).
 *
 * @param bytes size of the device
 * @param logicalBlockBytes smallest unit of I/O
 * @param physicalBlockBytes what the device writes at once
 * @param optimalIoBytes preferred size of an I/O, 0 when it has none
 * @param zones number of zones, 0 for a device without
 */
public record BlockDeviceStatus(
        long bytes, int logicalBlockBytes, int physicalBlockBytes, int optimalIoBytes, int zones) {
    private static final int BLKSSZGET = 0x1268;
    private static final int BLKIOOPT = 0x1279;
    private static final int BLKPBSZGET = 0x127b;
    private static final int BLKDISCARD = 0x1277;
    private static final int BLKGETSIZE64 = 0x80081272;
    private static final int BLKGETNRZONES = 0x80041285;

    /** Asks the kernel. */
    public static BlockDeviceStatus of(int fd) throws IOException {
        return new BlockDeviceStatus(
                bytes(fd),
                number(fd, BLKSSZGET, "BLKSSZGET"),
                number(fd, BLKPBSZGET, "BLKPBSZGET"),
                number(fd, BLKIOOPT, "BLKIOOPT"),
                number(fd, BLKGETNRZONES, "BLKGETNRZONES"));
    }

    /** Size of the device. */
    public static long bytes(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(JAVA_LONG);
            check(Libc.ioctl(fd, Integer.toUnsignedLong(BLKGETSIZE64), answer), "BLKGETSIZE64");
            return answer.get(JAVA_LONG, 0);
        }
    }

    /** Tells the device that a range is not needed any more: 0 or an errno negated. */
    public static int discard(int fd, long offset, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment range = arena.allocateFrom(JAVA_LONG, offset, bytes);
            return Libc.ioctl(fd, BLKDISCARD, range);
        }
    }

    private static int number(int fd, int request, String name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(JAVA_INT);
            check(Libc.ioctl(fd, Integer.toUnsignedLong(request), answer), name);
            return answer.get(JAVA_INT, 0);
        }
    }

    private static void check(int result, String name) throws IOException {
        if (result < 0) {
            throw new IOException(name + ": " + Errno.of(-result));
        }
    }
}
