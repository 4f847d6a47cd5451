package org.jnvmet.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs programs on this machine, each with a time limit. */
final class LocalShell {
    /** What {@code timeout(1)} says of a program that it had to end. */
    static final int TIMED_OUT = 124;

    private LocalShell() {}

    static Result exec(Duration limit, String... command) {
        return exec(limit, Path.of(""), List.of(command));
    }

    static Result exec(Duration limit, Path folder, List<String> command) {
        Path log = null;
        try {
            log = Files.createTempFile("interop", ".log");
            Process process =
                    new ProcessBuilder(command)
                            .directory(folder.toAbsolutePath().toFile())
                            .redirectErrorStream(true)
                            .redirectInput(Path.of("/dev/null").toFile())
                            .redirectOutput(log.toFile())
                            .start();
            int status = TIMED_OUT;
            if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                status = process.exitValue();
            } else {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
            String output = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
            return new Result(status, output.stripTrailing());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in " + command, e);
        } finally {
            if (log != null && !log.toFile().delete()) {
                log.toFile().deleteOnExit();
            }
        }
    }
}
