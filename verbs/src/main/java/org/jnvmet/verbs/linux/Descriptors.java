package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.jnvmet.verbs.VerbsException;

/** What is done to descriptors that the libraries opened, by calls of the C library. Any thread. */
final class Descriptors {
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 0x800; // on x86-64 and arm64 alike
    private static final short POLLIN = 1;
    private static final int POLLFD_BYTES = 8;
    private static final int POLLFD_EVENTS = 4;
    private static final int OVERWRITE_NOT = 0;
    private static final int O_RDWR_CLOEXEC = 0x80002;
    private static final int O_CLOEXEC = 0x80000;
    private static final int MODE_VARIADIC = 2;

    private static final NativeFunction FCNTL =
            libc("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final NativeFunction POLL =
            libc(
                    "poll",
                    -1,
                    FunctionDescriptor.of(
                            JAVA_INT, NativeFunction.POINTER, NativeFunction.POINTER, JAVA_INT));
    private static final NativeFunction SETENV =
            libc(
                    "setenv",
                    -1,
                    FunctionDescriptor.of(
                            JAVA_INT, NativeFunction.POINTER, NativeFunction.POINTER, JAVA_INT));

    private static final NativeFunction OPEN =
            libc(
                    "open",
                    MODE_VARIADIC,
                    FunctionDescriptor.of(JAVA_INT, NativeFunction.POINTER, JAVA_INT));
    private static final NativeFunction DUP3 =
            libc("dup3", -1, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final NativeFunction CLOSE =
            libc("close", -1, FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private Descriptors() {}

    private static NativeFunction libc(String name, int variadic, FunctionDescriptor descriptor) {
        MemorySegment address = Linker.nativeLinker().defaultLookup().findOrThrow(name);
        return new NativeFunction(address, name, descriptor, variadic);
    }

    /** Has reads of a descriptor answer EAGAIN instead of waiting. */
    static void doNotBlock(int descriptor) throws VerbsException {
        int flags = FCNTL.call(descriptor, F_GETFL, 0);
        FCNTL.check(Math.min(flags, 0), " of descriptor " + descriptor);
        FCNTL.check(FCNTL.call(descriptor, F_SETFL, flags | O_NONBLOCK));
    }

    /** Whether reads of it never wait; false, too, if it is not open. */
    static boolean neverBlocks(int descriptor) {
        int flags = FCNTL.call(descriptor, F_GETFL, 0);
        return flags >= 0 && (flags & O_NONBLOCK) != 0;
    }

    /** Whether it is one of this process. */
    static boolean isOpen(int descriptor) {
        return FCNTL.call(descriptor, F_GETFL, 0) >= 0;
    }

    /** Waits until there is something to read, for ever if the time is -1; false: the time is over. */
    static boolean await(int descriptor, int timeoutMs) throws VerbsException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment poll = arena.allocate(POLLFD_BYTES, Integer.BYTES);
            poll.set(JAVA_INT, 0, descriptor);
            poll.set(JAVA_SHORT, POLLFD_EVENTS, POLLIN);
            int left = timeoutMs;
            while (true) {
                int ready = POLL.call(poll.address(), 1L, left);
                if (ready >= 0) {
                    return ready > 0;
                }
                if (NativeFunction.errno() != Errno.EINTR.number()) {
                    POLL.check(ready);
                }
                if (timeoutMs >= 0) {
                    long nanos = Math.max(0, end - System.nanoTime());
                    left = (int) TimeUnit.NANOSECONDS.toMillis(nanos);
                }
            }
        }
    }

    /** Closes what descriptors stand for, and has them stand for nothing ({@code /dev/null}): they stay numbers in use. */
    static void empty(int... descriptors) throws VerbsException {
        try (Arena arena = Arena.ofConfined()) {
            int nothing = OPEN.call(arena.allocateFrom("/dev/null").address(), O_RDWR_CLOEXEC);
            OPEN.check(Math.min(nothing, 0), " of /dev/null");
            for (int descriptor : descriptors) {
                DUP3.check(Math.min(DUP3.call(nothing, descriptor, O_CLOEXEC), 0));
            }
            CLOSE.check(CLOSE.call(nothing));
        }
    }

    /** Sets a variable that the libraries read when they are called first, unless somebody set it. */
    static void environment(String name, String value) {
        try (Arena arena = Arena.ofConfined()) {
            int _ =
                    SETENV.call(
                            arena.allocateFrom(name).address(),
                            arena.allocateFrom(value).address(),
                            OVERWRITE_NOT);
        }
    }
}
