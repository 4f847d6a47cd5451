package org.jnvmet.configfs.fuse;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jnvmet.target.posix.Errno;

/** The calls of the C library that a mount needs; what fails becomes a {@link Failure}. Any thread. */
@SuppressWarnings("restricted")
final class Libc {
    static final int MNT_FORCE = 1;
    static final int MNT_DETACH = 2;

    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final long MS_NOSUID = 2;
    private static final long MS_NODEV = 4;
    private static final long MS_NOEXEC = 8;
    private static final int F_OK = 0;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    // Variadic in C, with the mode as the variadic part that is not passed here.
    private static final MethodHandle OPEN =
            handle(
                    "open",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                    Linker.Option.firstVariadicArg(2),
                    Linker.Option.captureCallState("errno"));
    private static final MethodHandle CLOSE =
            handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle READ =
            handle("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle WRITE =
            handle("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle ACCESS =
            handle("access", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle MOUNT =
            handle(
                    "mount",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
    private static final MethodHandle UMOUNT2 =
            handle("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle GETEUID = handle("geteuid", FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle GETEGID = handle("getegid", FunctionDescriptor.of(JAVA_INT));

    private Libc() {}

    /** Opens for reading and writing; the descriptor is not inherited by child processes. */
    static int open(String path) throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            return (int)
                    call(
                            arena,
                            state ->
                                    (int)
                                            OPEN.invokeExact(
                                                    state,
                                                    arena.allocateFrom(path),
                                                    O_RDWR | O_CLOEXEC));
        }
    }

    static void close(int fd) throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            call(arena, state -> (int) CLOSE.invokeExact(state, fd));
        }
    }

    static long read(int fd, MemorySegment into) throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            return call(arena, state -> (long) READ.invokeExact(state, fd, into, into.byteSize()));
        }
    }

    static long write(int fd, MemorySegment from) throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            return call(arena, state -> (long) WRITE.invokeExact(state, fd, from, from.byteSize()));
        }
    }

    /** Whether a path can be reached; a stale mount answers ENOTCONN. */
    static void reach(String path) throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            call(arena, state -> (int) ACCESS.invokeExact(state, arena.allocateFrom(path), F_OK));
        }
    }

    /** Mounts with nosuid, nodev and noexec. */
    static void mount(String source, String directory, String type, String options) throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sourceText = arena.allocateFrom(source);
            MemorySegment directoryText = arena.allocateFrom(directory);
            MemorySegment typeText = arena.allocateFrom(type);
            MemorySegment optionText = arena.allocateFrom(options);
            long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
            call(
                    arena,
                    state ->
                            (int)
                                    MOUNT.invokeExact(
                                            state,
                                            sourceText,
                                            directoryText,
                                            typeText,
                                            flags,
                                            optionText));
        }
    }

    static void unmount(String directory, int flags) throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            call(
                    arena,
                    state ->
                            (int) UMOUNT2.invokeExact(state, arena.allocateFrom(directory), flags));
        }
    }

    static int effectiveUser() throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            return (int)
                    call(arena, state -> Integer.toUnsignedLong((int) GETEUID.invokeExact(state)));
        }
    }

    static int effectiveGroup() throws Failure {
        try (Arena arena = Arena.ofConfined()) {
            return (int)
                    call(arena, state -> Integer.toUnsignedLong((int) GETEGID.invokeExact(state)));
        }
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        return handle(name, descriptor, Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle handle(
            String name, FunctionDescriptor descriptor, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
    }

    private static long call(Arena arena, Call call) throws Failure {
        MemorySegment state = arena.allocate(CALL_STATE);
        long result;
        try {
            result = call.run(state);
        } catch (RuntimeException | Error defect) {
            throw defect;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
        if (result < 0) {
            throw new Failure((int) ERRNO.get(state, 0L));
        }
        return result;
    }

    /** One native call with room for its errno. */
    private interface Call {
        long run(MemorySegment state) throws Throwable;
    }

    /** A call failed. */
    static final class Failure extends IOException {
        private static final long serialVersionUID = 1;

        private final int number;

        Failure(int number) {
            super(
                    Errno.of(number).number() == number
                            ? Errno.of(number).name()
                            : "errno " + number);
            this.number = number;
        }

        int number() {
            return number;
        }

        boolean is(Errno errno) {
            return number == errno.number();
        }
    }
}
