package org.jnvmet.configfs.fuse;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a test needs to mount. */
final class MountFixture {
    private MountFixture() {}

    /** Skips the test, or fails it where nothing may be skipped, when this machine cannot mount. */
    static void requireMounting() throws IOException {
        require(Files.isWritable(Path.of("/dev/fuse")), "there is no /dev/fuse that may be opened");
        require(Libc.effectiveUser() == 0, "mounting needs root");
        require(
                isInstalled("python3"),
                "python3 is not installed: it makes the system calls that no shell command does");
    }

    private static void require(boolean met, String reason) {
        if (!met && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("CI must run this test: " + reason);
        }
        assumeTrue(met, reason);
    }

    private static boolean isInstalled(String tool) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }
}
