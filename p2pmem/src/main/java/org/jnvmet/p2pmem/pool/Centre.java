package org.jnvmet.p2pmem.pool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jspecify.annotations.Nullable;

/**
 * The middle of a pool: what no loop has leased, and the line of the loops that wait. Any thread; its monitor
 * guards everything but the volatile fields, which loops read without it.
 *
 * <p>While memory abounds the pool is {@link Mode#OPEN}: a loop leases a region and lends from it on its own.
 * When somebody finds nothing it is {@link Mode#PRESSED}: loops give back what they have free, lend only
 * what they take from here at that moment, and return here what is released. So memory joins up again,
 * whoever stands first in line gets it, and nobody passes. It is open again when nobody waits and a quarter
 * is free.
 */
final class Centre {
    static final int GRANULE_SHIFT = 12;
    static final int GRANULE_BYTES = 1 << GRANULE_SHIFT;

    /** Regions of at least that many granules, so that not each buffer of a small pool needs the lock. */
    private static final int SMALLEST_REGION = 8;

    /** Regions of at most 16 MiB: they are searched bit by bit. */
    private static final int LARGEST_REGION = 4096;

    /** Granules of the largest buffer, 1 GiB. */
    private static final int LARGEST_BUFFER = 1 << 18;

    /** A loop's region is that part of its fair share. */
    private static final int REGIONS_PER_SHARE = 8;

    /** A pool is open again when that part of it is free. */
    private static final int PARTS_OF_FREE = 4;

    /** What may be done. */
    enum Mode {
        /** Lends nothing: nothing is mapped, or what is shall go. */
        CLOSED,
        /** Loops lease regions. */
        OPEN,
        /** Loops take what they need at the moment, in turns. */
        PRESSED,
        /** The last user has gone: only those are served who stand in line or are about to. */
        DRAINING;

        boolean lends() {
            return this == OPEN || this == PRESSED;
        }
    }

    private final Runnable idle;
    private final List<PeerCache> caches = new ArrayList<>();
    private final List<Extent> extents = new ArrayList<>();
    private int users;
    private long granules;
    private long freeGranules;
    private long changed; // how often there was news
    private @Nullable PeerCache firstInLine;
    private @Nullable PeerCache lastInLine;
    private final Region scratch = new Region();

    private volatile Mode mode = Mode.CLOSED;
    private volatile long news;
    private volatile int maxGranules; // of a buffer
    private volatile int regionGranules = SMALLEST_REGION;

    /** {@code idle} is told when everything is here and may go; it only starts something. */
    Centre(Runnable idle) {
        this.idle = idle;
    }

    // ---- Read without the monitor.

    Mode mode() {
        return mode;
    }

    /** Changes whenever there may be more to lend than before: who found nothing need not look again before. */
    long news() {
        return news;
    }

    /** Bytes of the largest buffer there can be; 0: nothing is mapped. */
    int maxBufferBytes() {
        return maxGranules << GRANULE_SHIFT;
    }

    /** Granules of a buffer of so many bytes. */
    static int granules(int bytes) {
        if (bytes <= 0 || bytes > LARGEST_BUFFER << GRANULE_SHIFT) {
            throw new IllegalArgumentException(bytes + " bytes");
        }
        return (bytes + GRANULE_BYTES - 1) >>> GRANULE_SHIFT;
    }

    /** Granules of a region at the moment. */
    int regionGranules() {
        return regionGranules;
    }

    // ---- The life of the pool.

    /** The first user brings mappings; the pool is open. */
    synchronized void open(List<Mapping> mappings) {
        for (Mapping mapping : mappings) {
            Extent extent = new Extent(mapping);
            extents.add(extent);
            granules += extent.map.granules();
            maxGranules = Math.max(maxGranules, Math.min(LARGEST_BUFFER, extent.map.granules()));
        }
        extents.sort(Comparator.comparingLong(extent -> extent.memory.address()));
        freeGranules = granules;
        users = 1;
        resize();
        mode = Mode.OPEN;
        tell();
    }

    /** A user comes. False: nothing is mapped, he does not. */
    synchronized boolean retain() {
        if (extents.isEmpty()) {
            return false;
        }
        users++;
        if (mode == Mode.DRAINING) {
            mode = Mode.PRESSED;
            tell();
            relax();
        }
        return true;
    }

    /** A user goes. False: there was none. */
    synchronized boolean release() {
        if (users == 0) {
            return false;
        }
        if (--users == 0 && mode.lends()) {
            mode = Mode.DRAINING;
            wakeAll();
            checkIdle();
        }
        return true;
    }

    synchronized int users() {
        return users;
    }

