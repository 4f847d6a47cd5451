package org.jnvmet.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The system calls of io_uring and the mapping of its rings. A call answers as its system call
 * does: a value, or an {@link Errno} negated.
 */
@SuppressWarnings("restricted")
public final class IoUring {
    /** Where in the ring's descriptor its parts are mapped from. */
    public static final long OFFSET_SQ_RING = 0;

    public static final long OFFSET_SQES = 0x10000000L;

    /** Waiting: the caller wants completions, at least so many as it says. */
    public static final int ENTER_GETEVENTS = 1;

    /** Waiting: the argument is a structure that has a time limit. */
    public static final int ENTER_EXT_ARG = 8;

    // The same on every architecture that was added to Linux before these calls.
    private static final long SYS_SETUP = 425;
    private static final long SYS_ENTER = 426;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x01 | 0x8000;

    private static final MethodHandle SYSCALL_SETUP =
            Linux.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SYSCALL_ENTER =
            Linux.variadic(
                    "syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MMAP =
            Linux.function(
                    "mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                    JAVA_LONG);
    private static final MethodHandle MUNMAP =
            Linux.function("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);

    private IoUring() {}

    /** io_uring_setup: a ring's descriptor. */
    public static int setUp(int entries, MemorySegment parameters) {
        MemorySegment scratch = Linux.scratch();
        try {
            long result =
                    (long)
                            SYSCALL_SETUP.invokeExact(
                                    scratch, SYS_SETUP, (long) entries, parameters.address());
            return (int) Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("io_uring_setup", e);
        }
    }

    /**
     * io_uring_enter: submits, and waits if the flags say so.
     *
     * @param argument address of the structure that the flags name, of so many bytes
     * @return number of entries submitted
     */
    public static int enter(
            int ring, int submit, int complete, int flags, long argument, long bytes) {
        MemorySegment scratch = Linux.scratch();
        try {
            long result =
                    (long)
                            SYSCALL_ENTER.invokeExact(
                                    scratch,
                                    SYS_ENTER,
                                    (long) ring,
                                    (long) submit,
                                    (long) complete,
                                    (long) flags,
                                    argument,
                                    bytes);
            return (int) Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("io_uring_enter", e);
        }
    }

    /** Maps a part of a ring; its address, or an errno negated. */
    public static long map(int ring, long bytes, long offset) {
        MemorySegment scratch = Linux.scratch();
        try {
            long result =
                    (long)
                            MMAP.invokeExact(
                                    scratch,
                                    0L,
                                    bytes,
                                    PROT_READ_WRITE,
                                    MAP_SHARED_POPULATE,
                                    ring,
                                    offset);
            return Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("mmap", e);
        }
    }

    /** Mapped memory as a segment; it is unmapped when {@code arena} is closed. */
    public static MemorySegment segment(long address, long bytes, Arena arena) {
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, mapped -> unmap(mapped.address(), bytes));
    }

    private static int unmap(long address, long bytes) {
        MemorySegment scratch = Linux.scratch();
        try {
            return Linux.answer((int) MUNMAP.invokeExact(scratch, address, bytes), scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("munmap", e);
        }
    }
}
