package org.jnvmet.host.tcp;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.queue.LoopShare;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.host.spi.Route;
import org.jspecify.annotations.Nullable;

/** The way to one controller over TCP. */
final class TcpRoute implements Route {
    /** The SGL has 32 bits of length; this is far beyond what any controller takes. */
    private static final int MAX_TRANSFER_BYTES = 1 << 30;

    private static final int MAX_SEGMENTS = 1024;
    private static final int MAX_QUEUES = 0xffff;

    private final TcpTransport transport;
    private final TcpAddress address;
    private final ConnectOptions connect;

    TcpRoute(TcpTransport transport, TcpAddress address, ConnectOptions connect) {
        this.transport = transport;
        this.address = address;
        this.connect = connect;
    }

    @Override
    public int maxTransferBytes() {
        return MAX_TRANSFER_BYTES;
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
        return linkTo(address.remote());
    }

    /** A link to the first of these that can be reached. */
    ControllerLink linkTo(InetSocketAddress... candidates) {
        return new Link(candidates);
    }

    /** The queues of one association: all to the address that the first one reached. */
    private final class Link implements ControllerLink {
        private final InetSocketAddress[] candidates;
        private @Nullable InetSocketAddress reached;

        Link(InetSocketAddress[] candidates) {
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
            LoopShare share = transport.nextLoop();
            TcpQueue queue =
                    new TcpQueue(
                            options,
                            transport.options(),
                            connect.headerDigest(),
                            connect.dataDigest(),
                            events);
            long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            return TcpChannel.open(address, remote, share, queue, Math.max(1, leftMs));
        }

        @Override
        public void release() {
            // The link has nothing of its own.
        }
    }
}
