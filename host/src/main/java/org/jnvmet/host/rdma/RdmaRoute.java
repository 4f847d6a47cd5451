package org.jnvmet.host.rdma;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jnvmet.host.HostException;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.host.spi.Route;
import org.jnvmet.host.tcp.TcpAddress;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;

/** The way to one controller over RDMA. */
final class RdmaRoute implements Route {
    private static final int MAX_SEGMENTS = 1024;
    private static final int MAX_QUEUES = 0xffff;

    private final RdmaTransport transport;
    private final TcpAddress address;

    RdmaRoute(RdmaTransport transport, TcpAddress address) {
        this.transport = transport;
        this.address = address;
    }

    @Override
    public int maxTransferBytes() {
        return transport.settings().transferBytes();
    }

    @Override
    public int maxSegments() {
        return MAX_SEGMENTS;
    }

    @Override
    public int vectors() {
        return MAX_QUEUES;
    }

    @Override
    public String toString() {
        return transport.name();
    }

    /** Resolves the name anew: the controller may have moved. */
    @Override
    public ControllerLink setUpController() {
        return new Link(transport.provider(), address.remote());
    }

    /** The queues of one association: all to the address that the first one reached. */
    private final class Link implements ControllerLink {
        private final VerbsProvider provider;
        private final InetSocketAddress[] candidates;
        private @Nullable InetSocketAddress reached;

        Link(VerbsProvider provider, InetSocketAddress[] candidates) {
            this.provider = provider;
            this.candidates = candidates;
        }

        @Override
        public QueueChannel createQueue(QueueOptions options, QueueEvents events) {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(options.timeoutMs());
            InetSocketAddress known = reached;
            if (known != null) {
                return open(known, end, options, events);
            }
            HostException failed = null;
            for (InetSocketAddress candidate : candidates) {
                try {
                    QueueChannel channel = open(candidate, end, options, events);
                    reached = candidate;
                    return channel;
                } catch (HostException e) {
                    if (failed != null) {
                        e.addSuppressed(failed);
                    }
                    failed = e;
                }
            }
            throw failed == null ? new HostException(address + ": unknown host") : failed;
        }

        private QueueChannel open(
                InetSocketAddress remote, long end, QueueOptions options, QueueEvents events) {
            RdmaConnection connection = new RdmaConnection(provider, address, remote, options, end);
            return RdmaChannel.open(
                    connection, transport.settings(), transport.nextLoop(), options, events);
        }

        @Override
        public void release() {
            // The link has nothing of its own.
        }
    }
}
