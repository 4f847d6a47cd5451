package org.jnvmet.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code ./jnvmet serve} as a user starts it, with a mounted tree and a state file. It starts with
 * an empty configuration; a restart takes up what the state file has.
 */
final class JnvmetProcess implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(30);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    private static final String EMPTY = "{\"hosts\": [], \"ports\": [], \"subsystems\": []}\n";

    private final Path folder;
    private final Path tree;
    private Process process;

    private JnvmetProcess(Path folder, Path tree) throws IOException {
        this.folder = folder;
        this.tree = tree;
        this.process = launch();
    }

    /** Starts a process whose files are in a folder, and waits until its tree is there. */
    static JnvmetProcess start(Path folder) {
        Needs.fuse();
        try {
            Files.writeString(folder.resolve("config.json"), EMPTY);
            Path tree = Files.createDirectories(folder.resolve(Checkout.MOUNT));
            JnvmetProcess jnvmet = new JnvmetProcess(folder, tree);
            jnvmet.awaitTree();
            return jnvmet;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the config tree is mounted. */
    Path tree() {
        return tree;
    }

    /** Lets the process stand still, as a machine that hangs. */
    void suspend() {
        signal("STOP");
    }

    void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        LocalShell.exec(COMMAND_LIMIT, "kill", "-" + name, Long.toString(process.pid()))
                .expectSuccess("kill -" + name);
    }

    /** Runs {@code ./jnvmet config} with these arguments against this process. */
    String config(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Checkout.root().resolve("jnvmet").toString());
        command.add("config");
        command.addAll(List.of(arguments));
        command.addAll(List.of("--control", folder.resolve("control.sock").toString()));
        return LocalShell.exec(COMMAND_LIMIT, folder, command)
                .expectSuccess(String.join(" ", command));
    }

    /** As a power cut of the process: no goodbye to anyone. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        awaitEnd();
    }

    /** SIGTERM, and the status that it led to, within the time that is promised. */
    int stop() {
        process.toHandle().destroy(); // Process.destroy would close its output unread
        return awaitEnd();
    }

    /** Starts again after {@link #kill} or {@link #stop}, from the state file. */
    void restart() {
        try {
            process = launch();
            awaitTree();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Checkout.root().resolve("jnvmet").toString());
        command.addAll(List.of("serve", "--config", folder.resolve("config.json").toString()));
        command.addAll(List.of("--state", folder.resolve("state").toString()));
        command.addAll(List.of("--control", folder.resolve("control.sock").toString()));
        command.addAll(List.of("--mount", tree.toString()));
        Process started =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        Checkout.endWithUs(started);
        Thread.ofPlatform().daemon().name("jnvmet-output").start(() -> relay(started));
        return started;
    }

    private static void relay(Process started) {
        try (BufferedReader reader = started.inputReader(StandardCharsets.UTF_8)) {
            reader.lines().forEach(line -> System.out.println("[jnvmet] " + line));
        } catch (IOException | UncheckedIOException e) {
            System.err.println("[jnvmet] output: " + e);
        }
    }

    /** Ready is a mounted tree; a process that ends before has failed. */
    private void awaitTree() {
        String seen =
                "until findmnt -n --mountpoint \"$1\" && ls \"$1/subsystems\"; do sleep 0.1; done";
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            Result result =
                    LocalShell.exec(
                            Duration.ofSeconds(5), "bash", "-c", seen, "bash", tree.toString());
            if (result.status() == 0) {
                return;
            }
        }
        String state = process.isAlive() ? "shows no tree" : "ended: " + process.exitValue();
        close();
        throw new AssertionError("jnvmet serve " + state + "; its output is above");
    }

    private int awaitEnd() {
        try {
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("jnvmet does not end within " + STOP_LIMIT);
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            stop();
        }
        LocalShell.exec(Duration.ofSeconds(10), "umount", "-l", tree.toString());
    }
}
