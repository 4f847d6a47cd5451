package org.jnvmet.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * TCP sockets by descriptor. A call answers as its system call does: a value, or an {@link Errno}
 * negated. Sending never raises a signal.
 */
public final class Sockets {
    /** Of a send: no SIGPIPE. */
    public static final int MSG_NOSIGNAL = 0x4000;

    private static final int MSG_DONTWAIT = 0x40;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final int SOL_SOCKET = 1;
    private static final int SO_REUSEADDR = 2;
    private static final int SO_ERROR = 4;
    private static final int SO_BINDTODEVICE = 25;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 0x800;

    private static final MethodHandle SOCKET =
            Linux.function("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CONNECT =
            Linux.function("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle BIND =
            Linux.function("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKNAME =
            Linux.function("getsockname", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle SETSOCKOPT =
            Linux.function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            Linux.function("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle FCNTL =
            Linux.variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle CLOSE = Linux.function("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle RECV =
            Linux.function("recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SENDMSG =
            Linux.function("sendmsg", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);

    private Sockets() {}

    /** A TCP socket that does not block, for the family of {@code peer}. */
    public static int open(InetAddress peer) {
        return open(peer, SOCK_STREAM);
    }

    /** A UDP socket: connected it knows its local address, and nothing is sent. */
    public static int openDatagram(InetAddress peer) {
        return open(peer, SOCK_DGRAM);
    }

    private static int open(InetAddress peer, int kind) {
        int type = kind | SOCK_NONBLOCK | SOCK_CLOEXEC;
        MemorySegment scratch = Linux.scratch();
        try {
            int family = InetSockaddr.family(peer);
            int result = (int) SOCKET.invokeExact(scratch, family, type, 0);
            return Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("socket", e);
        }
    }

    /** Begins to connect; {@link #awaitConnected} must follow on EINPROGRESS. */
    public static int connect(int socket, InetSocketAddress peer) {
        return withAddress("connect", CONNECT, socket, peer);
    }

    /** Local address to connect from; port 0 for any. Sets SO_REUSEADDR. */
    public static int bind(int socket, InetSocketAddress local) {
        int result = setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);
        return result < 0 ? result : withAddress("bind", BIND, socket, local);
    }

    private static int withAddress(
            String call, MethodHandle handle, int socket, InetSocketAddress address) {
        MemorySegment scratch = Linux.scratch();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(InetSockaddr.MAX_BYTES, Integer.BYTES);
            int length = InetSockaddr.write(address, memory);
            return Linux.answer((int) handle.invokeExact(scratch, socket, memory, length), scratch);
        } catch (Throwable e) {
            throw Linux.unexpected(call, e);
        }
    }

    /**
     * Waits until the socket is connected.
     *
     * @return 0; ETIMEDOUT negated after {@code timeoutMs}; or why it could not be connected, negated
     */
    public static int awaitConnected(int socket, long timeoutMs) {
        try (PollSet writable = new PollSet()) {
            writable.add(socket, PollSet.OUT);
            int ready = writable.await(timeoutMs);
            return ready == 0 ? -Errno.ETIMEDOUT : ready < 0 ? ready : -pendingError(socket);
        }
    }

    /** Takes the error that the socket has pending; 0 for none. */
    private static int pendingError(int socket) {
        MemorySegment scratch = Linux.scratch();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            MemorySegment length = arena.allocateFrom(JAVA_INT, Integer.BYTES);
            int result =
                    (int)
                            GETSOCKOPT.invokeExact(
                                    scratch, socket, SOL_SOCKET, SO_ERROR, value, length);
            return result < 0 ? -Linux.answer(result, scratch) : value.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw Linux.unexpected("getsockopt", e);
        }
    }

    /** The address that the socket has at this end. */
    public static InetSocketAddress localAddress(int socket) {
        MemorySegment scratch = Linux.scratch();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(InetSockaddr.MAX_BYTES, Integer.BYTES);
            MemorySegment length = arena.allocateFrom(JAVA_INT, InetSockaddr.MAX_BYTES);
            int result = (int) GETSOCKNAME.invokeExact(scratch, socket, memory, length);
            if (result < 0) {
                throw new IllegalArgumentException(
                        "getsockname: " + Errno.text(-Linux.answer(result, scratch)));
            }
            return InetSockaddr.read(memory);
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (Throwable e) {
            throw Linux.unexpected("getsockname", e);
        }
    }

    /** Sends small segments at once: TCP_NODELAY. */
    public static int noDelay(int socket) {
        return setOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    }

    /** Uses only this network interface: SO_BINDTODEVICE. */
    public static int bindToDevice(int socket, String networkInterface) {
        byte[] name = networkInterface.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(name.length + 1L);
            MemorySegment.copy(MemorySegment.ofArray(name), 0, value, 0, name.length);
            return setOption(socket, SOL_SOCKET, SO_BINDTODEVICE, value);
        }
    }

    private static int setOption(int socket, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return setOption(socket, level, option, arena.allocateFrom(JAVA_INT, value));
        }
    }

    private static int setOption(int socket, int level, int option, MemorySegment value) {
        MemorySegment scratch = Linux.scratch();
        int length = (int) value.byteSize();
        try {
            int result =
                    (int) SETSOCKOPT.invokeExact(scratch, socket, level, option, value, length);
            return Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("setsockopt", e);
        }
    }

    /** Whether calls on the socket wait: io_uring only waits for sockets that do. */
    public static int blocking(int socket, boolean wait) {
        MemorySegment scratch = Linux.scratch();
        try {
            int flags =
                    Linux.answer((int) FCNTL.invokeExact(scratch, socket, F_GETFL, 0L), scratch);
            if (flags < 0) {
                return flags;
            }
            long wanted = wait ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
            int result = (int) FCNTL.invokeExact(scratch, socket, F_SETFL, wanted);
            return Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("fcntl", e);
        }
    }

    /** Bytes received without waiting; 0 at the end of the stream, EAGAIN negated when none are there. */
    public static int receive(int socket, long address, int bytes) {
        MemorySegment scratch = Linux.scratch();
        try {
            long result =
                    (long) RECV.invokeExact(scratch, socket, address, (long) bytes, MSG_DONTWAIT);
            return (int) Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("recv", e);
        }
    }

    /**
     * Bytes sent without waiting, fewer than there are perhaps; EAGAIN negated when there is no room.
     *
     * @param message address of a {@link MessageHeader}
     */
    public static int send(int socket, long message) {
        MemorySegment scratch = Linux.scratch();
        try {
            long result =
                    (long)
                            SENDMSG.invokeExact(
                                    scratch, socket, message, MSG_DONTWAIT | MSG_NOSIGNAL);
            return (int) Linux.answer(result, scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("sendmsg", e);
        }
    }

    /** Closes any descriptor. It is gone whatever the answer. */
    public static int close(int descriptor) {
        MemorySegment scratch = Linux.scratch();
        try {
            return Linux.answer((int) CLOSE.invokeExact(scratch, descriptor), scratch);
        } catch (Throwable e) {
            throw Linux.unexpected("close", e);
        }
    }
}