    /** Lends nothing from now on; who waits is turned away. */
    synchronized void close() {
        mode = Mode.CLOSED;
        for (PeerCache cache = firstInLine; cache != null; cache = firstInLine) {
            unlink(cache);
            while (!cache.line.isEmpty()) {
                int count = cache.line.firstGranules();
                cache.served.add(cache.line.removeFirst(), null, 0, count);
            }
        }
        wakeAll();
        checkIdle();
    }

    /** The mappings, if everything is here and nobody wants it; they are not the pool's any more. */
    synchronized List<Extent> takeIdle() {
        if (!isIdle()) {
            return List.of();
        }
        List<Extent> all = List.copyOf(extents);
        extents.clear();
        mode = Mode.CLOSED;
        granules = 0;
        freeGranules = 0;
        maxGranules = 0;
        return all;
    }

    synchronized long mappedBytes() {
        return granules << GRANULE_SHIFT;
    }

    // ---- Loops that come and go.

    synchronized void add(PeerCache cache) {
        caches.add(cache);
        resize();
    }

    /** A loop's thread has ended: what it had free comes back, what it has lent never will. */
    synchronized void bury(PeerCache cache) {
        if (caches.remove(cache)) {
            abandon(cache);
            cache.giveUp();
            resize();
            settle();
        }
    }

    private void resize() {
        regionGranules =
                Math.clamp(
                        granules / ((long) REGIONS_PER_SHARE * Math.max(1, caches.size())),
                        SMALLEST_REGION,
                        LARGEST_REGION);
    }

    // ---- Leasing.

    /**
     * Leases at least {@code wanted} granules to a loop, more while memory abounds. False: there are not so
     * many in a row, or others wait.
     *
     * @param press whether others shall give back what they have free if there is nothing
     */
    synchronized boolean lease(PeerCache cache, Region into, int wanted, boolean press) {
        if (firstInLine != null || !mode.lends()) {
            return false;
        }
        if (mode == Mode.OPEN && wanted < regionGranules && take(into, regionGranules)) {
            cache.leased += regionGranules;
            return true;
        }
        if (take(into, wanted)) {
            cache.leased += wanted;
            return true;
        }
        if (press && anyOtherHas(cache)) {
            press();
        }
        return false;
    }

    /** A piece for a control thread, who is in nobody's way: first granule in {@code into}. False: none. */
    synchronized boolean takeForControl(Region into, int wanted) {
        if (firstInLine != null || !mode.lends()) {
            return false;
        }
        boolean taken = take(into, wanted);
        if (!taken) {
            press();
        }
        return taken;
    }

    private boolean take(Region into, int wanted) {
        for (int i = 0; i < extents.size(); i++) {
            Extent extent = extents.get(i);
            int start = extent.map.allocate(wanted);
            if (start != FirstFit.NONE) {
                freeGranules -= wanted;
                into.lease(extent, start, wanted);
                return true;
            }
        }
        return false;
    }

    // ---- Waiting.

    /** Puts someone at the end of a loop's line, who will be served or turned away by the loop. */
    synchronized void await(PeerCache cache, Waiter waiter, int wanted) {
        if (mode == Mode.CLOSED || wanted > maxGranules) {
            cache.served.add(waiter, null, 0, wanted);
            boolean _ = cache.wake();
            return;
        }
        cache.line.add(waiter, wanted);
        if (!cache.inLine) {
            append(cache);
            serve();
        }
        if (firstInLine != null) {
            press();
        }
    }

    /** Takes someone out of a loop's line; he is not served any more. False: he does not stand there. */
    synchronized boolean cancel(PeerCache cache, Waiter waiter) {
        int position = cache.served.find(waiter);
        if (position >= 0) {
            cache.served.bringForward(position);
            dropServed(cache);
            settle();
            return true;
        }
        position = cache.line.find(waiter);
        if (position < 0) {
            return false;
        }
        cache.line.bringForward(position);
        Waiter _ = cache.line.removeFirst();
        if (cache.line.isEmpty()) {
            unlink(cache);
        }
        if (position == 0) {
            settle(); // those behind may need less than the one who left
        }
        return true;
    }

    /** The next of a loop who was served, and in {@code into} what he got; null: there is none. */
    synchronized @Nullable Waiter nextServed(PeerCache cache, Region into) {
        if (cache.served.isEmpty()) {
            return null;
        }
        Extent extent = cache.served.firstExtent();
        if (extent == null) {
            into.extent = null;
        } else {
            into.lease(extent, cache.served.firstStart(), cache.served.firstGranules());
        }
        return cache.served.removeFirst();
    }

    // ---- Giving back.

