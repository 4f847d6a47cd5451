package org.jnvmet.host.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct msghdr} with its {@code struct iovec}s: what one sendmsg sends. Used by one thread at a
 * time; lives as long as its arena.
 */
public final class MessageHeader {
    /** Bytes of an iovec: an address and a length, 8 bytes each. */
    public static final int IOVEC_BYTES = 16;

    /** Most iovecs of one call: UIO_MAXIOV. */
    public static final int MAX_IOVECS = 1024;

    private static final int BYTES = 56;
    private static final int IOV = 16;
    private static final int IOVLEN = 24;

    private final MemorySegment header;
    private final MemorySegment vector;

    public MessageHeader(Arena arena, int iovecs) {
        header = arena.allocate(BYTES, Long.BYTES);
        vector = arena.allocate((long) iovecs * IOVEC_BYTES, Long.BYTES);
        header.set(ValueLayout.ADDRESS, IOV, vector);
    }

    /** Memory of the iovecs. */
    public MemorySegment vector() {
        return vector;
    }

    /** Number of iovecs that are filled. */
    public void count(int iovecs) {
        header.set(ValueLayout.JAVA_LONG, IOVLEN, iovecs);
    }

    public long address() {
        return header.address();
    }
}
