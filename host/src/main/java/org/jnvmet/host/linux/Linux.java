package org.jnvmet.host.linux;

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
 * How this package calls the C library, on x86-64 and arm64. Every call of the package answers as its
 * system call does: a value, or an {@link Errno} negated. Memory is passed by address, so that no call
 * allocates; whoever passes an address keeps its memory alive.
 *
 * <p>No call is {@link Linker.Option#critical critical}: a recv that finds nothing takes 235 ns either
 * way, and a thread in a critical call holds up every garbage collection.
 */
@SuppressWarnings("restricted")
final class Linux {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** Where a call leaves its errno, one for each thread. */
    private static final ThreadLocal<MemorySegment> SCRATCH =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    private Linux() {}

    /** The first argument of every handle of this class. */
    static MemorySegment scratch() {
        return SCRATCH.get();
    }

    /** The answer of a call that ended with {@code result}. */
    static int answer(int result, MemorySegment scratch) {
        return result < 0 ? -(int) ERRNO.get(scratch, 0L) : result;
    }

    /** The answer of a call that ended with {@code result}. */
    static long answer(long result, MemorySegment scratch) {
        return result < 0 ? -(int) ERRNO.get(scratch, 0L) : result;
    }

    static MethodHandle function(String name, ValueLayout result, ValueLayout... arguments) {
        return link(
                name,
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    static MethodHandle variadic(
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

    static RuntimeException unexpected(String call, Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("call of " + call, e);
    }
}
