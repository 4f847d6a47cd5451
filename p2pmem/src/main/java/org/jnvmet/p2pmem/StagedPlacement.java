package org.jnvmet.p2pmem;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jnvmet.p2pmem.pool.PeerCache;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * Where the data of some controllers on one namespace is staged, or why it is not. Also what is not staged
 * has a placement, which counts it. Changes of state: control threads, or whoever is told of a refusal; the
 * sources belong to their loops.
 */
final class StagedPlacement implements Placement {
    private enum State {
        /** Commands wait until it is decided. Strict only. */
        UNDECIDED,
        /** Commands get peer buffers. */
        STAGES,
        /** Commands get system memory. Not strict. */
        FALLS_BACK,
        /** Commands fail. Strict only. */
        UNAVAILABLE,
        /** Another placement is in force. */
        RETIRED;

        boolean mayBecome(State next) {
            return switch (this) {
                case STAGES -> next != UNDECIDED && next != STAGES;
                case UNDECIDED, FALLS_BACK, UNAVAILABLE -> next == RETIRED;
                case RETIRED -> false;
            };
        }
    }

    /** What it is made for. Two of equal terms do the same. */
    record Terms(@Nullable PeerPool pool, @Nullable FallBack reason, boolean strict) {
        private State state() {
            if (pool != null && reason == null) {
                return State.STAGES;
            }
            if (!strict) {
                return State.FALLS_BACK;
            }
            return reason == null ? State.UNDECIDED : State.UNAVAILABLE;
        }
    }

    private final Terms terms;
    private final Tally port;
    private final Tally namespace;
    private final IntConsumer onRefused;
    private volatile State state;

    /** Why it stages no longer; constant unless it began to stage. */
    private volatile FallBack reason;

    private volatile Source[] sources = {};

    /** @param onRefused told of the first errno with which the kernel refuses the memory; any thread */
    StagedPlacement(Terms terms, Tally port, Tally namespace, IntConsumer onRefused) {
        this.terms = terms;
        this.port = port;
        this.namespace = namespace;
        this.onRefused = onRefused;
        state = terms.state();
        reason = terms.reason == null ? FallBack.EXHAUSTED : terms.reason;
        PeerPool pool = terms.pool;
        if (pool != null && state == State.STAGES) {
            pool.retain();
        }
    }

    /** Has the commands of a strict port's controller wait until it is decided where they go. */
    static StagedPlacement undecided() {
        return new StagedPlacement(new Terms(null, null, true), new Tally(), new Tally(), _ -> {});
    }

    Terms terms() {
        return terms;
    }

    /** Whether it began to stage and does so no longer, though none has taken its place. */
    boolean lost() {
        State now = state;
        return terms.state() == State.STAGES
                && (now == State.FALLS_BACK || now == State.UNAVAILABLE);
    }

    @Override
    public BufferSource on(Loop loop) {
        return source(loop);
    }

    @SuppressWarnings("ReferenceEquality") // the very loop
    private Source source(Loop loop) {
        for (Source source : sources) {
            if (source.loop == loop) {
                return source;
            }
        }
        return addSource(loop);
    }

    private Source addSource(Loop loop) {
        Source added = new Source(loop);
        boolean late;
        synchronized (this) {
            Source[] more = Arrays.copyOf(sources, sources.length + 1);
            more[sources.length] = added;
            sources = more;
            late = state == State.RETIRED;
        }
        if (late) {
            loop.execute(added::turnAway);
        }
        return added;
    }

    @Override
    public boolean strict() {
        return terms.strict;
    }

    @Override
    public @Nullable Status unavailable() {
        return state == State.UNAVAILABLE ? Status.NAMESPACE_NOT_READY : null;
    }

    @Override
    public void attached(Loop loop, int bytes, boolean peerMemory) {
        source(loop).count(bytes, peerMemory);
    }

    @Override
    public void refused(int errno, long bytes) {
        port.refused(bytes);
        namespace.refused(bytes);
        if (lose(FallBack.REFUSED)) {
            onRefused.accept(errno);
        }
    }

    /** The same memory, and neither has found that it does not do. Which memory it is may still be open. */
    @Override
    @SuppressWarnings("ReferenceEquality") // the very pool
    public boolean sharesMemoryWith(Placement other) {
        return other instanceof StagedPlacement that
                && terms.pool == that.terms.pool
                && state == that.state;
    }

    /** Ends the staging, for the commands that follow; false: it had ended. Any thread. */
    boolean lose(FallBack why) {
        synchronized (this) {
            if (state != State.STAGES) {
                return false;
            }
            reason = why;
            become(terms.strict ? State.UNAVAILABLE : State.FALLS_BACK);
        }
        passAllLoops(() -> {});
        return true;
    }

    /**
     * Another placement has taken its place: who waits is turned away, and when no loop takes buffers by it
     * any more its part of the pool is given back. Once.
     */
    void retire() {
        synchronized (this) {
            become(State.RETIRED);
        }
        passAllLoops(() -> {
            PeerPool pool = terms.pool;
            if (pool != null && terms.reason == null) {
                pool.release();
            }
        });
    }

