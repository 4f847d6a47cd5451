package org.jnvmet.host.tcp;

import io.netty.channel.ChannelException;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jnvmet.host.HostException;

/** Makes sockets as the connect options want them, and says in plain words what went wrong. */
final class Sockets {
    // <asm-generic/socket.h>
    private static final int SOL_SOCKET = 1;
    private static final int SO_BINDTODEVICE = 25;

    private Sockets() {}

    /**
     * A socket that does not block, to connect to {@code remote}.
     *
     * @throws HostException when the local address or interface is not to be had
     */
    static Socket open(TcpAddress address, InetSocketAddress remote) {
        boolean six = remote.getAddress() instanceof Inet6Address;
        Socket socket =
                LinuxSocket.newSocketStream(
                        six ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET);
        try {
            socket.setTcpNoDelay(true);
            bind(socket, address);
            return socket;
        } catch (IOException e) {
            close(socket);
            throw new HostException(address + ": " + describe(e), e);
        } catch (HostException e) {
            close(socket);
            throw e;
        }
    }

    private static void bind(Socket socket, TcpAddress address) throws IOException {
        if (!address.networkInterface().isEmpty()) {
            bindToInterface(socket, address);
        }
        if (!address.from().isEmpty()) {
            try {
                socket.bind(address.local());
            } catch (IOException e) {
                throw new HostException(
                        "%s: host_traddr %s: %s".formatted(address, address.from(), describe(e)),
                        e);
            }
        }
    }

    private static void bindToInterface(Socket socket, TcpAddress address) {
        byte[] bytes = (address.networkInterface() + '\0').getBytes(StandardCharsets.UTF_8);
        ByteBuffer value = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        try {
            socket.setRawOpt(SOL_SOCKET, SO_BINDTODEVICE, value);
        } catch (IOException | ChannelException e) {
            throw new HostException(
                    "%s: host_iface %s: %s"
                            .formatted(address, address.networkInterface(), describe(e)),
                    e);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // Closing is all that can be done with it.
        }
    }

    /** What the kernel said, without the name of Netty's function: {@code connection refused}. */
    static String describe(Exception e) {
        String message = e.getMessage();
        if (message == null) {
            return e.getClass().getSimpleName();
        }
        String cause = message.substring(message.lastIndexOf(": ") + 1).strip();
        return cause.substring(0, 1).toLowerCase(Locale.ROOT) + cause.substring(1);
    }
}
