package org.jnvmet.p2pmem.pool;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.bytes.PointerBytesStore;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shared memory of a descriptor, mapped from its start. Any thread. */
final class NativeMapping implements Mapping {
    private static final Logger LOG = LoggerFactory.getLogger(NativeMapping.class);

    private final long address;
    private final long bytes;
    private final Runnable onClose;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final PointerBytesStore store = new PointerBytesStore();
    private final AtomicBoolean closed = new AtomicBoolean();

    private NativeMapping(long address, long bytes, Runnable onClose) {
        this.address = address;
        this.bytes = bytes;
        this.onClose = onClose;
        segment = Libc.segment(address, bytes, arena);
        store.singleThreadedCheckDisabled(true);
        store.set(address, bytes);
    }

    /**
     * Maps the first {@code bytes} of what the descriptor stands for.
     *
     * @param what name for messages
     * @param onClose run when it is unmapped
     */
    static NativeMapping map(int fd, long bytes, String what, Runnable onClose)
            throws PeerMemoryException {
        long address = Libc.mapShared(fd, bytes);
        if (address < 0 && address > -Libc.pageBytes()) {
            throw new PeerMemoryException(
                    Errno.of((int) -address), "mmap of " + bytes + " bytes of " + what);
        }
        return new NativeMapping(address, bytes, onClose);
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public BytesStore<?, ?> store() {
        return store;
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // From here on an access by Java fails; only then the addresses may become something
        // else's.
        store.releaseLast();
        arena.close();
        int result = Libc.munmap(address, bytes);
        if (result < 0) {
            LOG.error("munmap of {} bytes of peer memory: {}", bytes, Errno.of(-result));
        }
        onClose.run();
    }
}
