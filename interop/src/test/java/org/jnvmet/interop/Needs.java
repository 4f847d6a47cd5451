package org.jnvmet.interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.opentest4j.TestAbortedException;

/**
 * What a test needs from the machine. What is absent makes the test skip with the reason on the
 * screen; in CI, where {@code CI=true}, it fails instead, so that nothing is left out silently.
 */
final class Needs {
    private Needs() {}

    /** The folder of the guest image that most tests boot. */
    static Path guestImage() {
        return guestImage("host");
    }

    /** The folder of a guest image that scripts/install-test-tools.sh built, by its kind. */
    static Path guestImage(String kind) {
        Path script = Checkout.root().resolve("scripts/install-test-tools.sh");
        Result check = LocalShell.exec(Duration.ofMinutes(1), script.toString(), "--check", kind);
        if (check.status() != 0) {
            throw absent(check.output());
        }
        return Path.of(check.output());
    }

    /** A kernel that lets this user mount a file system in user space. */
    static void fuse() {
        if (!Files.isWritable(Path.of("/dev/fuse"))) {
            throw absent("no mounted tree: /dev/fuse is absent or not writable for this user");
        }
    }

    /** A mount namespace of one's own, to put a tree where a program expects it. */
    static void mountNamespace() {
        Result unshare = LocalShell.exec(Duration.ofSeconds(20), "unshare", "-m", "true");
        if (unshare.status() != 0) {
            throw absent("no mount namespace: " + unshare.output());
        }
    }

    private static RuntimeException absent(String reason) {
        if (Boolean.parseBoolean(System.getenv("CI"))) {
            throw new AssertionError("CI=true, and " + reason);
        }
        System.err.println("SKIPPED: " + reason);
        return new TestAbortedException(reason);
    }
}
