package org.jnvmet.target.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C library of Linux on x86-64 and arm64. A call answers as its system call does: a value, or an
 * errno negated; interrupted calls are repeated. Data is passed by address, so that no call allocates
 * and memory of any owner will do; whoever passes an address keeps its memory alive.
 */
@SuppressWarnings("restricted")
public final class Libc {
    public static final int O_RDWR = 2;
    public static final int O_EXCL = 0x80;

    /** Opens the name only: good for asking what it is, without side effects on a device. */
    public static final int O_PATH = 0x200000;

    public static final int O_CLOEXEC = 0x80000;
    public static final int O_DIRECT =
            System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;

    public static final int FALLOC_FL_KEEP_SIZE = 0x01;
    public static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;

    public static final int MADV_DONTNEED = 4;
    public static final int MADV_HUGEPAGE = 14;

    /** ioctl that has a file share the blocks of another; its argument is a struct file_clone_range. */
    public static final long FICLONERANGE = 0x4020_940dL;

    /** Type of the file system that {@link #fileSystem} names: the kernel's own tree of devices. */
    public static final long SYSFS_MAGIC = 0x62656572L;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 0x01;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int EINTR = 4;
    private static final int SEEK_END = 2;
    private static final int STATFS_BYTES = 256; // more than it has

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** Where a call leaves its errno, one for each thread. */
    private static final ThreadLocal<MemorySegment> SCRATCH =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    private static final MethodHandle OPEN =
            variadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = function("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle PREAD =
            function("pread", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PWRITE =
            function("pwrite", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FDATASYNC = function("fdatasync", JAVA_INT, JAVA_INT);
    private static final MethodHandle FALLOCATE =
            function("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle COPY_FILE_RANGE =
            function(
                    "copy_file_range",
                    JAVA_LONG,
                    JAVA_INT,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    JAVA_LONG,
                    JAVA_INT);
    private static final MethodHandle IOCTL =
            variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle STATX =
            function("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle MMAP =
            function(
                    "mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                    JAVA_LONG);
    private static final MethodHandle LSEEK =
            function("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FSTATFS = function("fstatfs", JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle MUNMAP = function("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MADVISE =
            function("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final int PAGE_BYTES = pageBytesOfKernel();

    private Libc() {}

    /** Bytes of a page of memory. */
    public static int pageBytes() {
        return PAGE_BYTES;
    }

    /** Opens an existing file; the descriptor is never inherited by a child process. */
    public static int open(String path, int flags) {
        MemorySegment scratch = SCRATCH.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            int result;
            do {
                result = (int) OPEN.invokeExact(scratch, name, flags | O_CLOEXEC, 0);
                result = result < 0 ? -errno(scratch) : result;
            } while (result == -EINTR);
            return result;
        } catch (Throwable e) {
            throw unexpected("open", e);
        }
    }

    /** Closes a descriptor. It is gone in any case: an error tells of data that was lost. */
    public static int close(int fd) {
        MemorySegment scratch = SCRATCH.get();
        try {
            int result = (int) CLOSE.invokeExact(scratch, fd);
            return result < 0 ? -errno(scratch) : result;
        } catch (Throwable e) {
            throw unexpected("close", e);
        }
    }

    /** Bytes read, fewer than asked for perhaps, 0 at the end of the file. */
    public static long pread(int fd, long address, long bytes, long offset) {
        MemorySegment scratch = SCRATCH.get();
        try {
            long result;
            do {
                result = (long) PREAD.invokeExact(scratch, fd, address, bytes, offset);
                result = result < 0 ? -errno(scratch) : result;
            } while (result == -EINTR);
            return result;
        } catch (Throwable e) {
            throw unexpected("pread", e);
        }
    }

    /** Bytes written, fewer than asked for perhaps. */
    public static long pwrite(int fd, long address, long bytes, long offset) {
        MemorySegment scratch = SCRATCH.get();
        try {
            long result;
            do {
                result = (long) PWRITE.invokeExact(scratch, fd, address, bytes, offset);
                result = result < 0 ? -errno(scratch) : result;
            } while (result == -EINTR);
            return result;
        } catch (Throwable e) {
            throw unexpected("pwrite", e);
        }
    }

    /** Brings the data of a file, and what is needed to find it, to the medium. */
    public static int fdatasync(int fd) {
        MemorySegment scratch = SCRATCH.get();
        try {
            int result;
            do {
                result = (int) FDATASYNC.invokeExact(scratch, fd);
                result = result < 0 ? -errno(scratch) : result;
            } while (result == -EINTR);
            return result;
        } catch (Throwable e) {
            throw unexpected("fdatasync", e);
        }
    }

    /** Punches, zeroes or allocates a range of a file or block device. */
    public static int fallocate(int fd, int mode, long offset, long bytes) {
        MemorySegment scratch = SCRATCH.get();
        try {
            int result;
            do {
                result = (int) FALLOCATE.invokeExact(scratch, fd, mode, offset, bytes);
                result = result < 0 ? -errno(scratch) : result;
            } while (result == -EINTR);
            return result;
        } catch (Throwable e) {
            throw unexpected("fallocate", e);
        }
    }

    /**
     * Has the kernel copy between two files, or within one. Bytes copied, fewer than asked for perhaps, 0 at
     * the end of the source. Both offsets are 8 bytes of native memory and go on by what was copied.
     */
    public static long copyFileRange(
            int source, MemorySegment sourceOffset, int fd, MemorySegment offset, long bytes) {
        MemorySegment scratch = SCRATCH.get();
        try {
            long result;
            do {
                result =
                        (long)
                                COPY_FILE_RANGE.invokeExact(
                                        scratch, source, sourceOffset, fd, offset, bytes, 0);
                result = result < 0 ? -errno(scratch) : result;
            } while (result == -EINTR);
            return result;
        } catch (Throwable e) {
            throw unexpected("copy_file_range", e);
        }
    }

    /** A control call whose argument is a structure in native memory. */
    public static int ioctl(int fd, long request, MemorySegment argument) {
        MemorySegment scratch = SCRATCH.get();
        try {
            int result;
            do {
                result = (int) IOCTL.invokeExact(scratch, fd, request, argument);
                result = result < 0 ? -errno(scratch) : result;
            } while (result == -EINTR);
            return result;
        } catch (Throwable e) {
            throw unexpected("ioctl", e);
        }
    }

    /** Fills {@code statx} ({@link FileStatus#BYTES}) with the facts of an open file. */
    static int statx(int fd, int mask, MemorySegment statx) {
        MemorySegment scratch = SCRATCH.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment empty = arena.allocateFrom("");
            int result = (int) STATX.invokeExact(scratch, fd, empty, AT_EMPTY_PATH, mask, statx);
            return result < 0 ? -errno(scratch) : result;
        } catch (Throwable e) {
            throw unexpected("statx", e);
        }
    }

    /** Address of fresh private memory that reads as zeroes and costs nothing until it is touched. */
    public static long mapAnonymous(long bytes) {
        MemorySegment scratch = SCRATCH.get();
        try {
            int flags = MAP_PRIVATE_ANONYMOUS_NORESERVE;
            long result =
                    (long) MMAP.invokeExact(scratch, 0L, bytes, PROT_READ_WRITE, flags, -1, 0L);
            return result == -1 ? -errno(scratch) : result;
        } catch (Throwable e) {
            throw unexpected("mmap", e);
        }
    }

    /** Address of what a descriptor stands for, from its start: what is written there others see. */
    public static long mapShared(int fd, long bytes) {
        MemorySegment scratch = SCRATCH.get();
        try {
            long result =
                    (long)
                            MMAP.invokeExact(
                                    scratch, 0L, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0L);
            return result == -1 ? -errno(scratch) : result;
        } catch (Throwable e) {
            throw unexpected("mmap", e);
        }
    }

    /** Moves to the end of what a descriptor stands for: its bytes. */
    public static long seekEnd(int fd) {
        MemorySegment scratch = SCRATCH.get();
        try {
            long result = (long) LSEEK.invokeExact(scratch, fd, 0L, SEEK_END);
            return result < 0 ? -errno(scratch) : result;
        } catch (Throwable e) {
            throw unexpected("lseek", e);
        }
    }

    /** Type of the file system that an open file lies in (linux/magic.h). */
    public static long fileSystem(int fd) {
        MemorySegment scratch = SCRATCH.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statfs = arena.allocate(STATFS_BYTES, 8);
            int result = (int) FSTATFS.invokeExact(scratch, fd, statfs);
            return result < 0 ? -errno(scratch) : statfs.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw unexpected("fstatfs", e);
        }
    }

    /** Mapped memory as a segment that Java may use until {@code arena} is closed. */
    public static MemorySegment segment(long address, long bytes, Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    }

    public static int munmap(long address, long bytes) {
        MemorySegment scratch = SCRATCH.get();
        try {
            int result = (int) MUNMAP.invokeExact(scratch, address, bytes);
            return result < 0 ? -errno(scratch) : result;
        } catch (Throwable e) {
            throw unexpected("munmap", e);
        }
    }

    public static int madvise(long address, long bytes, int advice) {
        MemorySegment scratch = SCRATCH.get();
        try {
            int result = (int) MADVISE.invokeExact(scratch, address, bytes, advice);
            return result < 0 ? -errno(scratch) : result;
        } catch (Throwable e) {
            throw unexpected("madvise", e);
        }
    }

    private static int errno(MemorySegment scratch) {
        return (int) ERRNO.get(scratch, 0L);
    }

    private static int pageBytesOfKernel() {
        try {
            return (int) function("getpagesize", JAVA_INT).invokeExact(SCRATCH.get());
        } catch (Throwable e) {
            throw unexpected("getpagesize", e);
        }
    }

    private static MethodHandle function(
            String name, ValueLayout result, ValueLayout... arguments) {
        return link(
                name,
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(
            String name, int firstVariadic, ValueLayout result, ValueLayout... arguments) {
        return link(
                name,
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(firstVariadic));
    }

    private static MethodHandle link(
            String name, FunctionDescriptor descriptor, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
    }

    private static RuntimeException unexpected(String call, Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("call of " + call, e);
    }
}
