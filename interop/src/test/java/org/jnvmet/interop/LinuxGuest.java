package org.jnvmet.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine with a stock Linux kernel. Scripts run in it one after the other by an agent on
 * its serial terminal (guest-agent.sh); what they write appears on our screen as it comes. Every
 * script has a time limit, and a guest that misses one is ended: nothing in it can be trusted then.
 * The guest reaches 127.0.0.1 of this machine as 10.0.2.2.
 */
final class LinuxGuest implements AutoCloseable {
    /** This machine, as seen from the guest. */
    static final String OUTER_ADDRESS = "10.0.2.2";

    /** Kinds of guest images, as install-test-tools.sh calls them. */
    private static final String HOST = "host", PEER_TO_PEER = "p2p";

    private static final List<String> LIBRARIES =
            List.of("guest-lib.sh", "tree-lib.sh", "jnvmet-lib.sh", "peer-lib.sh", "rdma-lib.sh");

    private static final Duration BOOT_LIMIT = Duration.ofMinutes(2);
    private static final int BOOT_ATTEMPTS = 3;
    private static final Duration SCRIPT_LIMIT = Duration.ofSeconds(90);
    private static final Duration LIFE_LIMIT = Duration.ofMinutes(20);
    private static final char END_MARK = '\u001e';
    private static final String GONE = END_MARK + "gone";

    private final String name;
    private final Path folder;
    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private int scripts;
    private boolean alive = true;

    private LinuxGuest(String name, Path folder, Process process) {
        this.name = name;
        this.folder = folder;
        this.process = process;
        Thread.ofPlatform().daemon().name("guest-" + name).start(this::readTerminal);
    }

    /**
     * Boots a guest and waits until it takes scripts; options are those of boot.sh. A kernel that dies
     * before that says something of the emulated processors only, which do not always start together:
     * then another is booted.
     */
    static LinuxGuest boot(String name, String... options) {
        return boot(HOST, name, options);
    }

    /** Boots a guest whose kernel lets programs map peer memory, and does so with devices that have some. */
    static LinuxGuest bootWithPeerMemory(String name, String... options) {
        return boot(PEER_TO_PEER, name, options);
    }

    private static LinuxGuest boot(String kind, String name, String... options) {
        Path image = Needs.guestImage(kind);
        for (int attempt = 1; true; attempt++) {
            try {
                return bootOnce(image, name, options);
            } catch (AssertionError died) {
                if (attempt == BOOT_ATTEMPTS) {
                    throw died;
                }
                System.out.println("[" + name + "] " + died.getMessage() + "\nbooting once more");
            }
        }
    }

    private static LinuxGuest bootOnce(Path image, String name, String... options) {
        Path folder = Checkout.workFolder("guest-" + name);
        for (String library : LIBRARIES) {
            Checkout.install(library, folder);
        }
        Path agent = Checkout.install("guest-agent.sh", folder);
        List<String> command = new ArrayList<>();
        command.add(Checkout.root().resolve("scripts/guest/boot.sh").toString());
        command.addAll(List.of("-i", image.toString(), "-o", folder.toString()));
        command.addAll(List.of("-t", Long.toString(LIFE_LIMIT.toSeconds())));
        command.addAll(List.of(options));
        try {
            Files.move(agent, folder.resolve("job"));
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            Checkout.endWithUs(process);
            LinuxGuest guest = new LinuxGuest(name, folder, process);
            guest.await("boot", BOOT_LIMIT).expectSuccess("boot.sh");
            return guest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean alive() {
        return alive;
    }

    /** Runs a script that has to succeed, and returns what it wrote. */
    String run(String script) {
        return attempt(script).expectSuccess(script);
    }

    Result attempt(String script) {
        return attempt(script, "");
    }

    /** Runs a script after a prelude that is not shown. */
    Result attempt(String script, String prelude) {
        return attempt(script, prelude, SCRIPT_LIMIT);
    }

    /** Runs a script of bash in the guest, with the functions of guest-lib.sh. */
    Result attempt(String script, String prelude, Duration limit) {
        if (!alive) {
            throw new AssertionError("guest " + name + " ended before\n" + script);
        }
        String id = Integer.toString(++scripts);
        System.out.println("[" + name + "] $ " + script.strip().replace("\n", "\n    "));
        try {
            Files.writeString(folder.resolve(id + ".sh"), prelude + "\n" + script + "\n");
            send(id);
        } catch (IOException e) {
            throw died("cannot take " + script, e);
        }
        return await(script, limit);
    }

    /** All messages of the kernel since the last call. */
    List<KernelLog.Message> takeKernelLog() {
        return KernelLog.parse(run("busybox dmesg -r -c"));
    }

    private void send(String line) throws IOException {
        Writer writer = process.outputWriter(StandardCharsets.UTF_8);
        writer.write(line + "\n");
        writer.flush();
    }

    private Result await(String script, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        StringBuilder output = new StringBuilder();
        try {
            while (true) {
                String line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (line == null) {
                    throw died("no end after " + limit + " of " + script + "\n" + output, null);
                } else if (line.equals(GONE)) {
                    throw died("it ended during " + script + "\n" + output, null);
                } else if (line.charAt(0) == END_MARK) {
                    int status = Integer.parseInt(line.substring(1).strip());
                    return new Result(status, output.toString().stripTrailing());
                }
                output.append(line, 1, line.length()).append('\n');
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw died("interrupted in " + script, e);
        }
    }

    /** Ends the guest, with the last that its kernel said. */
    private AssertionError died(String why, @Nullable Exception cause) {
        alive = false;
        process.destroy();
        List<String> console = List.of();
        try {
            console =
                    Files.readString(folder.resolve("console"), StandardCharsets.ISO_8859_1)
                            .lines()
                            .toList();
        } catch (IOException e) {
            System.err.println("no console of guest " + name + ": " + e);
        }
        List<String> tail = console.subList(Math.max(0, console.size() - 40), console.size());
        return new AssertionError(
                "guest " + name + ": " + why + "\nits console:\n" + String.join("\n", tail), cause);
    }

    /** Owned by the reader thread: every line goes to the queue, marked ' ' or END_MARK. */
    private void readTerminal() {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isEmpty() && line.charAt(0) == END_MARK) {
                    lines.add(line);
                } else {
                    if (!line.isEmpty()) {
                        System.out.println("[" + name + "] " + line);
                    }
                    lines.add(" " + line);
                }
            }
        } catch (IOException e) {
            System.err.println("[" + name + "] terminal: " + e);
        }
        lines.add(GONE);
    }

    @Override
    public void close() {
        try {
            if (alive) {
                alive = false;
                send("end");
                if (process.waitFor(20, TimeUnit.SECONDS)) {
                    return;
                }
            }
        } catch (IOException e) {
            System.err.println("guest " + name + " did not take the end: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroy();
    }
}
