package org.jnvmet.target.memory;

import java.lang.foreign.MemorySegment;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Loop;
import org.jspecify.annotations.Nullable;

/**
 * System memory for the data of commands. Owned by one loop: every method on that loop, except {@link
 * #close}. Pieces are powers of two from 4 KiB to {@link #maxBufferBytes()}, cut from one sparse range
 * of addresses whose size is the bound; memory that was never needed is never used.
 *
 * <p>Nobody passes the line: as long as someone waits, {@link #tryAcquire} gives nothing, so that
 * what comes back joins up until it is large enough for the first in line.
 */
public final class MemoryPool implements BufferSource, AutoCloseable {
    /** Smallest piece and the alignment of all. */
    public static final int GRANULE_BYTES = 4096;

    private static final int GRANULE_SHIFT = 12;

    private final Loop owner;
    private final int maxBufferBytes;
    private final BuddyAllocator allocator;
    private final AnonymousMemory memory;
    private final @Nullable Piece[] pieces; // by first granule; made when first lent, then reused
    private final WaitingLine line = new WaitingLine();
    private final Runnable grant = this::grant;
    private boolean grantPending;
    private int lentPieces;
    private long lentBytes;

    /**
     * @param maxBufferBytes largest piece, rounded up to a power of two
     * @param boundBytes bound of all pieces together, rounded down to a multiple of the largest
     */
    public MemoryPool(Loop owner, int maxBufferBytes, long boundBytes) {
        if (maxBufferBytes <= 0 || maxBufferBytes > 1 << 30) {
            throw new IllegalArgumentException("maxBufferBytes " + maxBufferBytes);
        }
        int topOrder = order(maxBufferBytes);
        this.owner = owner;
        this.maxBufferBytes = GRANULE_BYTES << topOrder;
        long bytes = boundBytes & -(long) this.maxBufferBytes;
        if (bytes <= 0 || bytes >>> GRANULE_SHIFT > 1 << 30) {
            throw new IllegalArgumentException(
                    "boundBytes " + boundBytes + " with maxBufferBytes " + maxBufferBytes);
        }
        int granules = (int) (bytes >>> GRANULE_SHIFT);
        allocator = new BuddyAllocator(granules, topOrder);
        pieces = new @Nullable Piece[granules];
        memory = new AnonymousMemory(bytes);
    }

    @Override
    public @Nullable DataBuffer tryAcquire(int bytes) {
        assert owner.owns();
        int order = checkedOrder(bytes);
        return line.isEmpty() ? lend(order) : null;
    }

    @Override
    public void await(Waiter waiter, int bytes) {
        assert owner.owns();
        line.add(waiter, checkedOrder(bytes));
        if (line.count() == 1) {
            grantSoon();
        }
    }

    @Override
    public void cancel(Waiter waiter) {
        assert owner.owns();
        if (line.remove(waiter) == 0 && !line.isEmpty()) {
            grantSoon(); // those behind may need less than the one who left
        }
    }

    @Override
    public int maxBufferBytes() {
        return maxBufferBytes;
    }

    /** All memory that pieces are cut from; it stays where it is. Any thread. */
    public MemorySegment range() {
        return memory.segment();
    }

    /** Pieces that are lent at the moment. */
    public int lentPieces() {
        return lentPieces;
    }

    /** Bytes of the pieces that are lent at the moment. */
    public long lentBytes() {
        return lentBytes;
    }

    /** How many stand in line. */
    public int waiting() {
        return line.count();
    }

    /**
     * Gives the memory back to the system. On the owner loop, or after it has ended.
     *
     * @throws IllegalStateException when pieces are still lent: somebody leaks them. The memory stays
     *     mapped then, as they may be in use
     */
    @Override
    public void close() {
        if (lentPieces > 0) {
            throw new IllegalStateException(
                    lentPieces + " buffers of " + lentBytes + " bytes were never released");
        }
        memory.close();
    }

    private void grantSoon() {
        if (!grantPending) {
            grantPending = true;
            owner.execute(grant);
        }
    }

    private void grant() {
        grantPending = false;
        while (!line.isEmpty()) {
            DataBuffer buffer = lend(line.firstOrder());
            if (buffer == null) {
                return;
            }
            line.removeFirst().granted(buffer);
        }
    }

    private @Nullable DataBuffer lend(int order) {
        int granule = allocator.allocate(order);
        if (granule == BuddyAllocator.NONE) {
            return null;
        }
        Piece piece = pieces[granule];
        if (piece == null) {
            piece = new Piece((long) granule << GRANULE_SHIFT);
            pieces[granule] = piece;
        }
        piece.order = order;
        lentPieces++;
        lentBytes += piece.capacity();
        return piece;
    }

    private void takeBack(Piece piece) {
        assert owner.owns();
        int order = piece.order;
        if (order == Piece.FREE) {
            throw new IllegalStateException("buffer at " + piece.offset + " was released twice");
        }
        lentPieces--;
        lentBytes -= piece.capacity();
        piece.order = Piece.FREE;
        allocator.free((int) (piece.offset >>> GRANULE_SHIFT), order);
        if (!line.isEmpty()) {
            grantSoon();
        }
    }

    private int checkedOrder(int bytes) {
        if (bytes <= 0 || bytes > maxBufferBytes) {
            throw new IllegalArgumentException(bytes + " bytes of at most " + maxBufferBytes);
        }
        return order(bytes);
    }

    /** Order of the smallest block that holds {@code bytes}. */
    private static int order(int bytes) {
        return Integer.SIZE - Integer.numberOfLeadingZeros((bytes - 1) >>> GRANULE_SHIFT);
    }

    /** A block of granules, when it is lent. */
    private final class Piece extends DataBuffer {
        private static final int FREE = -1;

        private final long offset;
        private int order = FREE;

        private Piece(long offset) {
            this.offset = offset;
        }

        @Override
        public MemorySegment memory() {
            return memory.segment();
        }

        @Override
        public long offset() {
            return offset;
        }

        @Override
        public int capacity() {
            return GRANULE_BYTES << order;
        }

        @Override
        public void release() {
            takeBack(this);
        }
    }
}
