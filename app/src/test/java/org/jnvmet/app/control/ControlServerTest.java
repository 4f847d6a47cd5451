package org.jnvmet.app.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The control socket: who may use it, and what it does with anything else than a good request. */
final class ControlServerTest {
    @TempDir private Path folder;

    /** Keeps what it was given. */
    private static final class Kept implements ControlServer.Commands {
        private String json = "";

        @Override
        public String restore(String json) {
            if (json.isEmpty()) {
                throw new UnsupportedOperationException("an empty configuration");
            }
            if (json.equals("bug")) {
                throw new IllegalStateException("something broke");
            }
            this.json = json;
            return "";
        }

        @Override
        public String save() {
            return json;
        }

        @Override
        public String list() {
            return "o- /\n";
        }

        @Override
        public String explain(ExplainRequest question) {
            return question.toString();
        }
    }

    private ControlServer listen(Path path) throws IOException {
        return ControlServer.listen(path, new Kept());
    }

    @Test
    void carriesTextsOfAnySizeBothWays() throws IOException {
        Path path = folder.resolve("new folder/socket");
        String large = "{\"é\": \"" + "\n\u0001".repeat(2_000_000) + "\"}";
        try (var _ = listen(path)) {
            ControlClient client = new ControlClient(path);
            assertThat(client.ask("restore", large)).isEmpty();
            assertThat(client.ask("save", null)).isEqualTo(large);
            assertThat(client.ask("ls", null)).isEqualTo("o- /\n");
            for (ExplainRequest question :
                    List.of(
                            new ExplainRequest(1, "nqn.s", null, false),
                            new ExplainRequest(65535, "ä", "/some/where", true))) {
                assertThat(client.explain(question)).isEqualTo(question.toString());
            }
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void isOnlyForItsOwner() throws IOException {
        Path path = folder.resolve("socket");
        try (var _ = listen(path)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-------");
            try (var files = Files.list(folder)) {
                assertThat(files).containsExactly(path);
            }
        }
    }

    @Test
    void givesRefusalsAndBugsBackAsOneLine() throws IOException {
        Path path = folder.resolve("socket");
        try (var _ = listen(path)) {
            ControlClient client = new ControlClient(path);
            assertThatThrownBy(() -> client.ask("restore", ""))
                    .hasMessage("an empty configuration");
            assertThatThrownBy(() -> client.ask("restore", "bug"))
                    .hasMessageContaining("something broke");
            assertThatThrownBy(() -> client.ask("dance", null)).hasMessage("unknown command dance");
            assertThatThrownBy(() -> client.ask("explain", null)).hasMessage("explain: what?");
        }
    }

    @Test
    void replacesASocketThatNobodyServesAndRefusesOneThatSomebodyDoes() throws IOException {
        Path path = folder.resolve("socket");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        try (var _ = listen(path)) {
            assertThatThrownBy(() -> listen(path))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("--control");
            assertThat(new ControlClient(path).ask("ls", null)).isEqualTo("o- /\n");
        }
    }

    @Test
    void leavesAFileAloneThatIsNoSocket() throws IOException {
        Path path = Files.writeString(folder.resolve("precious"), "data");
        assertThatThrownBy(() -> listen(path))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no socket");
        assertThat(path).hasContent("data");
    }

    @Test
    void survivesWhateverClientsSend() throws Exception {
        Path path = folder.resolve("socket");
        try (var _ = listen(path)) {
            for (String garbage :
                    List.of(
                            "\n",
                            "{}\n",
                            "[]\n",
                            "null\n",
                            "\"x\"\n",
                            "{\"command\":[]}\n",
                            "\0\0\n",
                            "{")) {
                try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                    client.write(ByteBuffer.wrap(garbage.getBytes(StandardCharsets.UTF_8)));
                }
            }
            assertThat(new ControlClient(path).ask("ls", null)).isEqualTo("o- /\n");
        }
    }

    @Test
    void servesManyClientsAFewAtATime() throws Exception {
        Path path = folder.resolve("socket");
        int clients = 60;
        CountDownLatch answered = new CountDownLatch(clients);
        try (var _ = listen(path)) {
            for (int i = 0; i < clients; i++) {
                Thread.startVirtualThread(() -> {
                    if (new ControlClient(path).ask("ls", null).equals("o- /\n")) {
                        answered.countDown();
                    }
                });
            }
            assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }
}
