package org.jnvmet.p2pmem.pool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.FileStatus;
import org.jnvmet.target.posix.Libc;

/**
 * Memory that the kernel gives away through {@code p2pmem/allocate} (Linux 6.2 and later), or a plain file that
 * stands for it in an emulated tree. Of the kernel's each mapping is an allocation of its own; a file has one
 * content only, so one mapping at a time.
 */
public final class SysfsProvider implements Provider {
    /** Bytes of plain files that this process has mapped: the kernel counts for itself, a file cannot. */
    private static final Map<Path, Long> EMULATED = new ConcurrentHashMap<>();

    private final PciAddress address;
    private final Path group;

    /** The function of that address below {@code sysfs}. */
    public SysfsProvider(Path sysfs, PciAddress address) {
        this.address = address;
        group = sysfs.resolve("bus/pci/devices").resolve(address.toString()).resolve("p2pmem");
    }

    @Override
    public PciAddress address() {
        return address;
    }

    @Override
    public String kind() {
        return "sysfs";
    }

    /** {@inheritDoc} 0: there is none, or it is gone. */
    @Override
    public long bytes() {
        return number("size");
    }

    @Override
    public int dmaBuf() {
        return -1;
    }

    @Override
    public long availableBytes() {
        return Math.max(0, number("available") - EMULATED.getOrDefault(file(), 0L));
    }

    @Override
    public boolean published() {
        return number("published") == 1;
    }

    @Override
    public Mapping map(long bytes) throws PeerMemoryException {
        Path file = group.resolve("allocate");
        int fd = Libc.open(file.toString(), Libc.O_RDWR);
        if (fd == -Errno.ENOENT.number()) {
            throw new PeerMemoryException(
                    Errno.ENODEV,
                    file
                            + " is not there: no memory, or a kernel before 6.2, or the device is gone");
        }
        if (fd < 0) {
            throw new PeerMemoryException(Errno.of(-fd), "open of " + file);
        }
        try {
            return Libc.fileSystem(fd) == Libc.SYSFS_MAGIC
                    ? NativeMapping.map(fd, bytes, file.toString(), () -> {})
                    : mapFile(fd, bytes, file);
        } finally {
            int _ = Libc.close(fd); // the mapping keeps what it needs
        }
    }

    private Mapping mapFile(int fd, long bytes, Path file) throws PeerMemoryException {
        long size = size(fd, file);
        if (size < bytes) {
            // Beyond the end of a file a mapping is a trap.
            throw new PeerMemoryException(
                    Errno.ENOMEM, file + " has " + size + " bytes, not " + bytes);
        }
        Path key = file();
        if (EMULATED.putIfAbsent(key, bytes) != null) {
            throw new PeerMemoryException(
                    Errno.ENOMEM, file + " is a plain file and mapped already");
        }
        try {
            return NativeMapping.map(fd, bytes, file.toString(), () -> EMULATED.remove(key));
        } catch (PeerMemoryException e) {
            EMULATED.remove(key);
            throw e;
        }
    }

    /** One name for the file, whichever way leads to it. */
    private Path file() {
        Path file = group.resolve("allocate");
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file.toAbsolutePath();
        }
    }

    private static long size(int fd, Path file) throws PeerMemoryException {
        try {
            return FileStatus.of(fd).bytes();
        } catch (IOException e) {
            throw new PeerMemoryException(Errno.EIO, file + ": " + e.getMessage());
        }
    }

    /** What a file says; 0 when it is not there, cannot be read or says something else. */
    private long number(String name) {
        try {
            return Long.parseLong(Files.readString(group.resolve(name)).strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public String toString() {
        return kind() + " " + address;
    }
}
