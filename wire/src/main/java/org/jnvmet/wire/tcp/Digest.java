package org.jnvmet.wire.tcp;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jnvmet.wire.Le;

/**
 * Header and data digests: CRC-32C, stored little endian (NVMe/TCP Transport, Digests).
 *
 * <p>The JDK computes CRC-32C over native memory with the processor's instruction, but takes it as a
 * {@link ByteBuffer}. Making one ({@link MemorySegment#asByteBuffer}) allocates; re-positioning one
 * does not. So the data path keeps one buffer for each long-lived segment, made once by {@link
 * #view}, and passes offsets into it. Owned by one thread, like the views.
 */
public final class Digest {
    /** Bytes of a digest. */
    public static final int BYTES = 4;

    /** In DGST of ICReq and ICResp: header digest. */
    public static final int HEADER = 1;

    /** In DGST of ICReq and ICResp: data digest. */
    public static final int DATA = 1 << 1;

    private final CRC32C crc = new CRC32C();

    /** The buffer to pass to this class for {@code segment}; made once for each segment. */
    public static ByteBuffer view(MemorySegment segment) {
        return segment.asByteBuffer();
    }

    /** Begins a digest. */
    public Digest reset() {
        crc.reset();
        return this;
    }

    /** Adds bytes; moves the view's position and limit, and nothing else. */
    public Digest update(ByteBuffer view, int offset, int length) {
        crc.update(view.limit(offset + length).position(offset));
        return this;
    }

    /** The digest of all bytes since {@link #reset}. */
    public int value() {
        return (int) crc.getValue();
    }

    /** The digest of one range; allocates nothing. */
    public int of(ByteBuffer view, int offset, int length) {
        return reset().update(view, offset, length).value();
    }

    /** The digest of one range of a segment; for the cold path, since it makes a view. */
    public int of(MemorySegment segment, long offset, long length) {
        ByteBuffer view = segment.asSlice(offset, length).asByteBuffer();
        return of(view, 0, view.limit());
    }

    /** Reads a stored digest. */
    public static int read(MemorySegment memory, long offset) {
        return memory.get(Le.U32, offset);
    }

    /** Stores a digest. */
    public static void write(MemorySegment memory, long offset, int digest) {
        memory.set(Le.U32, offset, digest);
    }
}
