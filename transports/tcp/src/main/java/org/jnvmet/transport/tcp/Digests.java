package org.jnvmet.transport.tcp;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.IdentityHashMap;
import org.jnvmet.wire.tcp.Digest;
import org.jspecify.annotations.Nullable;

/**
 * Digests of one loop. Remembers the views of the few long-lived segments that headers and data lie
 * in, so that a digest allocates nothing. Owned by its loop.
 */
final class Digests {
    /** More segments than pools and slabs have; a source that lends ever new ones is served unremembered. */
    private static final int MAX_VIEWS = 1024;

    private final Digest digest = new Digest();
    private final IdentityHashMap<MemorySegment, ByteBuffer> views = new IdentityHashMap<>();

    /** Remembers a segment that lives as long as the loop. */
    void remember(MemorySegment segment) {
        if (views.size() < MAX_VIEWS && segment.byteSize() <= Integer.MAX_VALUE) {
            views.putIfAbsent(segment, Digest.view(segment));
        }
    }

    /** Digest of bytes anywhere. */
    int of(MemorySegment segment, long offset, int bytes) {
        @Nullable ByteBuffer view = views.get(segment);
        return view == null
                ? digest.of(segment, offset, bytes)
                : digest.of(view, (int) offset, bytes);
    }

    /** Digest of data in a buffer, whose segment is worth remembering. */
    int ofData(MemorySegment segment, long offset, int bytes) {
        if (!views.containsKey(segment)) {
            remember(segment);
        }
        return of(segment, offset, bytes);
    }
}
