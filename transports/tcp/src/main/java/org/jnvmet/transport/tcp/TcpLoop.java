package org.jnvmet.transport.tcp;

import io.netty.channel.IoEventLoop;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.Limits;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.Loop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of Netty's event loops as the core's {@link Loop}, with what its connections share: the region
 * that receives, the vector that sends, the buffers. Everything but {@link #execute}, {@link
 * #schedule} and {@link #load} is for the loop's own thread.
 */
final class TcpLoop implements Loop {
    private static final Logger LOG = LoggerFactory.getLogger(TcpLoop.class);

    /** Largest piece of the reserve: Identify, Connect, most log pages. */
    private static final int RESERVE_PIECE_BYTES = 64 << 10;

    private static final int IOVEC_BYTES = 16;

    private final int index;
    private final TcpSettings settings;
    private final BusyPoll busyPoll;
    private final SingleThreadIoEventLoop executor;
    private final MemoryPool buffers;
    private final MemoryPool reserve;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment receiveRegion;
    private final MemorySegment vector;
    private final Digests digests = new Digests();
    private final HeaderSlabs slabs = new HeaderSlabs(arena, digests);
    private final WriteAdmission admission;
    private final List<TcpConnection> connections = new ArrayList<>();
    private final AtomicInteger load = new AtomicInteger();
    private final CountDownLatch drained = new CountDownLatch(1);
    private boolean closing;
    private long spilledBytes;

    TcpLoop(int index, TcpSettings settings) {
        this.index = index;
        this.settings = settings;
        busyPoll = new BusyPoll(settings.sockets().busyPollMicros(), System::nanoTime);
        executor =
                new SingleThreadIoEventLoop(
                        null,
                        threadFactory("jnvmet-tcp-" + index),
                        EpollIoHandler.newFactory(0, () -> busyPoll));
        TcpSettings.Memory memory = settings.memory();
        buffers =
                new MemoryPool(
                        this,
                        settings.protocol().maxTransferBytes(),
                        Math.max(memory.poolBytes(), settings.protocol().maxTransferBytes()));
        reserve = new MemoryPool(this, RESERVE_PIECE_BYTES, memory.reserveBytes());
        receiveRegion = arena.allocate(memory.receiveBytes(), 4096);
        digests.remember(receiveRegion);
        vector = arena.allocate((long) vectorEntries() * IOVEC_BYTES, 4096);
        admission = new WriteAdmission(memory.poolBytes() / 2);
        long period = sweepPeriodMs(settings.limits());
        Future<?> _ =
                executor.scheduleAtFixedRate(this::sweep, period, period, TimeUnit.MILLISECONDS);
    }

    private static ThreadFactory threadFactory(String name) {
        return task -> {
            Thread thread = new FastThreadLocalThread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** A quarter of the shortest limit: a limit is kept to within that. */
    private static long sweepPeriodMs(TcpSettings.TimeLimits limits) {
        long shortest =
                Math.min(
                        Math.min(limits.connectMs(), limits.dataMs()),
                        Math.min(limits.sendMs(), limits.terminationMs()));
        return Math.clamp(shortest / 4, 1, 1000);
    }

    @Override
    public boolean owns() {
        return executor.inEventLoop();
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(task);
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        Future<?> future = executor.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
        return () -> {
            boolean _ = future.cancel(false);
        };
    }

    @Override
    public BufferSource buffers() {
        return buffers;
    }

    @Override
    public BufferSource reservedBuffers() {
        return reserve;
    }

    IoEventLoop executor() {
        return executor;
    }

    TcpSettings settings() {
        return settings;
    }

    /** Where every connection of this loop receives; free again when its batch has been interpreted. */
    MemorySegment receiveRegion() {
        return receiveRegion;
    }

    /** An array of {@code struct iovec} that is free between two sends. */
    MemorySegment vector() {
        return vector;
    }

    static int vectorEntries() {
        return Math.min(1024, Limits.IOV_MAX);
    }

    Digests digests() {
        return digests;
    }

    HeaderSlabs slabs() {
        return slabs;
    }

    WriteAdmission admission() {
        return admission;
    }

    /** There was traffic. */
    void active(long now) {
        busyPoll.active(now);
    }

    /** Notes bytes that were put aside, or with a negative count taken up again. */
    void spilled(long bytes) {
        spilledBytes += bytes;
    }

    /** Most bytes of the next receive: what could be put aside. */
    int receiveLimit() {
        return (int)
                Math.clamp(
                        settings.memory().spillBytes() - spilledBytes,
                        4096,
                        receiveRegion.byteSize());
    }

    /** Connections that were given to this loop and are not gone. Any thread. */
    int load() {
        return load.get();
    }

    /** A connection will be given to this loop. Any thread. */
    void reserve() {
        int _ = load.incrementAndGet();
    }

    /** A reserved connection is here. False: the loop ends, close it at once. */
    boolean add(TcpConnection connection) {
        connections.add(connection);
        return !closing;
    }

    /** A reserved connection never came to be. Any thread. */
    void unreserve() {
        int _ = load.decrementAndGet();
    }

    /** A connection is closed and its last command has ended. */
    void remove(TcpConnection connection) {
        if (connections.remove(connection)) {
            unreserve();
        }
        checkDrained();
    }

    /** What the loop lends at the moment; for tests and the end. */
    record Usage(int connections, int buffers, int slabs, long heldBytes, long spilledBytes) {
        static final Usage NOTHING = new Usage(0, 0, 0, 0, 0);
    }

    Usage usage() {
        return new Usage(
                connections.size(),
                buffers.lentPieces() + reserve.lentPieces(),
                slabs.lent(),
                admission.heldBytes(),
                spilledBytes);
    }

    /** Closes every connection and begins to wait for the commands that still run. Any thread. */
    void beginClose() {
        execute(() -> {
            closing = true;
            for (TcpConnection connection : List.copyOf(connections)) {
                connection.close("the target ends");
            }
            checkDrained();
        });
    }

    /** Ends the thread when the last command has ended, or has taken too long. Not on the loop. */
    void finishClose() {
        try {
            if (!drained.await(settings.limits().shutdownMs(), TimeUnit.MILLISECONDS)) {
                LOG.error("loop {}: commands still run after the time limit; leaving them", index);
                executor.execute(this::logLeftovers);
            }
            Future<?> _ = executor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            if (executor.awaitTermination(5, TimeUnit.SECONDS) && drained.getCount() == 0) {
                buffers.close();
                reserve.close();
                arena.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            LOG.error("loop {}: {}", index, e.getMessage(), e);
        }
    }

    private void logLeftovers() {
        LOG.error("loop {} leaves behind {}", index, usage());
        for (TcpConnection connection : connections) {
            LOG.error("{}: {}", connection, connection.requests().phases());
        }
    }

    private void checkDrained() {
        if (closing && connections.isEmpty()) {
            drained.countDown();
        }
    }

    private void sweep() {
        long now = nanoTime();
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (i < connections.size()) { // the one before may have taken others along
                connections.get(i).checkTimeLimits(now);
            }
        }
    }
}
