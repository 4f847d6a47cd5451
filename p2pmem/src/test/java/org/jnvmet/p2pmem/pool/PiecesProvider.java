package org.jnvmet.p2pmem.pool;

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
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;

/**
 * Memory as a device has it: free in pieces, of which each mapping takes a part for itself. Backed by files, so
 * that it is really mapped. Fails where the test says so.
 */
final class PiecesProvider implements Provider {
    private final Path folder;
    private final List<Long> free = new ArrayList<>(); // bytes of the pieces
    private final long bytes;
    private int mappings;
    private int calls;
    private int failAt = -1;
    private Errno failure = Errno.ENOMEM;

    PiecesProvider(Path folder, long... pieces) {
        this.folder = folder;
        long sum = 0;
        for (long piece : pieces) {
            free.add(piece);
            sum += piece;
        }
        bytes = sum;
    }

    /** The n-th call of map, from 0, is refused. */
    synchronized PiecesProvider failAt(int call, Errno errno) {
        failAt = call;
        failure = errno;
        return this;
    }

    /** Mappings that are not closed. */
    synchronized int mappings() {
        return mappings;
    }

    synchronized int calls() {
        return calls;
    }

    @Override
    public PciAddress address() {
        return new PciAddress(0, 3, 0, 0);
    }

    @Override
    public String kind() {
        return "pieces";
    }

    @Override
    public int dmaBuf() {
        return -1;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public synchronized long availableBytes() {
        return free.stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public boolean published() {
        return true;
    }

    @Override
    public synchronized Mapping map(long wanted) throws PeerMemoryException {
        if (calls++ == failAt) {
            throw new PeerMemoryException(failure, "refused by the test");
        }
        free.sort(Comparator.naturalOrder());
        for (int i = 0; i < free.size(); i++) {
            long piece = free.get(i);
            if (piece >= wanted) {
                free.set(i, piece - wanted);
                mappings++;
                int fd = file(wanted);
                Mapping mapping = NativeMapping.map(fd, wanted, "piece", () -> unmapped(wanted));
                int _ = Libc.close(fd);
                return mapping;
            }
        }
        throw new PeerMemoryException(Errno.ENOMEM, "no piece of " + wanted + " bytes");
    }

    private synchronized void unmapped(long size) {
        mappings--;
        free.add(size);
    }

    private int file(long size) {
        try {
            Path file = Files.createTempFile(folder, "piece", "");
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(1), size - 1);
            }
            return Libc.open(file.toString(), Libc.O_RDWR);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
