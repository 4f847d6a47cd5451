package org.jnvmet.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.FileStatus;
import org.jnvmet.target.posix.Libc;
import org.jspecify.annotations.Nullable;

/**
 * The machine that the demonstration of peer memory runs on: a tree of files in the form of sysfs. A switch joins a
 * network interface, which is {@code lo}, and a disk with memory, which is a file of this computer; a second socket
 * has a disk with memory, too, that is out of reach. The files are there until it is closed.
 */
final class DemoMachine implements AutoCloseable {
    /** Peer memory of each disk. */
    static final long MEMORY_BYTES = 32L << 20;

    private static final long MIB = 1 << 20;
    private static final long LEAST_DISK = 8 * MIB;

    private final List<Path> folders = new ArrayList<>();
    private final Thread atExit = new Thread(this::deleteAll);
    private final Path sysfs;
    private final PciAddress near;
    private @Nullable Path disk;
    private String whyNoDisk = "";

    /** With a disk of so many bytes, or of fewer where space is short. */
    DemoMachine(long diskBytes) throws IOException {
        Runtime.getRuntime().addShutdownHook(atExit);
        makeDisk(diskBytes);
        Path shared = Path.of("/dev/shm");
        boolean inMemory =
                Files.isWritable(shared)
                        && Files.getFileStore(shared).getUsableSpace() >= 2 * MEMORY_BYTES;
        sysfs = folder(inMemory ? shared : temporary());
        EmulatedTree tree = EmulatedTree.in(sysfs).cpu("GenuineIntel", 6);
        EmulatedBus fabric =
                tree.hostBridge(0, 0).at(1, 0).rootPort().below().upstreamPort().below();
        fabric.downstreamPort().below().endpoint().nic().networkInterface("lo");
        EmulatedFunction ssd = fabric.downstreamPort().below().endpoint().nvme();
        near = ssd.memory(MEMORY_BYTES).address();
        tree.hostBridge(0, 0x80).at(1, 0).rootPort().below().endpoint().nvme().memory(MEMORY_BYTES);
        if (disk != null) {
            FileStatus status = openDirectly(disk);
            ssd.blockDevice("nvme0n1", status.homeMajor(), status.homeMinor());
        }
    }

    /** What to give for {@code /sys}. */
    Path sysfs() {
        return sysfs;
    }

    /** The disk that has the network interface below the same switch. */
    PciAddress near() {
        return near;
    }

    /** The file that the disk is; null: {@link #whyNoDisk}. */
    @Nullable Path disk() {
        return disk;
    }

    String whyNoDisk() {
        return whyNoDisk;
    }

    private void makeDisk(long diskBytes) throws IOException {
        for (Path place : List.of(temporary(), Path.of("/var/tmp"), Path.of("").toAbsolutePath())) {
            try {
                long free = Files.getFileStore(place).getUsableSpace() - 2 * MEMORY_BYTES;
                long bytes = Math.min(diskBytes, free / 2 / MIB * MIB);
                if (bytes < Math.min(LEAST_DISK, diskBytes)) {
                    note(place, "has no space for a disk");
                    continue;
                }
                Path file = folder(place).resolve("disk");
                try (FileChannel channel =
                        FileChannel.open(
                                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                    channel.write(ByteBuffer.allocate(1), bytes - 1);
                }
                openDirectly(file);
                disk = file;
                return;
            } catch (IOException failure) {
                note(place, "takes no direct I/O (" + failure.getMessage() + ")");
            }
        }
    }

    private void note(Path place, String why) {
        whyNoDisk += (whyNoDisk.isEmpty() ? "" : ", ") + place + " " + why;
    }

    /** Opens it as the target will, past the page cache. */
    private static FileStatus openDirectly(Path file) throws IOException {
        int descriptor = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_DIRECT);
        if (descriptor < 0) {
            throw new IOException(String.valueOf(Errno.of(-descriptor)));
        }
        try {
            FileStatus status = FileStatus.of(descriptor);
            if (status.directAlignment() == 0) {
                throw new IOException("says its file system");
            }
            return status;
        } finally {
            int _ = Libc.close(descriptor);
        }
    }

    private static Path temporary() {
        return Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    }

    private Path folder(Path place) throws IOException {
        Path folder = Files.createTempDirectory(place, "jnvmet-demo-");
        folders.add(folder);
        return folder;
    }

    @Override
    public void close() {
        deleteAll();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException exiting) {
            // the hook deletes again what is not there any more
        }
    }

    private synchronized void deleteAll() {
        for (Path folder : folders) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException | UncheckedIOException left) {
                // a temporary file is left behind, where such files are removed anyway
            }
        }
        folders.clear();
    }
}
