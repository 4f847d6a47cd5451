package org.jnvmet.app.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The command line's end of the control socket: one question, one answer. */
public final class ControlClient {
    private final Path path;

    public ControlClient(Path path) {
        this.path = path;
    }

    /**
     * Asks the running server.
     *
     * @return what it says
     * @throws Refused with one line that says why not
     */
    public String ask(String command, @Nullable String config) {
        return ask(new ControlMessage.Request(command, config, null));
    }

    /** Asks why data is staged where it is; as {@link #ask}. */
    public String explain(ExplainRequest question) {
        return ask(new ControlMessage.Request("explain", null, question));
    }

    private String ask(ControlMessage.Request request) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            connect(channel);
            ControlMessage.send(channel, request);
            ControlMessage.Answer answer =
                    ControlMessage.receive(channel, ControlMessage.Answer.class);
            if (answer.error() != null) {
                throw new Refused(answer.error());
            }
            return answer.text() == null ? "" : answer.text();
        } catch (IOException failure) {
            throw new Refused(path + ": " + failure.getMessage());
        }
    }

    private void connect(SocketChannel channel) throws IOException {
        try {
            channel.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException failure) {
            throw new IOException(
                    "no jnvmet listens there (" + failure.getMessage() + ")", failure);
        }
    }

    /** The server said no, or there is none. */
    public static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(String why) {
            super(why);
        }
    }
}
