package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.conf.DefaultConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ./jnvmet read} and {@code write} as processes: pipes, signals, terminals. */
final class HostCommandsIT {
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo";
    private static final int BLOCK = 4096;
    private static final int DISK_BYTES = 8 << 20;

    @TempDir private Path folder;

    private final List<Process> started = new ArrayList<>();
    private int service;
    private Server server;

    @BeforeEach
    void serve() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service = free.getLocalPort();
        }
        Path config =
                Files.writeString(
                        folder.resolve("config.json"),
                        DefaultConfig.json()
                                .replace("4420", String.valueOf(service))
                                .replace("mem:1g", "mem:" + DISK_BYTES));
        ControlOption control = new ControlOption(folder.resolve("control"));
        server = Server.start(new Server.Settings(config, null, null, 1, control));
    }

    @AfterEach
    void stop() {
        started.forEach(Process::destroyForcibly);
        server.close();
    }

    private String line(String command) {
        return "%s %s -a 127.0.0.1 -s %d -n %s"
                .formatted(
                        Path.of("..", "jnvmet").toAbsolutePath().normalize(),
                        command,
                        service,
                        NQN);
    }

    private ProcessBuilder command(String command) {
        // Whoever started the tests may have it ignore SIGINT, which would be inherited.
        List<String> words = new ArrayList<>(List.of("env", "--default-signal=INT"));
        words.addAll(List.of(line(command).split(" ", -1)));
        return new ProcessBuilder(words).redirectError(folder.resolve("err").toFile());
    }

    private Process start(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private static int end(Process process) throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
        return process.exitValue();
    }

    private String errors() throws IOException {
        return Files.readString(folder.resolve("err"));
    }

    private static byte[] random(int bytes) {
        byte[] content = new byte[bytes];
        new Random(20_260_101).nextBytes(content);
        return content;
    }

    private int write(byte[] input, String options) throws Exception {
        Process process = start(command("write" + options));
        try (OutputStream pipe = process.getOutputStream()) {
            pipe.write(input);
        }
        return end(process);
    }

    private byte[] read(String options) throws Exception {
        Process process = start(command("read" + options));
        byte[] output;
        try (InputStream pipe = process.getInputStream()) {
            output = pipe.readAllBytes();
        }
        assertThat(end(process)).as(errors()).isZero();
        return output;
    }

    @Test
    void readsFromAPipeAndWritesToOne() throws Exception {
        byte[] data = random(DISK_BYTES);
        assertThat(write(data, "")).as(errors()).isZero();
        assertThat(read("")).isEqualTo(data);
        assertThat(errors()).as("nobody looks: no progress bar").isEmpty();
    }

    @Test
    void refusesABlockThatIsNotFull() throws Exception {
        byte[] data = random(2 * BLOCK + 17);
        assertThat(write(data, "")).isEqualTo(1);
        assertThat(errors())
                .isEqualTo(
                        "jnvmet write: the last block has 17 of 4096 bytes (--pad fills it up);"
                                + " 2 whole blocks were written\n");
        byte[] expected = Arrays.copyOf(Arrays.copyOf(data, 2 * BLOCK), 3 * BLOCK);
        assertThat(read(" --block-count 3")).isEqualTo(expected);
        assertThat(write(data, " --pad")).isZero();
        assertThat(read(" --block-count 3")).isEqualTo(Arrays.copyOf(data, 3 * BLOCK));
    }

    @Test
    void saysThatThereWasLessThanItShouldWrite() throws Exception {
        assertThat(write(random(3 * BLOCK), " --bytes 1m")).isEqualTo(1);
        assertThat(errors())
                .isEqualTo("jnvmet write: standard input ended after 12288 of 1048576 bytes\n");
    }

    @Test
    void saysThatNobodyReadsItsOutput() throws Exception {
        Process process = start(command("read"));
        try (InputStream pipe = process.getInputStream()) {
            assertThat(pipe.readNBytes(BLOCK)).hasSize(BLOCK);
        }
        assertThat(end(process)).isEqualTo(1);
        assertThat(errors()).isEqualTo("jnvmet read: standard output: Broken pipe\n");
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void endsAtOnceWithTheStatusOfTheSignal(String signal, int status) throws Exception {
        Process process = start(command("read"));
        try (InputStream pipe = process.getInputStream()) {
            // It is in the middle: the pipe holds far less than the disk.
            assertThat(pipe.readNBytes(BLOCK)).hasSize(BLOCK);
            Process kill =
                    start(new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())));
            assertThat(end(kill)).isZero();
            assertThat(end(process)).isEqualTo(status);
        }
        assertThat(errors()).isEmpty();
    }

    @Test
    void saysThatTheTargetIsGone() throws Exception {
        Process process = start(command("read --ctrl-loss-tmo 0"));
        try (InputStream pipe = process.getInputStream()) {
            assertThat(pipe.readNBytes(BLOCK)).hasSize(BLOCK);
            server.close();
            long rest = pipe.transferTo(OutputStream.nullOutputStream());
            assertThat(BLOCK + rest).isLessThan(DISK_BYTES);
        }
        assertThat(end(process)).isEqualTo(1);
        assertThat(errors()).doesNotContain("\tat ");
        assertThat(errors().lines()).last().asString().startsWith("jnvmet read: ");
    }

    /** Runs a command with a terminal as its standard streams. */
    private Process onTerminal(String command) throws IOException {
        assumeTrue(Files.exists(Path.of("/usr/bin/script")), "script(1) is not here");
        return start(
                new ProcessBuilder(
                                "script",
                                "--quiet",
                                "--return",
                                "--command",
                                line(command),
                                "/dev/null")
                        .redirectErrorStream(true));
    }

    private static String screen(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void doesNotFillATerminalWithData() throws Exception {
        Process process = onTerminal("read");
        String screen = screen(process);
        assertThat(end(process)).isEqualTo(2);
        assertThat(screen).contains("standard output is a terminal; say -d FILE, or --force");
    }

    @Test
    void showsItsProgressOnATerminal() throws Exception {
        Path file = folder.resolve("disk.img");
        Process process = onTerminal("read -d " + file);
        String screen = screen(process);
        assertThat(end(process)).as(screen).isZero();
        assertThat(screen).contains("read [########################] 100%  8.0 MiB of 8.0 MiB");
        assertThat(file).hasSize(DISK_BYTES);
    }
}
