package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A descriptor of the kernel's that counts: readable while it is above zero, for anybody's epoll. Its owner
 * has the lock under which it is raised and lowered. No call allocates.
 */
@SuppressWarnings("restricted")
final class EventDescriptor {
    private static final int EFD_CLOEXEC_NONBLOCK_SEMAPHORE = 0x80000 | 0x800 | 1;
    private static final int MS_ASYNC = 1;
    private static final int SC_PAGESIZE = 30;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle EVENTFD = function("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle READ =
            function("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE =
            function("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CLOSE = function("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle MSYNC =
            function("msync", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private static final MethodHandle SYSCONF = function("sysconf", JAVA_LONG, JAVA_INT);

    /** The number one, and a place for a number read; what is written there means nothing. */
    private static final MemorySegment NUMBERS = Arena.global().allocate(16, 8);

    static {
        NUMBERS.set(JAVA_LONG, 0, 1);
    }

    private final int number;

    EventDescriptor() {
        try {
            number = (int) EVENTFD.invokeExact(0, EFD_CLOEXEC_NONBLOCK_SEMAPHORE);
        } catch (Throwable e) {
            throw unexpected("eventfd", e);
        }
        if (number < 0) {
            throw new IllegalStateException("no descriptor is left for eventfd");
        }
    }

    int number() {
        return number;
    }

    /** Counts one up. */
    void raise() {
        try {
            long _ = (long) WRITE.invokeExact(number, NUMBERS.address(), 8L);
        } catch (Throwable e) {
            throw unexpected("write", e);
        }
    }

    /** Counts one down. */
    void lower() {
        try {
            long _ = (long) READ.invokeExact(number, NUMBERS.address() + 8, 8L);
        } catch (Throwable e) {
            throw unexpected("read", e);
        }
    }

    void close() {
        try {
            int _ = (int) CLOSE.invokeExact(number);
        } catch (Throwable e) {
            throw unexpected("close", e);
        }
    }

    /** Whether all of these addresses have memory in this process. */
    static boolean mapped(long address, long bytes) {
        try {
            long first = address & -(long) SYSCONF.invokeExact(SC_PAGESIZE);
            return (int) MSYNC.invokeExact(first, bytes + (address - first), MS_ASYNC) == 0;
        } catch (Throwable e) {
            throw unexpected("msync", e);
        }
    }

    private static MethodHandle function(
            String name, ValueLayout result, ValueLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }

    private static RuntimeException unexpected(String call, Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("call of " + call, e);
    }
}
