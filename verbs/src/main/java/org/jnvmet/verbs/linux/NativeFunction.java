package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jnvmet.verbs.VerbsException;

/**
 * A function of a C library. Pointers are passed as longs: whoever passes one keeps its memory alive. The
 * shapes below are those that rdma-core's functions have; none allocates. Any thread.
 */
@SuppressWarnings("restricted")
final class NativeFunction {
    /** {@code void *}, {@code size_t}, {@code uint64_t}. */
    static final ValueLayout POINTER = JAVA_LONG;

    static final ValueLayout INT = JAVA_INT;
    static final ValueLayout BYTE = JAVA_BYTE;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** Where a call leaves its errno, one for each thread. */
    private static final ThreadLocal<MemorySegment> SCRATCH =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    private final String name;
    private final MethodHandle handle;

    /** @param variadicFrom first argument that C takes as variadic; -1: none */
    NativeFunction(
            MemorySegment address, String name, FunctionDescriptor descriptor, int variadicFrom) {
        this.name = name;
        Linker.Option errno = Linker.Option.captureCallState("errno");
        handle =
                variadicFrom < 0
                        ? Linker.nativeLinker().downcallHandle(address, descriptor, errno)
                        : Linker.nativeLinker()
                                .downcallHandle(
                                        address,
                                        descriptor,
                                        errno,
                                        Linker.Option.firstVariadicArg(variadicFrom));
    }

    String name() {
        return name;
    }

    /** What the last call of this thread left; of meaning only if it failed that way. */
    static int errno() {
        return (int) ERRNO.get(SCRATCH.get(), 0L);
    }

    /**
     * Whether a call succeeded that answers 0, or -1 with errno, or an errno: functions of librdmacm do the
     * second, those of libibverbs that destroy the third.
     */
    void check(int answer) throws VerbsException {
        check(answer, "");
    }

    /** @param detail what the sentence says after the name of the function */
    void check(int answer, String detail) throws VerbsException {
        if (answer != 0) {
            throw Errno.failure(name + detail, answer < 0 ? errno() : answer);
        }
    }

    /** That a call answered a pointer, not NULL with errno. */
    long checkPointer(long answer) throws VerbsException {
        if (answer == 0) {
            throw Errno.failure(name, errno());
        }
        return answer;
    }

    long pointer() {
        try {
            return (long) handle.invokeExact(SCRATCH.get());
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    long pointer(long a) {
        try {
            return (long) handle.invokeExact(SCRATCH.get(), a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    long pointer(long a, long b) {
        try {
            return (long) handle.invokeExact(SCRATCH.get(), a, b);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    long pointer(long a, long b, long c, int d) {
        try {
            return (long) handle.invokeExact(SCRATCH.get(), a, b, c, d);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    long pointer(long a, int b, long c, long d, int e) {
        try {
            return (long) handle.invokeExact(SCRATCH.get(), a, b, c, d, e);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long pointer(long a, long b, long c, long d, int e, int f) {
        try {
            return (long) handle.invokeExact(SCRATCH.get(), a, b, c, d, e, f);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    void procedure(long a) {
        try {
            handle.invokeExact(SCRATCH.get(), a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    void procedure(long a, int b) {
        try {
            handle.invokeExact(SCRATCH.get(), a, b);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a, long b) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a, int b) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a, long b, byte c) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b, c);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a, long b, int c) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b, c);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(int a) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(int a, int b, int c) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b, c);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a, long b, long c) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b, c);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a, long b, long c, int d) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b, c, d);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    int call(long a, int b, int c, long d, long e) {
        try {
            return (int) handle.invokeExact(SCRATCH.get(), a, b, c, d, e);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    private RuntimeException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("call of " + name, e);
    }

    /** A library's functions, by name. */
    @FunctionalInterface
    interface Finder {
        /** Address of a function that the library must have. */
        MemorySegment find(String name) throws IOException;
    }
}
