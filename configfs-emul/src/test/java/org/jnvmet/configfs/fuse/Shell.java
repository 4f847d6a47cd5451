package org.jnvmet.configfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs real commands in a directory, as a user of the mount would. */
final class Shell {
    private static final int TIME_LIMIT_SECONDS = 60;

    private final Path directory;

    Shell(Path directory) {
        this.directory = directory;
    }

    /** What a command printed and how it ended. */
    record Result(int status, String output) {}

    Process start(String command) {
        ProcessBuilder builder =
                new ProcessBuilder("bash", "-c", command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        try {
            return builder.start();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    Result run(String command) {
        Process process = start(command);
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(TIME_LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            return new Result(process.exitValue(), output);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Output of a command that must succeed, without the final newline. */
    String ok(String command) {
        Result result = run(command);
        assertThat(result.status()).as("%s: %s", command, result.output()).isZero();
        return result.output().stripTrailing();
    }

    /** A command that must fail with this text of an errno. */
    void refused(String errno, String command) {
        Result result = run(command);
        assertThat(result.status()).as("%s: %s", command, result.output()).isNotZero();
        assertThat(result.output()).as(command).contains(errno);
    }
}
