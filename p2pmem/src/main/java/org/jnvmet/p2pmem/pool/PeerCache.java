package org.jnvmet.p2pmem.pool;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Loop;
import org.jspecify.annotations.Nullable;

/**
 * What a loop has of a {@link PeerPool}: it lends without a lock from the regions that it has leased. Owner
 * loop, unless a method says otherwise. As {@link BufferSource} it makes callers wait: first come first
 * served within the loop, the loops in turns. When the pool is closed, or not mapped, who waits is turned
 * away; when its last user goes, who waits is still served.
 */
public final class PeerCache implements BufferSource {
    private static final VarHandle LENT_BYTES;

    static {
        try {
            LENT_BYTES =
                    MethodHandles.lookup()
                            .findVarHandle(PeerCache.class, "lentBytes", long.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Centre centre;
    private final Loop loop;
    private final Runnable serve = this::serve;
    private final AtomicBoolean awake = new AtomicBoolean(); // serve() will run
    private Region[] roomy = new Region[8]; // the regions that have free granules
    private int roomyCount;
    private Region[] spareRegions = new Region[8];
    private int spareRegionCount;
    private Piece[] sparePieces = new Piece[16];
    private int sparePieceCount;
    private int standing; // in line, or served without knowing it yet
    private long idleGranules; // of regions of which nothing is lent
    private int deniedGranules = Integer.MAX_VALUE; // what the centre did not have,
    private long deniedNews; // as of these news
    private long lentBytes; // written by the loop, read by anybody

    /** Asked to give back what is free. Written in the centre's monitor and by the loop. */
    volatile boolean trim;

    // Guarded by the centre.
    final PeerLine line = new PeerLine(); // who waits
    final PeerLine served = new PeerLine(); // who was served and does not know it yet
    long leased; // granules
    boolean inLine; // among the loops that wait
    @Nullable PeerCache nextInLine;

    PeerCache(Centre centre, Loop loop) {
        this.centre = centre;
        this.loop = loop;
    }

    Loop loop() {
        return loop;
    }

    /** Bytes of the buffers that the loop has lent. Any thread. */
    long lentBytes() {
        return (long) LENT_BYTES.getOpaque(this);
    }

    /** Whether the pool lends at all: it is mapped and has users. Any thread. */
    public boolean lends() {
        return centre.mode().lends();
    }

    /** {@inheritDoc} 0: nothing is mapped. Any thread. */
    @Override
    public int maxBufferBytes() {
        return centre.maxBufferBytes();
    }

    @Override
    public @Nullable DataBuffer tryAcquire(int bytes) {
        assert loop.owns();
        int granules = Centre.granules(bytes);
        if (standing > 0) {
            return null; // nobody passes the line
        }
        return switch (centre.mode()) {
            case OPEN -> {
                Piece piece = lendOwn(granules);
                yield piece != null ? piece : lease(granules);
            }
            case PRESSED -> lease(granules);
            case CLOSED, DRAINING -> null;
        };
    }

    @Override
    public void await(Waiter waiter, int bytes) {
        assert loop.owns();
        int granules = Centre.granules(bytes);
        standing++;
        centre.await(this, waiter, granules);
    }

    @Override
    public void cancel(Waiter waiter) {
        assert loop.owns();
        if (standing > 0 && centre.cancel(this, waiter)) {
            standing--;
        }
    }

    /** How many stand in line, or were served without knowing it yet. */
    int waiting() {
        return standing;
    }

    /** Has the loop look what is new. Any thread. False: the loop has ended. */
    boolean wake() {
        if (!awake.compareAndSet(false, true)) {
            return true;
        }
        try {
            loop.execute(serve);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /** What was free comes back: the loop's thread has ended. In the centre's monitor. */
    void giveUp() {
        giveBackFree();
    }

    /** Looks what is new: who was served, and whether the pool needs what is free. */
    private void serve() {
        awake.set(false);
        boolean trimNow = trim;
        if (trimNow) {
            trim = false; // asked again meanwhile: it is still to be done
        }
        if (trimNow || centre.mode() != Centre.Mode.OPEN) {
            giveBackFree();
        }
        int left = standing; // those who come back at once do not keep the loop from its other work
        boolean more = true;
        while (more && left-- > 0) {
            more = tellNext();
        }
        if (more && standing > 0) {
            boolean _ = wake();
        }
    }

    /** Tells the next one who was served; false: there is none. */
    private boolean tellNext() {
        Region region = spareRegion();
        Waiter waiter = centre.nextServed(this, region);
        if (waiter == null) {
            spare(region);
            return false;
        }
        standing--;
        if (region.extent == null) {
            spare(region);
            waiter.turnedAway();
        } else {
            waiter.granted(lendNew(region, region.map.granules()));
        }
        return true;
    }

    // ---- Lending.

    /** From a region that has room; null: none has. */
    private @Nullable Piece lendOwn(int granules) {
        for (int i = 0; i < roomyCount; i++) {
            Region region = roomy[i];
            if (region.map.freeGranules() >= granules) {
                Piece piece = lendFrom(region, granules);
                if (piece != null) {
                    return piece;
                }
            }
        }
        return null;
    }

    /** From a region that is leased for it, when the centre has one. */
    private @Nullable Piece lease(int granules) {
        long news = centre.news();
        if (granules >= deniedGranules && news == deniedNews) {
            return null; // nothing has come back since
        }
        Region region = spareRegion();
        boolean leased = centre.lease(this, region, granules, roomyCount == 0);
        if (!leased && roomyCount > 0) {
            giveBackFree(); // joined up with what is in the centre it may do
            news = centre.news();
            leased = centre.lease(this, region, granules, true);
        }
        if (leased) {
            return lendNew(region, granules);
        }
        spare(region);
        deniedGranules = granules;
        deniedNews = news;
        return null;
    }

    private Piece lendNew(Region region, int granules) {
        list(region);
        idleGranules += region.map.granules();
        return Objects.requireNonNull(lendFrom(region, granules));
    }

    private @Nullable Piece lendFrom(Region region, int granules) {
        int free = region.map.freeGranules();
        int start = region.map.allocate(granules);
        if (start == FirstFit.NONE) {
            return null;
        }
        if (region.lent == 0) {
            idleGranules -= free;
        }
        region.lent += granules;
        if (free == granules) {
            unlist(region);
        }
        lent(granules);
        return sparePiece().lend(region, region.base + start, granules);
    }

    private void takeBack(Piece piece, Region region) {
        assert loop.owns();
        int start = piece.start;
        int granules = piece.granules;
        spare(piece);
        lent(-granules);
        region.lent -= granules;
        if (centre.mode() != Centre.Mode.OPEN) {
            centre.giveBack(this, region.extent(), start, granules);
            if (region.lent == 0) {
                idleGranules += region.map.freeGranules();
                spareIfGone(region);
            }
            return;
        }
        region.map.free(start - region.base, granules);
        if (region.index == Region.UNLISTED) {
            list(region);
        }
        if (region.lent == 0) {
            keepOrGiveBack(region);
        }
    }

    /** Nothing of a region is lent: a bounded part of what the loop has stays for the next. */
    private void keepOrGiveBack(Region region) {
        int free = region.map.freeGranules();
        idleGranules += free;
        deniedGranules = Integer.MAX_VALUE;
        int keep = Math.max(2 * centre.regionGranules(), region.map.granules());
        if (free < region.map.granules() || idleGranules > keep) {
            centre.giveBackFree(this, region, region.extent());
            centre.settle();
            idleGranules -= free;
            unlist(region);
            spare(region);
        }
    }

    /** Everything that is free goes to the centre. */
    private void giveBackFree() {
        if (roomyCount == 0) {
            return;
        }
        synchronized (centre) {
            for (int i = roomyCount - 1; i >= 0; i--) {
                Region region = roomy[i];
                if (region.lent == 0) {
                    idleGranules -= region.map.freeGranules();
                }
                centre.giveBackFree(this, region, region.extent());
                unlist(region);
                spareIfGone(region);
            }
            centre.settle();
        }
    }

    private void lent(int granules) {
        long change = (long) granules << Centre.GRANULE_SHIFT;
        LENT_BYTES.setOpaque(this, lentBytes + change);
    }

    // ---- Lists of objects that are used again and again.

    private void list(Region region) {
        if (roomyCount == roomy.length) {
            roomy = Arrays.copyOf(roomy, 2 * roomyCount);
        }
        region.index = roomyCount;
        roomy[roomyCount++] = region;
    }

    private void unlist(Region region) {
        Region last = roomy[--roomyCount];
        roomy[region.index] = last;
        last.index = region.index;
        region.index = Region.UNLISTED;
    }

    private Region spareRegion() {
        return spareRegionCount == 0 ? new Region() : spareRegions[--spareRegionCount];
    }

    private void spare(Region region) {
        if (spareRegionCount == spareRegions.length) {
            spareRegions = Arrays.copyOf(spareRegions, 2 * spareRegionCount);
        }
        spareRegions[spareRegionCount++] = region;
    }

    /** A region of which nothing is lent and nothing is free is all in the centre. */
    private void spareIfGone(Region region) {
        if (region.lent == 0 && region.map.freeGranules() == 0) {
            spare(region);
        }
    }

    private Piece sparePiece() {
        return sparePieceCount == 0 ? new Piece() : sparePieces[--sparePieceCount];
    }

    private void spare(Piece piece) {
        if (sparePieceCount == sparePieces.length) {
            sparePieces = Arrays.copyOf(sparePieces, 2 * sparePieceCount);
        }
        sparePieces[sparePieceCount++] = piece;
    }

    /** Granules of a region, when they are lent. */
    private final class Piece extends DataBuffer {
        private @Nullable Region region; // null: it is not lent
        private MemorySegment memory = MemorySegment.NULL;
        private int start; // in the extent
        private int granules;

        private Piece lend(Region from, int first, int count) {
            region = from;
            memory = from.extent().memory;
            start = first;
            granules = count;
            return this;
        }

        @Override
        public MemorySegment memory() {
            return memory;
        }

        @Override
        public long offset() {
            return (long) start << Centre.GRANULE_SHIFT;
        }

        @Override
        public int capacity() {
            return granules << Centre.GRANULE_SHIFT;
        }

        @Override
        public boolean isPeerMemory() {
            return true;
        }

        @Override
        public void release() {
            Region from = region;
            if (from == null) {
                throw new IllegalStateException("buffer at " + offset() + " was released twice");
            }
            region = null;
            takeBack(this, from);
        }
    }
}
