package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jnvmet.wire.tcp.Digest;

/**
 * The memory of a command's data: one segment or several, in their order. Reusable; setting the same
 * segments again allocates nothing. The memory belongs to the command while it is outstanding: it must
 * stay alive, and be accessible to every thread (not of a confined arena).
 */
public final class HostData {
    /** Never started: what it may access, every thread may. */
    private static final Thread ANY = Thread.ofPlatform().unstarted(() -> {});

    private MemorySegment[] segments = {MemorySegment.NULL};
    private ByteBuffer[] views = {ByteBuffer.allocate(0)};
    private int count;
    private long bytes;

    HostData() {}

    /** No data. */
    void clear() {
        count = 0;
        bytes = 0;
    }

    /** Data in one segment. */
    void set(MemorySegment segment) {
        clear();
        add(segment);
    }

    /** Adds a segment behind those that are set. */
    void add(MemorySegment segment) {
        if (segment.byteSize() == 0) {
            return;
        }
        if (!segment.isAccessibleBy(ANY)) {
            throw new IllegalArgumentException(
                    "data in a confined arena: the queue's thread could not access it");
        }
        if (count == segments.length) {
            segments = Arrays.copyOf(segments, count * 2);
            views = Arrays.copyOf(views, count * 2);
        }
        if (!segment.equals(segments[count])) {
            segments[count] = segment;
            views[count] = Digest.view(segment);
        }
        count++;
        bytes += segment.byteSize();
    }

    /** Length of all segments. */
    public long bytes() {
        return bytes;
    }

    /** Number of segments; 0 for no data. */
    public int segments() {
        return count;
    }

    public MemorySegment segment(int index) {
        return segments[index];
    }

    /** A buffer over the whole segment, for {@link Digest}; its position and limit are the user's. */
    public ByteBuffer view(int index) {
        return views[index];
    }

    /** Copies {@code length} bytes at {@code offset} of the data to {@code target}. */
    public void copyOut(long offset, MemorySegment target, long targetOffset, long length) {
        long skip = offset;
        long done = 0;
        for (int i = 0; i < count && done < length; i++) {
            long size = segments[i].byteSize();
            if (skip >= size) {
                skip -= size;
                continue;
            }
            long part = Math.min(size - skip, length - done);
            MemorySegment.copy(segments[i], skip, target, targetOffset + done, part);
            done += part;
            skip = 0;
        }
    }

    /** Copies {@code length} bytes of {@code source} to {@code offset} of the data. */
    public void copyIn(long offset, MemorySegment source, long sourceOffset, long length) {
        long skip = offset;
        long done = 0;
        for (int i = 0; i < count && done < length; i++) {
            long size = segments[i].byteSize();
            if (skip >= size) {
                skip -= size;
                continue;
            }
            long part = Math.min(size - skip, length - done);
            MemorySegment.copy(source, sourceOffset + done, segments[i], skip, part);
            done += part;
            skip = 0;
        }
    }
}
