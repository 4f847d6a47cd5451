package org.jnvmet.transport.tcp;

import io.netty.channel.unix.Limits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.transport.EventLoop;
import org.jnvmet.transport.Poller;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An event loop of this transport, with what its connections share: the region that receives, the
 * vector that sends. Owned by its thread.
 */
final class TcpLoop extends EventLoop {
    private static final Logger LOG = LoggerFactory.getLogger(TcpLoop.class);

    private static final int IOVEC_BYTES = 16;

    private final TcpSettings settings;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment receiveRegion;
    private final MemorySegment vector;
    private final Digests digests = new Digests();
    private final HeaderSlabs slabs = new HeaderSlabs(arena, digests);
    private final WriteAdmission admission;
    private final List<TcpConnection> connections = new ArrayList<>();
    private long spilledBytes;

    TcpLoop(int index, TcpSettings settings) {
        super(index, shared(index, settings), Poller.NONE);
        this.settings = settings;
        TcpSettings.Memory memory = settings.memory();
        receiveRegion = arena.allocate(memory.receiveBytes(), 4096);
        digests.remember(receiveRegion);
        vector = arena.allocate((long) vectorEntries() * IOVEC_BYTES, 4096);
        admission = new WriteAdmission(memory.poolBytes() / 2);
        TcpSettings.TimeLimits limits = settings.limits();
        startSweeping(
                sweepPeriodMs(
                        limits.connectMs(),
                        limits.dataMs(),
                        limits.sendMs(),
                        limits.terminationMs()));
    }

    private static Settings shared(int index, TcpSettings settings) {
        return new Settings(
                "jnvmet-tcp-" + index,
                settings.sockets().busyPollMicros(),
                settings.protocol().maxTransferBytes(),
                settings.memory().poolBytes(),
                settings.memory().reserveBytes(),
                settings.limits().shutdownMs());
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

    /** A reserved connection is here. False: the loop ends, close it at once. */
    boolean add(TcpConnection connection) {
        connections.add(connection);
        return !isClosing();
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
                buffers().lentPieces() + reservedBuffers().lentPieces(),
                slabs.lent(),
                admission.heldBytes(),
                spilledBytes);
    }

    @Override
    protected void closeConnections() {
        for (TcpConnection connection : List.copyOf(connections)) {
            connection.close("the target ends");
        }
    }

    @Override
    protected boolean isIdle() {
        return connections.isEmpty();
    }

    @Override
    protected void logLeftovers() {
        LOG.error("loop {} leaves behind {}", index(), usage());
        for (TcpConnection connection : connections) {
            LOG.error("{}: {}", connection, connection.requests().phases());
        }
    }

    @Override
    protected void free() {
        arena.close();
    }

    @Override
    protected void sweep(long now) {
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (i < connections.size()) { // the one before may have taken others along
                connections.get(i).checkTimeLimits(now);
            }
        }
    }
}
