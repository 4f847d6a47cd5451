package org.jnvmet.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** A descriptor by which any thread wakes one that waits for descriptors. */
public final class EventFd implements AutoCloseable {
    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final MethodHandle EVENTFD =
            Linux.function("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle READ =
            Linux.function("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE =
            Linux.function("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment one = arena.allocateFrom(JAVA_LONG, 1);
    private final MemorySegment taken = arena.allocate(JAVA_LONG);
    private final int descriptor;

    /**
     * Makes one.
     *
     * @throws IllegalStateException when the process has no descriptor left
     */
    public EventFd() {
        MemorySegment scratch = Linux.scratch();
        int result;
        try {
            result =
                    Linux.answer(
                            (int) EVENTFD.invokeExact(scratch, 0, EFD_NONBLOCK | EFD_CLOEXEC),
                            scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("eventfd", e);
        }
        if (result < 0) {
            arena.close();
            throw new IllegalStateException("eventfd: " + Errno.text(-result));
        }
        descriptor = result;
    }

    public int descriptor() {
        return descriptor;
    }

    /** Makes the descriptor readable. Any thread. */
    public void signal() {
        MemorySegment scratch = Linux.scratch();
        try {
            // Fails only when 2^64 - 2 signals are pending; then it is readable already.
            long _ = (long) WRITE.invokeExact(scratch, descriptor, one.address(), 8L);
        } catch (Throwable e) {
            throw Linux.unexpected("write", e);
        }
    }

    /** Takes the signals that are pending; their number. One thread. */
    public long take() {
        MemorySegment scratch = Linux.scratch();
        try {
            long result = (long) READ.invokeExact(scratch, descriptor, taken.address(), 8L);
            return result == 8 ? taken.get(JAVA_LONG, 0) : 0;
        } catch (Throwable e) {
            throw Linux.unexpected("read", e);
        }
    }

    /** Nobody may signal it any more. */
    @Override
    public void close() {
        int _ = Sockets.close(descriptor);
        arena.close();
    }
}