    /** Takes back granules of a loop. */
    synchronized void giveBack(PeerCache cache, Extent extent, int start, int count) {
        cache.leased -= count;
        put(extent, start, count);
        settle();
    }

    /** Takes back all granules that a loop has free in a region; several calls, then {@link #settle}. */
    synchronized void giveBackFree(PeerCache cache, Region region, Extent extent) {
        FirstFit map = region.map;
        for (int start = map.nextFree(0); start != FirstFit.NONE; start = map.nextFree(start)) {
            int count = map.nextTaken(start, map.granules()) - start;
            int _ =
                    map.allocate(
                            count); // the first run that fits is this one: those before were taken
            cache.leased -= count;
            put(extent, region.base + start, count);
        }
    }

    /** Takes back a piece of a control thread. */
    synchronized void giveBackControl(Extent extent, int start, int count) {
        put(extent, start, count);
        settle();
    }

    private void put(Extent extent, int start, int count) {
        extent.map.free(start, count);
        freeGranules += count;
        tell();
    }

    /** After something came back: serves those in line. */
    synchronized void settle() {
        serve();
        relax();
        checkIdle();
    }

    private void tell() {
        news = ++changed;
    }

    // ---- In the monitor.

    /** Serves the loops in turns, as long as there is what the first waiter of the first loop needs. */
    private void serve() {
        PeerCache first = firstInLine;
        while (first != null && take(scratch, first.line.firstGranules())) {
            int count = scratch.map.granules();
            first.leased += count;
            first.served.add(first.line.removeFirst(), scratch.extent(), scratch.base, count);
            unlink(first);
            if (!first.line.isEmpty()) {
                append(first);
            }
            if (!first.wake()) {
                abandon(first);
            }
            first = firstInLine;
        }
    }

    /** Of a loop that has ended: nobody there waits any more or takes what he was given. */
    private void abandon(PeerCache cache) {
        unlink(cache);
        while (!cache.line.isEmpty()) {
            Waiter _ = cache.line.removeFirst();
        }
        while (!cache.served.isEmpty()) {
            dropServed(cache);
        }
    }

    /** Takes back what the first of those served was given. */
    private void dropServed(PeerCache cache) {
        Extent extent = cache.served.firstExtent();
        if (extent != null) {
            int count = cache.served.firstGranules();
            cache.leased -= count;
            put(extent, cache.served.firstStart(), count);
        }
        Waiter _ = cache.served.removeFirst();
    }

    private void append(PeerCache cache) {
        PeerCache last = lastInLine;
        if (last == null) {
            firstInLine = cache;
        } else {
            last.nextInLine = cache;
        }
        lastInLine = cache;
        cache.inLine = true;
    }

    /** Out of the line, wherever it stands. */
    @SuppressWarnings("ReferenceEquality") // caches have no other identity
    private void unlink(PeerCache cache) {
        PeerCache before = null;
        for (PeerCache at = firstInLine; at != null; at = at.nextInLine) {
            if (at == cache) {
                if (before == null) {
                    firstInLine = cache.nextInLine;
                } else {
                    before.nextInLine = cache.nextInLine;
                }
                if (lastInLine == cache) {
                    lastInLine = before;
                }
                cache.nextInLine = null;
                cache.inLine = false;
                tell();
                return;
            }
            before = at;
        }
    }

    private void relax() {
        if (mode == Mode.PRESSED
                && firstInLine == null
                && freeGranules >= granules / PARTS_OF_FREE) {
            mode = Mode.OPEN;
        }
    }

    private void press() {
        if (mode == Mode.OPEN) {
            mode = Mode.PRESSED;
            wakeAll();
        } // else they know, and keep nothing
    }

    /**
     * Each loop looks what is new. Whatever it does after that, it knows: so nothing stays behind in a loop
     * that was just about to put it aside, though no loop pays for a fence.
     */
    private void wakeAll() {
        for (int i = 0; i < caches.size(); i++) {
            PeerCache cache = caches.get(i);
            cache.trim = true;
            boolean _ = cache.wake();
        }
    }

    @SuppressWarnings("ReferenceEquality") // caches have no other identity
    private boolean anyOtherHas(PeerCache cache) {
        for (int i = 0; i < caches.size(); i++) {
            PeerCache other = caches.get(i);
            if (other != cache && other.leased > 0) {
                return true;
            }
        }
        return false;
    }

    private boolean isIdle() {
        return !extents.isEmpty()
                && !mode.lends()
                && firstInLine == null
                && freeGranules == granules;
    }

    private void checkIdle() {
        if (isIdle()) {
            idle.run();
        }
    }
}
