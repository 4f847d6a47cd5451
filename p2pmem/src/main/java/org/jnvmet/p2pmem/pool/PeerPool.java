package org.jnvmet.p2pmem.pool;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.DeviceMemory;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.Transport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of one provider, lent in pieces of 4 KiB granules. Mapped when the first user comes, given
 * back when the last has gone and everything lent is back. Any thread, except the caches, which are their
 * loops'.
 */
public final class PeerPool implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerPool.class);

    /** Smaller pieces of a fragmented provider are not worth a mapping. */
    private static final long SMALLEST_MAPPING = 64 << 10;

    private static final int MOST_MAPPINGS = 64;
    private static final long LARGEST_MAPPING = 1L << 40;

    private final Provider provider;
    private final long maxBytes;
    private final Executor unmapper;
    private final Centre centre = new Centre(this::unmapSoon);
    private final Object registry = new Object(); // guards changes of caches
    private volatile PeerCache[] caches = {};
    private final AtomicLong otherBytes = new AtomicLong(); // lent, but not by a loop that lives
    private final Object lifecycle =
            new Object(); // guards the following, and mapping and unmapping
    private boolean closed;
    private List<DeviceMemory> mapped = List.of();

    /** Those who were asked to reach what is mapped, and can. */
    private final Set<Transport> reaching = Collections.newSetFromMap(new IdentityHashMap<>());

    /** All memory of the provider that is available when the first user comes. */
    public PeerPool(Provider provider) {
        this(provider, Long.MAX_VALUE);
    }

    /** At most {@code maxBytes} of the provider's memory. */
    public PeerPool(Provider provider, long maxBytes) {
        this(provider, maxBytes, Thread::startVirtualThread);
    }

    /** {@code unmapper} runs what a loop should not: giving memory back takes its time. */
    PeerPool(Provider provider, long maxBytes, Executor unmapper) {
        this.provider = provider;
        this.maxBytes = maxBytes;
        this.unmapper = unmapper;
    }

    public Provider provider() {
        return provider;
    }

    /**
     * A user has come.
     *
     * @throws ConfigException when he is the first and the memory cannot be mapped, or the pool is closed: ENOMEM,
     *     ENODEV ...; he has not come then
     */
    public void retain() {
        synchronized (lifecycle) {
            if (closed) {
                throw new ConfigException(
                        Errno.ENODEV, "the memory of " + provider.address() + " is gone");
            }
            if (!centre.retain()) {
                List<Mapping> mappings = map();
                mapped = mappings.stream().map(this::memory).toList();
                centre.open(mappings);
                LOG.info(
                        "{}: mapped {} bytes of peer memory in {} pieces",
                        provider.address(),
                        centre.mappedBytes(),
                        mappings.size());
            }
        }
    }

    private DeviceMemory memory(Mapping mapping) {
        return new DeviceMemory(
                "the memory of " + provider.address(),
                mapping.address(),
                mapping.bytes(),
                provider.dmaBuf());
    }

    /**
     * Has the device with that address reach the memory, until it is unmapped. For users only; idempotent.
     *
     * @throws ConfigException what {@link Transport#reach} throws
     */
    public void reach(Transport transport, String localAddress) {
        synchronized (lifecycle) {
            for (DeviceMemory memory : mapped) {
                transport.reach(localAddress, memory);
                reaching.add(transport);
            }
        }
    }

    /** A user has gone: it takes no more buffers; those it has come back later. Never waits. */
    public void release() {
        if (!centre.release()) {
            throw new IllegalStateException(provider.address() + ": more went than came");
        }
    }

    /** Users that have not gone. */
    public int users() {
        return centre.users();
    }

    /** Bytes mapped from the provider. */
    public long mappedBytes() {
        return centre.mappedBytes();
    }

    /** Bytes of buffers that are lent at the moment; a snapshot. */
    public long lentBytes() {
        long sum = otherBytes.get();
        for (PeerCache cache : caches) {
            sum += cache.lentBytes();
        }
        return sum;
    }

    /** Largest buffer that the mapping has room for; 0 when nothing is mapped. */
    public int maxBufferBytes() {
        return centre.maxBufferBytes();
    }

    /**
     * A buffer for a control thread, to try the memory out; null: none is free, or others wait. Any thread
     * releases it.
     */
    public @Nullable DataBuffer tryAcquire(int bytes) {
        Region region = new Region();
        if (!centre.takeForControl(region, Centre.granules(bytes))) {
            return null;
        }
        return new ControlBuffer(region);
    }

    /** What {@code loop} has of the pool; the same object at each call, which allocates at most once. Owner loop. */
    public PeerCache on(Loop loop) {
        PeerCache cache = find(loop);
        return cache != null ? cache : add(loop);
    }

    @SuppressWarnings("ReferenceEquality") // the very loop, whatever it thinks equals it
    private @Nullable PeerCache find(Loop loop) {
        for (PeerCache cache : caches) {
            if (cache.loop() == loop) {
                return cache;
            }
        }
        return null;
    }

    private PeerCache add(Loop loop) {
        PeerCache cache = new PeerCache(centre, loop);
        centre.add(cache);
        synchronized (registry) {
            PeerCache[] more = Arrays.copyOf(caches, caches.length + 1);
            more[caches.length] = cache;
            caches = more;
        }
        Thread owner = Thread.currentThread();
        Thread _ = Thread.startVirtualThread(() -> buryAfter(owner, cache));
        return cache;
    }

    /** What a loop leaves behind comes back when its thread has ended: only then nobody touches it. */
    private void buryAfter(Thread owner, PeerCache cache) {
        try {
            owner.join();
        } catch (InterruptedException e) {
            return; // nobody interrupts
        }
        synchronized (registry) {
            caches =
                    Arrays.stream(caches)
                            .filter(other -> !other.equals(cache))
                            .toArray(PeerCache[]::new);
            long lost = otherBytes.addAndGet(cache.lentBytes());
            if (cache.lentBytes() > 0) {
                LOG.error(
                        "{}: a loop ended with {} bytes of peer memory; {} are lost by now",
                        provider.address(),
                        cache.lentBytes(),
                        lost);
            }
        }
        centre.bury(cache);
    }

    /**
     * Lends nothing any more, whoever uses it, turns away who waits, and gives the memory back once everything lent has come back:
     * the provider vanished, or all ends. Idempotent.
     */
    @Override
    public void close() {
        synchronized (lifecycle) {
            closed = true;
            centre.close();
        }
    }

    // ---- Mapping and unmapping.

    /** As much as there is, in few pieces; where the provider's memory is fragmented, in smaller ones. */
    private List<Mapping> map() {
        long left = Math.min(provider.availableBytes(), maxBytes) & -(long) Centre.GRANULE_BYTES;
        if (left <= 0) {
            throw new ConfigException(
                    provider.published() ? Errno.ENOMEM : Errno.ENODEV,
                    "%s: none of its %d bytes of memory is available"
                            .formatted(provider.address(), provider.bytes()));
        }
        List<Mapping> all = new ArrayList<>();
        long piece = Math.min(left, LARGEST_MAPPING);
        long smallest = Math.min(left, SMALLEST_MAPPING);
        while (left > 0 && all.size() < MOST_MAPPINGS) {
            try {
                Mapping mapping = provider.map(Math.min(piece, left));
                all.add(mapping);
                left -= mapping.bytes();
            } catch (PeerMemoryException e) {
                piece = piece / 2 & -(long) Centre.GRANULE_BYTES;
                if (e.errno() != Errno.ENOMEM) {
                    all.forEach(Mapping::close);
                    throw refusal(e);
                }
                if (piece < smallest && all.isEmpty()) {
                    throw refusal(e);
                }
                if (piece < smallest) {
                    break;
                }
            }
        }
        return all;
    }

    private ConfigException refusal(PeerMemoryException e) {
        ConfigException refusal =
                new ConfigException(e.errno(), provider.address() + ": " + e.getMessage());
        refusal.initCause(e);
        return refusal;
    }

    private void unmapSoon() {
        unmapper.execute(this::unmapIfIdle);
    }

    private void unmapIfIdle() {
        synchronized (lifecycle) {
            List<Extent> extents = centre.takeIdle();
            if (!extents.isEmpty()) {
                unreach();
                extents.forEach(Extent::unmap);
                LOG.info("{}: gave its peer memory back", provider.address());
            }
        }
    }

    private void unreach() {
        for (Transport transport : reaching) {
            for (DeviceMemory memory : mapped) {
                try {
                    transport.unreach(memory);
                } catch (RuntimeException e) {
                    LOG.error("{}: {} does not let go of it", memory.name(), transport.name(), e);
                }
            }
        }
        reaching.clear();
        mapped = List.of();
    }

    /** Memory lent to a control thread. */
    private final class ControlBuffer extends DataBuffer {
        private final Extent extent;
        private final int start;
        private final int granules;
        private final AtomicBoolean released = new AtomicBoolean();

        private ControlBuffer(Region region) {
            extent = region.extent();
            start = region.base;
            granules = region.map.granules();
            otherBytes.addAndGet(capacity());
        }

        @Override
        public MemorySegment memory() {
            return extent.memory;
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
            if (!released.compareAndSet(false, true)) {
                throw new IllegalStateException("buffer at " + offset() + " was released twice");
            }
            otherBytes.addAndGet(-capacity());
            centre.giveBackControl(extent, start, granules);
        }
    }
}
