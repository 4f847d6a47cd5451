package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.CRC32C;

/**
 * The other end of a real socket: follows a script of bytes to expect and bytes to send, one
 * connection. {@link #close} waits for the script and reports where it failed.
 */
final class ScriptedController implements AutoCloseable {
    private static final int LIMIT_MS = 20_000;

    private final ServerSocket listener;
    private final CompletableFuture<String> script = new CompletableFuture<>();

    /** What the controller does on its one connection. */
    @FunctionalInterface
    interface Script {
        void run(Wire wire) throws IOException, InterruptedException;
    }

    ScriptedController(Script script) {
        this(InetAddress.getLoopbackAddress(), script);
    }

    ScriptedController(InetAddress at, Script script) {
        try {
            listener = new ServerSocket(0, 1, at);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(() -> follow(script));
    }

    private void follow(Script steps) {
        try (Socket socket = listener.accept()) {
            socket.setSoTimeout(LIMIT_MS);
            socket.setTcpNoDelay(true);
            steps.run(new Wire(socket));
            script.complete("to its end");
        } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
            script.completeExceptionally(e);
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    @Override
    public void close() {
        try (listener) {
            assertThat(script.get(LIMIT_MS, TimeUnit.MILLISECONDS)).isEqualTo("to its end");
        } catch (ExecutionException e) {
            throw new AssertionError("the controller's script failed", e.getCause());
        } catch (InterruptedException | TimeoutException | IOException e) {
            throw new AssertionError("the controller's script did not end", e);
        }
    }

    /** The connection, in hexadecimal. */
    static final class Wire {
        private final Socket socket;
        private final InputStream in;

        Wire(Socket socket) throws IOException {
            this.socket = socket;
            in = socket.getInputStream();
        }

        byte[] read(int count) throws IOException {
            byte[] bytes = in.readNBytes(count);
            assertThat(bytes).as("bytes before the end of the stream").hasSize(count);
            return bytes;
        }

        /** As many bytes, or fewer when the stream has ended. */
        byte[] readOrEnd(int count) throws IOException {
            try {
                return in.readNBytes(count);
            } catch (SocketException e) {
                return new byte[0]; // the host has closed with something unread
            }
        }

        /** The host's address. */
        String peer() {
            return socket.getInetAddress().getHostAddress();
        }

        /** Ends the connection with a reset. */
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        void expect(String hex) throws IOException {
            String digits = hex.replaceAll("\\s", "");
            assertThat(HexFormat.of().formatHex(read(digits.length() / 2))).isEqualTo(digits);
        }

        void expectEnd() throws IOException {
            assertThat(in.read()).isEqualTo(-1);
        }

        void send(String hex) throws IOException {
            send(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
        }

        void send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        /** Takes any ICReq and answers: no alignment, no digests, 128 KiB of H2CData. */
        void initialize() throws IOException {
            initialize("00 00", 131_072);
        }

        /** Takes any ICReq and answers with CPDA and DGST, and MAXH2CDATA. */
        void initialize(String alignmentAndDigests, int maxData) throws IOException {
            assertThat(read(128)[0]).isZero();
            send(
                    "01 00 80 00 80000000 0000"
                            + alignmentAndDigests
                            + le32(maxData)
                            + "00".repeat(112));
        }

        /** A CapsuleResp without digest for the command with this identifier. */
        void complete(String commandId, String status) throws IOException {
            send("05 00 18 00 18000000 0000000000000000 0000 0000" + commandId + status);
        }

        /** As {@link #complete}, unless the host has closed the connection. */
        void completeIfOpen(String commandId, String status) throws IOException {
            try {
                complete(commandId, status);
            } catch (SocketException e) {
                assertThat(socket.getInputStream().available()).isZero();
            }
        }
    }

    static String le32(int value) {
        return HexFormat.of().formatHex(le32Bytes(value));
    }

    private static byte[] le32Bytes(int value) {
        return new byte[] {
            (byte) value, (byte) (value >>> 8), (byte) (value >>> 16), (byte) (value >>> 24)
        };
    }

    /** CRC-32C of the bytes, as it stands on the wire. */
    static String digest(String hex) {
        CRC32C crc = new CRC32C();
        crc.update(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
        return le32((int) crc.getValue());
    }
}
