package org.jnvmet.interop;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** This checkout: its scripts, and a working folder for each thing that a test starts. */
final class Checkout {
    /** Name of the folder in which a process mounts its tree. */
    static final String MOUNT = "tree";

    private static final int FIRST_PORT = 20_000;
    private static final int LAST_PORT = 32_000;

    private Checkout() {}

    static Path root() {
        Path start = Path.of("").toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("scripts/install-test-tools.sh"))) {
                return folder;
            }
        }
        throw new IllegalStateException(start + " is in no checkout of jnvmet");
    }

    /** An empty folder below this module's build folder; it stays for a look afterwards. */
    static Path workFolder(String name) {
        Path folder = root().resolve("interop/target/runs").resolve(name);
        Path mount = folder.resolve(MOUNT);
        if (Files.exists(folder)) { // a run that was killed leaves its mount behind
            LocalShell.exec(Duration.ofSeconds(10), "umount", "-l", mount.toString());
        }
        try {
            if (Files.exists(folder)) {
                try (Stream<Path> old = Files.walk(folder)) {
                    for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(path);
                    }
                }
            }
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends a process with this one, should no test have ended it. */
    static void endWithUs(Process process) {
        ProcessHandle handle = process.toHandle();
        Runtime.getRuntime().addShutdownHook(new Thread(handle::destroy));
    }

    /** Copies a file of the test's resources, executable, into a folder. */
    static Path install(String resource, Path folder) {
        Path file = folder.resolve(resource);
        try (InputStream in = Checkout.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + resource);
            }
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            if (!file.toFile().setExecutable(true)) {
                throw new IllegalStateException(file + " cannot be made executable");
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * TCP ports of 127.0.0.1 that nobody uses now. Below those that the system gives to connections:
     * a target that is away for a while must find its port free when it comes back.
     */
    static int[] freePorts(int count) {
        return IntStream.generate(() -> ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT))
                .filter(Checkout::isFree)
                .distinct()
                .limit(count)
                .toArray();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
