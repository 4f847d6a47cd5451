package org.jnvmet.app.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server's end of the control socket. A virtual thread for each client, a few clients at a time. */
public final class ControlServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
    private static final int MAX_CLIENTS = 16;

    /** Clients that wait for their turn. */
    private static final int BACKLOG = 1024;

    /** Time for a client to say what it wants. */
    private static final int REQUEST_SECONDS = 10;

    private final Path path;
    private final ServerSocketChannel listener;
    private final Commands commands;
    private final Semaphore clients = new Semaphore(MAX_CLIENTS);
    private final ScheduledExecutorService timers =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("control-timer").factory());

    /** What a client may ask for. A refusal is an exception whose message is one line for people. */
    public interface Commands {
        /** The answer: remarks, a line each, about what is not in effect. */
        String restore(String json);

        String save();

        String list();

        String explain(ExplainRequest question);
    }

    private ControlServer(Path path, ServerSocketChannel listener, Commands commands) {
        this.path = path;
        this.listener = listener;
        this.commands = commands;
    }

    /** Listens at {@code path}, only for the user who runs the server. A socket that nobody serves is replaced. */
    public static ControlServer listen(Path path, Commands commands) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException("is no path of a socket");
        }
        Files.createDirectories(folder);
        if (Files.exists(path) && isServed(path)) {
            throw new IOException(
                    "another jnvmet listens there; give this one another --control PATH");
        }
        ControlServer server = new ControlServer(path, bindPrivately(folder, path), commands);
        Thread.ofVirtual().name("control-accept").start(server::accept);
        return server;
    }

    private static boolean isServed(Path path) throws IOException {
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            throw new IOException("is there already and is no socket");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException nobody) {
            return false;
        }
    }

    /** Binds in a folder of our own and moves the socket to its place when nobody else can open it any more. */
    private static ServerSocketChannel bindPrivately(Path folder, Path path) throws IOException {
        Path own = Files.createTempDirectory(folder, ".jnvmet-");
        Path socket = own.resolve("s");
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(socket), BACKLOG);
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            Files.move(
                    socket,
                    path,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            return channel;
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        } finally {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(own);
        }
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                clients.acquire();
                SocketChannel client = listener.accept();
                Thread.ofVirtual().name("control").start(() -> serve(client));
            } catch (ClosedChannelException | InterruptedException closed) {
                return;
            } catch (IOException failure) {
                clients.release();
                LOG.warn("control socket: {}", failure.getMessage());
            }
        }
    }

    private void serve(SocketChannel client) {
        ScheduledFuture<?> timeout =
                timers.schedule(() -> close(client), REQUEST_SECONDS, TimeUnit.SECONDS);
        try (client) {
            ControlMessage.Request request =
                    ControlMessage.receive(client, ControlMessage.Request.class);
            timeout.cancel(false);
            ControlMessage.send(client, answer(request));
        } catch (IOException failure) {
            LOG.debug("control client: {}", failure.getMessage());
        } finally {
            timeout.cancel(false);
            clients.release();
        }
    }

    private ControlMessage.Answer answer(ControlMessage.Request request) {
        try {
            return new ControlMessage.Answer(run(request), null);
        } catch (IllegalStateException | IllegalArgumentException | NullPointerException bug) {
            LOG.error("control command {} failed", request.command(), bug);
            return new ControlMessage.Answer(null, "internal error: " + bug);
        } catch (RuntimeException refusal) {
            return new ControlMessage.Answer(null, String.valueOf(refusal.getMessage()));
        }
    }

    private String run(ControlMessage.Request request) {
        String command = request.command();
        return switch (command == null ? "" : command) {
            case "restore" -> {
                @Nullable String config = request.config();
                yield commands.restore(config == null ? "" : config);
            }
            case "save" -> commands.save();
            case "ls" -> commands.list();
            case "explain" -> {
                @Nullable ExplainRequest question = request.explain();
                if (question == null || question.subsystem() == null) {
                    throw new UnsupportedOperationException("explain: what?");
                }
                yield commands.explain(question);
            }
            default -> throw new UnsupportedOperationException("unknown command " + command);
        };
    }

    private static void close(SocketChannel client) {
        try {
            client.close();
        } catch (IOException failure) {
            LOG.debug("control client: {}", failure.getMessage());
        }
    }

    /** Stops listening and takes the socket away. */
    @Override
    public void close() throws IOException {
        timers.shutdownNow();
        listener.close();
        Files.deleteIfExists(path);
    }
}
