package org.jnvmet.transport.rdma;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.transport.EventLoop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A loop with its connections and its poll groups. */
final class RdmaLoop extends EventLoop {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaLoop.class);

    private final RdmaSettings settings;
    private final CmLoop cm;
    private final GroupPoller poller;
    private final List<RdmaConnection> connections = new ArrayList<>();

    RdmaLoop(int index, RdmaSettings settings, CmLoop cm) {
        this(index, settings, cm, new GroupPoller());
    }

    private RdmaLoop(int index, RdmaSettings settings, CmLoop cm, GroupPoller poller) {
        super(
                index,
                new Settings(
                        "jnvmet-rdma-" + index,
                        settings.busyPollMicros(),
                        settings.protocol().maxTransferBytes(),
                        settings.memory().poolBytes(),
                        settings.memory().reserveBytes(),
                        settings.limits().shutdownMs()),
                poller);
        this.settings = settings;
        this.cm = cm;
        this.poller = poller;
        startSweeping(sweepPeriodMs(settings.limits().transferMs()));
    }

    RdmaSettings settings() {
        return settings;
    }

    GroupPoller poller() {
        return poller;
    }

    /** Makes the connection of an endpoint, whose room is reserved. */
    void open(RdmaEndpoint endpoint) {
        RdmaConnection connection;
        try {
            connection = new RdmaConnection(endpoint);
        } catch (RuntimeException e) {
            LOG.error("{}: internal error, not accepting it", endpoint, e);
            unreserve();
            endpoint.discard();
            return;
        }
        connections.add(connection);
        RdmaListener listener = endpoint.listener();
        listener.onConnection(connection);
        endpoint.connection(connection);
        if (isClosing() || listener.closed()) {
            connection.end("the listener is closed");
        } else if (connection.begin()) {
            endpoint.ready();
        }
    }

    /** A connection is closed and its last command has ended. */
    void remove(RdmaConnection connection) {
        if (connections.remove(connection)) {
            unreserve();
        }
        checkDrained();
    }

    /** What the loop lends at the moment; for tests and the end. */
    record Usage(int connections, int buffers) {
        static final Usage NOTHING = new Usage(0, 0);
    }

    Usage usage() {
        return new Usage(
                connections.size(), buffers().lentPieces() + reservedBuffers().lentPieces());
    }

    @Override
    protected void sweep(long now) {
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (i < connections.size()) { // the one before may have taken others along
                connections.get(i).checkTimeLimits(now);
            }
        }
    }

    @Override
    protected void closeConnections() {
        for (RdmaConnection connection : List.copyOf(connections)) {
            connection.end("the target ends");
        }
    }

    @Override
    protected boolean isIdle() {
        return connections.isEmpty();
    }

    @Override
    protected void logLeftovers() {
        LOG.error("loop {} leaves behind {}", index(), usage());
        for (RdmaConnection connection : connections) {
            LOG.error("{}: {} commands", connection, connection.inUse());
        }
    }

    @Override
    protected void free() {
        try {
            cm.call(() -> {
                cm.freeLoop(this);
                return true;
            });
        } catch (IOException e) {
            LOG.error("loop {}: {}", index(), e.getMessage());
        }
    }
}
