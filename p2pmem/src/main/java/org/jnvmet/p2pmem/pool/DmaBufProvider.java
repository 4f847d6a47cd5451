package org.jnvmet.p2pmem.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;

/**
 * Memory behind a descriptor that the configuration names: a dma-buf, or other shared memory that is mapped like
 * one. It has one content, so one mapping at a time. The descriptor stays open, for RDMA devices to
 * register, until this object and its mapping are closed.
 *
 * <p>Access by the processor to a dma-buf shall be bracketed by DMA_BUF_IOCTL_SYNC. A bracket is about the whole
 * buffer, so it cannot follow single commands, which share one; it is opened with the mapping and
 * closed with it. That is all there is to do where DMA is coherent (x86-64, arm64 servers: every machine with
 * PCI slots for such devices) and for memory of a device, which is not cached. Where it is not coherent,
 * what a device writes within the bracket may not be seen, and the memory must not be used: the comparison
 * before first use notices.
 */
public final class DmaBufProvider implements Provider, AutoCloseable {
    private static final long DMA_BUF_IOCTL_SYNC = 0x40086200L;
    private static final long READ_AND_WRITE = 3, START = 0, END = 4;

    private final PciAddress address;
    private final int fd;
    private final String option;
    private final long bytes;
    private boolean closed;
    private boolean mapped;

    private DmaBufProvider(PciAddress address, int fd, String option, long bytes) {
        this.address = address;
        this.fd = fd;
        this.option = option;
        this.bytes = bytes;
    }

    /**
     * Opens what the option says: {@code BDF=PATH} or {@code BDF=fd:N}, an inherited descriptor, which is this
     * object's from now on.
     *
     * @throws ConfigException EINVAL, or the errno of open, with a sentence that names the option
     */
    public static DmaBufProvider open(String option) {
        int equals = option.indexOf('=');
        if (equals < 0 || equals == option.length() - 1) {
            throw refusal(Errno.EINVAL, option, "is not BDF=PATH or BDF=fd:N");
        }
        PciAddress address = PciAddress.parse(option.substring(0, equals));
        if (address == null) {
            throw refusal(
                    Errno.EINVAL,
                    option,
                    "does not begin with the address of a PCI function (0000:03:00.0)");
        }
        String where = option.substring(equals + 1);
        int fd =
                where.startsWith("fd:")
                        ? inherited(option, where.substring(3))
                        : open(option, where);
        long bytes = Libc.seekEnd(fd);
        long granules = bytes & -(long) Centre.GRANULE_BYTES;
        if (granules <= 0) {
            if (!where.startsWith("fd:")) {
                int _ = Libc.close(fd); // nothing was written
            }
            throw bytes < 0
                    ? refusal(Errno.of((int) -bytes), option, "names no memory")
                    : refusal(Errno.EINVAL, option, "names memory of " + bytes + " bytes");
        }
        return new DmaBufProvider(address, fd, option, granules);
    }

    private static int inherited(String option, String number) {
        // 0 to 2 are those of the console.
        if (!number.matches("[0-9]{1,9}") || Integer.parseInt(number) <= 2) {
            throw refusal(
                    Errno.EINVAL, option, "does not name a descriptor of 3 or more: fd:" + number);
        }
        return Integer.parseInt(number);
    }

    private static int open(String option, String path) {
        int fd = Libc.open(path, Libc.O_RDWR);
        if (fd < 0) {
            throw refusal(Errno.of(-fd), option, "cannot be opened");
        }
        return fd;
    }

    private static ConfigException refusal(Errno errno, String option, String why) {
        return new ConfigException(errno, "dma-buf " + option + " " + why + " (" + errno + ")");
    }

    @Override
    public PciAddress address() {
        return address;
    }

    @Override
    public String kind() {
        return "dma-buf";
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public int dmaBuf() {
        return fd;
    }

    @Override
    public synchronized long availableBytes() {
        return closed || mapped ? 0 : bytes;
    }

    @Override
    public synchronized boolean published() {
        return !closed;
    }

    @Override
    public synchronized Mapping map(long wanted) throws PeerMemoryException {
        if (closed) {
            throw new PeerMemoryException(Errno.ENODEV, this + " is closed");
        }
        if (mapped || wanted > bytes) {
            throw new PeerMemoryException(
                    Errno.ENOMEM,
                    mapped ? this + " is mapped already" : this + " has " + bytes + " bytes");
        }
        Mapping mapping = NativeMapping.map(fd, wanted, toString(), this::unmapped);
        mapped = true;
        int result = sync(START);
        if (result < 0 && result != -Errno.ENOTTY.number()) { // ENOTTY: no dma-buf, no bracket
            mapping.close();
            throw new PeerMemoryException(Errno.of(-result), "DMA_BUF_IOCTL_SYNC of " + this);
        }
        return mapping;
    }

    private synchronized void unmapped() {
        mapped = false;
        int _ = sync(END); // nothing is left that could be done
        if (closed) {
            int _ = Libc.close(fd); // nothing was written through it
        }
    }

    private int sync(long which) {
        try (Arena arena = Arena.ofConfined()) {
            return Libc.ioctl(
                    fd, DMA_BUF_IOCTL_SYNC, arena.allocateFrom(JAVA_LONG, READ_AND_WRITE | which));
        }
    }

    /** Closes the descriptor, as soon as nothing is mapped. Idempotent. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            if (!mapped) {
                int _ = Libc.close(fd); // nothing was written through it
            }
        }
    }

    @Override
    public String toString() {
        return kind() + " " + option;
    }
}
