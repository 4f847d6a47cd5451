package org.jnvmet.app.bench;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.tcp.Digest;

/**
 * A logical block that says of itself what it is: its number, the run and the generation of its unit, a checksum, and
 * content that follows from these. A view, wrapped around one block after the other. Owned by one thread.
 */
final class SealedBlock {
    private static final long MAGIC = 0x4b4c_4254_454d_564eL; // "NVMETBLK"
    private static final int LBA = 8;
    private static final int GENERATION = 16;
    private static final int RUN = 20;
    private static final int CHECKSUM = 24;
    private static final int CONTENT = 32;
    private static final long GOLDEN_RATIO = 0x9e37_79b9_7f4a_7c15L;

    private final int bytes;
    private final Digest digest = new Digest();
    private MemorySegment memory = MemorySegment.NULL;
    private ByteBuffer view = ByteBuffer.allocate(0);
    private int start;

    /** Of so many bytes, a multiple of 8 and 512 or more. */
    SealedBlock(int bytes) {
        this.bytes = bytes;
    }

    /**
     * The block that begins {@code at} so many bytes.
     *
     * @param buffer of the memory, from {@link Digest#view}
     */
    SealedBlock wrap(MemorySegment memory, ByteBuffer buffer, int at) {
        this.memory = memory;
        view = buffer;
        start = at;
        return this;
    }

    void write(long lba, int run, int generation) {
        memory.set(Le.U64, start, MAGIC);
        memory.set(Le.U64, start + LBA, lba);
        memory.set(Le.U32, start + GENERATION, generation);
        memory.set(Le.U32, start + RUN, run);
        long key = key(lba, run, generation);
        for (int at = CONTENT; at < bytes; at += Long.BYTES) {
            memory.set(Le.U64, start + at, content(key, at));
        }
        memory.set(Le.U64, start + CHECKSUM, computedChecksum());
    }

    boolean hasMagic() {
        return memory.get(Le.U64, start) == MAGIC;
    }

    long lba() {
        return memory.get(Le.U64, start + LBA);
    }

    int generation() {
        return memory.get(Le.U32, start + GENERATION);
    }

    int run() {
        return memory.get(Le.U32, start + RUN);
    }

    long checksum() {
        return memory.get(Le.U64, start + CHECKSUM);
    }

    /** CRC-32C of all but the checksum itself. */
    long computedChecksum() {
        return Integer.toUnsignedLong(
                digest.reset()
                        .update(view, start, CHECKSUM)
                        .update(view, start + CONTENT, bytes - CONTENT)
                        .value());
    }

    /** Where the content differs from what follows from number, run and generation; -1 if nowhere. */
    int firstWrongByte() {
        long key = key(lba(), run(), generation());
        for (int at = CONTENT; at < bytes; at += Long.BYTES) {
            long difference = memory.get(Le.U64, start + at) ^ content(key, at);
            if (difference != 0) {
                return at + Long.numberOfTrailingZeros(difference) / Byte.SIZE;
            }
        }
        return -1;
    }

    int byteAt(int at) {
        return Byte.toUnsignedInt(memory.get(Le.U8, start + at));
    }

    /** What the content should be there. */
    int expectedByteAt(int at) {
        long word = content(key(lba(), run(), generation()), at & -Long.BYTES);
        return (int) (word >>> (at % Long.BYTES * Byte.SIZE)) & 0xff;
    }

    private static long key(long lba, int run, int generation) {
        return mix(
                mix(lba + 1) ^ ((long) run << Integer.SIZE | Integer.toUnsignedLong(generation)));
    }

    private static long mix(long value) {
        long x = (value ^ value >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        x = (x ^ x >>> 27) * 0x94d0_49bb_1331_11ebL;
        return x ^ x >>> 31;
    }

    private static long content(long key, int at) {
        long x = (key + at) * GOLDEN_RATIO;
        return x ^ x >>> 32;
    }
}
