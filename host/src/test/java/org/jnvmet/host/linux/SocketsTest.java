package org.jnvmet.host.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SocketsTest {
    private static final long LIMIT_MS = 20_000;

    private final Arena arena = Arena.ofConfined();
    private ServerSocket listener;
    private int socket = -1;

    @BeforeEach
    void listen() throws IOException {
        listener = new ServerSocket(0, 4, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
        arena.close();
        if (socket >= 0) {
            assertThat(Sockets.close(socket)).isZero();
        }
    }

    private InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    private Socket connect() throws IOException {
        socket = Sockets.open(listener.getInetAddress());
        assertThat(Sockets.connect(socket, address())).isIn(0, -Errno.EINPROGRESS);
        assertThat(Sockets.awaitConnected(socket, LIMIT_MS)).isZero();
        return listener.accept();
    }

    private MemorySegment text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
    }

    private static void put(MessageHeader message, int index, MemorySegment bytes) {
        long at = (long) index * MessageHeader.IOVEC_BYTES;
        message.vector().set(ValueLayout.JAVA_LONG, at, bytes.address());
        message.vector().set(ValueLayout.JAVA_LONG, at + 8, bytes.byteSize());
    }

    @Test
    void sendsWhatIsScatteredAndReceives() throws IOException {
        try (Socket peer = connect()) {
            MessageHeader message = new MessageHeader(arena, 4);
            put(message, 0, text("one, "));
            put(message, 1, text("two, "));
            put(message, 2, text("three"));
            put(message, 3, text("not sent"));
            message.count(3);

            assertThat(Sockets.send(socket, message.address())).isEqualTo(15);
            assertThat(peer.getInputStream().readNBytes(15))
                    .asString()
                    .isEqualTo("one, two, three");

            MemorySegment memory = arena.allocate(64);
            assertThat(Sockets.receive(socket, memory.address(), 64)).isEqualTo(-Errno.EAGAIN);
            peer.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
            awaitReadable();
            assertThat(Sockets.receive(socket, memory.address(), 64)).isEqualTo(6);
            assertThat(memory.getString(0)).isEqualTo("answer");
        }
    }

    private void awaitReadable() {
        try (PollSet readable = new PollSet()) {
            readable.add(socket, PollSet.IN);
            assertThat(readable.await(LIMIT_MS)).isEqualTo(1);
        }
    }

    @Test
    void saysThatTheStreamHasEnded() throws IOException {
        connect().close();
        awaitReadable();
        assertThat(Sockets.receive(socket, arena.allocate(8).address(), 8)).isZero();
    }

    @Test
    void refusesToSendWhenThePeerDoesNotRead() throws IOException {
        try (Socket peer = connect()) {
            MessageHeader message = new MessageHeader(arena, 1);
            put(message, 0, arena.allocate(1 << 20));
            message.count(1);
            int result;
            do {
                result = Sockets.send(socket, message.address());
            } while (result > 0);
            assertThat(result).isEqualTo(-Errno.EAGAIN);
            assertThat(peer.isConnected()).isTrue();
        }
    }

    @Test
    void sendingToNobodyIsAnErrorAndNoSignal() throws IOException {
        Socket peer = connect();
        peer.setSoLinger(true, 0);
        peer.close();
        awaitReadable();
        MessageHeader message = new MessageHeader(arena, 1);
        put(message, 0, text("x"));
        message.count(1);
        assertThat(Sockets.send(socket, message.address())).isEqualTo(-Errno.ECONNRESET);
        assertThat(Sockets.send(socket, message.address())).isEqualTo(-Errno.EPIPE);
    }

    @Test
    void knowsWhyItCouldNotConnect() throws IOException {
        InetSocketAddress nobody = address();
        listener.close();
        socket = Sockets.open(nobody.getAddress());
        int result = Sockets.connect(socket, nobody);
        if (result == -Errno.EINPROGRESS) {
            result = Sockets.awaitConnected(socket, LIMIT_MS);
        }
        assertThat(result).isEqualTo(-Errno.ECONNREFUSED);
        assertThat(Errno.text(-result)).isEqualTo("Connection refused");
    }

    @Test
    void givesUpWhenTheTimeIsOver() throws IOException {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress peer =
                    new InetSocketAddress(full.getInetAddress(), full.getLocalPort());
            int[] sockets = new int[8];
            int last = 0;
            // A listener whose backlog is full drops what would connect.
            for (int i = 0; i < sockets.length && last != -Errno.ETIMEDOUT; i++) {
                sockets[i] = Sockets.open(peer.getAddress());
                int _ = Sockets.connect(sockets[i], peer);
                last = Sockets.awaitConnected(sockets[i], 50);
            }
            assertThat(last).isEqualTo(-Errno.ETIMEDOUT);
            for (int each : sockets) {
                if (each > 0) {
                    assertThat(Sockets.close(each)).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void bindsAndTellsTheLocalAddress(String text) throws IOException {
        InetAddress local = InetAddress.getByName(text);
        socket = Sockets.open(local);
        assertThat(Sockets.bind(socket, new InetSocketAddress(local, 0))).isZero();
        InetSocketAddress bound = Sockets.localAddress(socket);
        assertThat(bound.getAddress()).isEqualTo(local);
        assertThat(bound.getPort()).isPositive();
    }

    @Test
    void bindsToNoAddressOfSomebodyElse() throws IOException {
        InetAddress foreign = InetAddress.getByName("192.0.2.1");
        socket = Sockets.open(foreign);
        assertThat(Sockets.bind(socket, new InetSocketAddress(foreign, 0)))
                .isEqualTo(-Errno.EADDRNOTAVAIL);
    }

    @Test
    void bindsToAnInterfaceThatExists() {
        socket = Sockets.open(InetAddress.getLoopbackAddress());
        assertThat(Sockets.bindToDevice(socket, "lo")).isZero();
        assertThat(Sockets.bindToDevice(socket, "nowhere7")).isEqualTo(-Errno.ENODEV);
    }

    @Test
    void setsOptionsOfSocketsOnly() {
        socket = Sockets.open(InetAddress.getLoopbackAddress());
        assertThat(Sockets.noDelay(socket)).isZero();
        assertThat(Sockets.blocking(socket, true)).isZero();
        assertThat(Sockets.blocking(socket, false)).isZero();
        try (EventFd other = new EventFd()) {
            assertThat(Sockets.noDelay(other.descriptor())).isNegative();
            assertThatThrownBy(() -> Sockets.localAddress(other.descriptor()))
                    .hasMessageContaining("getsockname");
        }
    }
}
