package org.jnvmet.app.control;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The lines of the control socket. */
final class ControlMessage {
    /** Bytes of a line; the largest configuration is far smaller. */
    static final int MAX_BYTES = 64 << 20;

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();
    private static final int BLOCK_BYTES = 64 << 10;

    private ControlMessage() {}

    /**
     * What the client wants.
     *
     * @param command "restore", "save", "ls" or "explain"
     * @param config the text of the configuration for "restore"
     * @param explain the question for "explain"
     */
    record Request(
            @Nullable String command, @Nullable String config, @Nullable ExplainRequest explain) {}

    /**
     * What the server answers: a text or an error, one line that says what is wrong.
     *
     * @param text what to print
     * @param error why not
     */
    record Answer(@Nullable String text, @Nullable String error) {}

    static void send(SocketChannel channel, Object message) throws IOException {
        ByteBuffer line =
                ByteBuffer.wrap((GSON.toJson(message) + "\n").getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            channel.write(line);
        }
    }

    /** The next line as a message; an IOException when the peer sends something else. */
    static <T> T receive(SocketChannel channel, Class<T> type) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
        while (true) {
            if (channel.read(block.clear()) < 0) {
                throw new IOException("the other side closed the connection");
            }
            byte[] bytes = block.array();
            int length = block.position();
            int newline = 0;
            while (newline < length && bytes[newline] != '\n') {
                newline++;
            }
            line.write(bytes, 0, newline);
            if (line.size() > MAX_BYTES) {
                throw new IOException("a message is longer than " + MAX_BYTES + " bytes");
            }
            if (newline < length) {
                return parse(line.toString(StandardCharsets.UTF_8), type);
            }
        }
    }

    private static <T> T parse(String line, Class<T> type) throws IOException {
        try {
            T message = GSON.fromJson(line, type);
            if (message == null) {
                throw new IOException("an empty message");
            }
            return message;
        } catch (JsonParseException malformed) {
            throw new IOException(
                    "a message that is no JSON object of the kind expected", malformed);
        }
    }
}