    private void become(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("placement: %s -> %s".formatted(state, next));
        }
        state = next;
    }

    /** Runs {@code after} when each loop has turned away its waiters, and so knows of the new state. */
    private void passAllLoops(Runnable after) {
        Source[] all = sources;
        if (all.length == 0) {
            after.run();
            return;
        }
        AtomicInteger left = new AtomicInteger(all.length);
        for (Source source : all) {
            Runnable passed =
                    () -> {
                        if (left.decrementAndGet() == 0) {
                            after.run();
                        }
                    };
            try {
                source.loop.execute(() -> {
                    try {
                        source.turnAway();
                    } finally {
                        passed.run();
                    }
                });
            } catch (RejectedExecutionException e) {
                passed.run(); // the loop has ended, and all who waited with it
            }
        }
    }

    /** The placement on one loop, which owns it. */
    private final class Source implements BufferSource {
        private final Loop loop;
        private final BufferSource system;
        private final @Nullable PeerCache peer;
        private final Tally.Stripe portCounts;
        private final Tally.Stripe namespaceCounts;
        private final ArrayDeque<Place> waiting = new ArrayDeque<>();
        private final ArrayDeque<Place> free = new ArrayDeque<>();

        private Source(Loop loop) {
            this.loop = loop;
            system = loop.buffers();
            PeerPool pool = terms.pool;
            peer = pool == null ? null : pool.on(loop);
            portCounts = port.stripe(loop);
            namespaceCounts = namespace.stripe(loop);
        }

        @Override
        public @Nullable DataBuffer tryAcquire(int bytes) {
            PeerCache cache = peer;
            if (cache != null && state == State.STAGES && bytes <= cache.maxBufferBytes()) {
                DataBuffer buffer = cache.tryAcquire(bytes);
                if (buffer != null) {
                    return buffer;
                }
            }
            return terms.strict ? null : system.tryAcquire(bytes);
        }

        @Override
        public void await(Waiter waiter, int bytes) {
            if (!terms.strict) {
                system.await(waiter, bytes);
                return;
            }
            Place place = free.isEmpty() ? new Place() : free.removeLast();
            place.waiter = waiter;
            waiting.addLast(place);
            PeerCache cache = peer;
            if (cache != null && state == State.STAGES) {
                place.inLine = true;
                cache.await(place, bytes);
            } else if (state != State.UNDECIDED) {
                loop.execute(this::turnAway); // lost since the request asked where to go
            }
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // the very waiter, whatever it thinks equals it
        public void cancel(Waiter waiter) {
            if (!terms.strict) {
                system.cancel(waiter);
                return;
            }
            for (Place place : waiting) {
                if (place.waiter == waiter) {
                    boolean _ = waiting.remove(place);
                    place.leaveLine();
                    place.recycle();
                    return;
                }
            }
        }

        @Override
        public int maxBufferBytes() {
            if (!terms.strict) {
                return system.maxBufferBytes();
            }
            PeerCache cache = peer;
            return cache != null && state == State.STAGES
                    ? cache.maxBufferBytes()
                    : Integer.MAX_VALUE; // not known yet, or no longer: who waits will ask again
        }

        private void turnAway() {
            for (int left = waiting.size(); left > 0 && !waiting.isEmpty(); left--) {
                Place place = waiting.removeFirst();
                Waiter waiter = place.leaveLine();
                place.recycle();
                waiter.turnedAway();
            }
        }

        private void count(int bytes, boolean peerMemory) {
            if (peerMemory) {
                portCounts.staged(bytes);
                namespaceCounts.staged(bytes);
                return;
            }
            FallBack why = reason;
            PeerCache cache = peer;
            if (state == State.STAGES && cache != null && bytes > cache.maxBufferBytes()) {
                why = FallBack.TOO_LARGE;
            }
            portCounts.fellBack(why, bytes);
            namespaceCounts.fellBack(why, bytes);
        }

        /** A place in the pool's line, so that the source knows who waits; used again and again. */
        private final class Place implements Waiter {
            private @Nullable Waiter waiter;
            private boolean inLine;

            @Override
            public void granted(DataBuffer buffer) {
                Waiter own = leave();
                own.granted(buffer);
            }

            @Override
            public void turnedAway() {
                Waiter own = leave();
                own.turnedAway();
            }

            private Waiter leave() {
                inLine = false;
                boolean _ = waiting.remove(this);
                Waiter own = requireWaiter();
                recycle();
                return own;
            }

            private Waiter leaveLine() {
                PeerCache cache = peer;
                if (inLine && cache != null) {
                    inLine = false;
                    cache.cancel(this);
                }
                return requireWaiter();
            }

            private Waiter requireWaiter() {
                Waiter own = waiter;
                if (own == null) {
                    throw new IllegalStateException("nobody stands in this place");
                }
                return own;
            }

            private void recycle() {
                waiter = null;
                free.addLast(this);
            }
        }
    }
}
