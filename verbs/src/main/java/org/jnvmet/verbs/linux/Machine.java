package org.jnvmet.verbs.linux;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Scanner;
import org.jnvmet.verbs.VerbsUnavailableException;

/**
 * Where this machine has what RDMA needs. Tests have folders of their own.
 *
 * @param root in which {@code dev}, {@code sys} and {@code proc} lie
 * @param librdmacm name or path of the library
 * @param libibverbs name or path of the library
 */
record Machine(Path root, String librdmacm, String libibverbs) {
    static final Machine THIS = new Machine(Path.of("/"), Librdmacm.FILE, Libibverbs.FILE);

    private static final String LOCKED_MEMORY = "Max locked memory";
    private static final String UNLIMITED = "unlimited";

    /** The device of the kernel's connection manager for programs. */
    Path connectionManager() {
        return root.resolve("dev/infiniband/rdma_cm");
    }

    /** @throws VerbsUnavailableException when modules or devices are missing, with what to do about it */
    void expectKernel() throws VerbsUnavailableException {
        if (!Files.exists(connectionManager())) {
            throw new VerbsUnavailableException(
                    "there is no %s: load the kernel's modules (modprobe rdma_ucm ib_uverbs); a container needs /dev/infiniband"
                            .formatted(connectionManager()));
        }
        if (devices().isEmpty()) {
            throw new VerbsUnavailableException(
                    "there is no RDMA device; one over an Ethernet port is made by: rdma link add rxe0 type rxe netdev eth0");
        }
    }

    /**
     * What to do about devices that librdmacm cannot use.
     *
     * @param errno of {@code rdma_create_event_channel}
     */
    VerbsUnavailableException unusable(int errno) {
        List<String> names = devices();
        if (errno == Errno.ENODEV.number()) {
            return new VerbsUnavailableException(
                    "there is no driver for the RDMA devices %s: install ibverbs-providers on Debian, libibverbs on Fedora"
                            .formatted(names));
        }
        return new VerbsUnavailableException(
                "RDMA devices %s cannot be used: rdma_create_event_channel: %s"
                        .formatted(names, Errno.describe(errno)));
    }

    /** Folder of a device in sysfs. */
    Path device(String name) {
        return root.resolve("sys/class/infiniband").resolve(name);
    }

    /** Names of the devices, sorted. */
    List<String> devices() {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> devices =
                Files.newDirectoryStream(root.resolve("sys/class/infiniband"))) {
            for (Path each : devices) {
                names.add(String.valueOf(each.getFileName()));
            }
        } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // the folder comes with the first of the kernel's modules
        }
        Collections.sort(names);
        return names;
    }

    /** What stands behind an open descriptor: a path, or "anon_inode:[infinibandevent]". */
    String behind(int descriptor) {
        try {
            return Files.readSymbolicLink(root.resolve("proc/self/fd/" + descriptor)).toString();
        } catch (IOException e) {
            return "nothing";
        }
    }

    /** Whether the processor may execute what lies at that address. */
    boolean isExecutable(long address) throws IOException {
        for (String mapping : Files.readAllLines(root.resolve("proc/self/maps"))) {
            int dash = mapping.indexOf('-');
            int space = mapping.indexOf(' ');
            long start = Long.parseUnsignedLong(mapping, 0, dash, 16);
            long end = Long.parseUnsignedLong(mapping, dash + 1, space, 16);
            if (Long.compareUnsigned(address, start) >= 0
                    && Long.compareUnsigned(address, end) < 0) {
                return mapping.charAt(space + 3) == 'x';
            }
        }
        return false;
    }

    /** What a message of memory that cannot be registered ends with; empty if no limit is known. */
    String lockedMemoryHint() {
        try {
            for (String limit : Files.readAllLines(root.resolve("proc/self/limits"))) {
                if (limit.startsWith(LOCKED_MEMORY)) {
                    String soft = new Scanner(limit.substring(LOCKED_MEMORY.length())).next();
                    return soft.equals(UNLIMITED)
                            ? ""
                            : "; this process may lock %s bytes of memory (RLIMIT_MEMLOCK: LimitMEMLOCK=infinity of systemd, ulimit -l)"
                                    .formatted(soft);
                }
            }
        } catch (IOException e) {
            return ""; // no proc
        }
        return "";
    }
}
