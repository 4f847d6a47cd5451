package org.jnvmet.transport.loop;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostData;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.host.spi.Route;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.DataDirection;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;

/** The host's side of the loop transport: its target is in this process. The address is any text. */
public final class LoopHostTransport implements HostTransport {
    private static final int MAX_TRANSFER_BYTES = 1 << 20;
    private static final int MAX_QUEUES = 1 << 16;

    private final LoopTransport target;

    public LoopHostTransport(LoopTransport target) {
        this.target = target;
    }

    @Override
    public String name() {
        return "loop";
    }

    @Override
    public Route route(ConnectOptions options) {
        return new LoopRoute(target, options.address());
    }

    /** The target is not the host's to close. */
    @Override
    public void close() {}

    private record LoopRoute(LoopTransport target, String address)
            implements Route, ControllerLink {
        @Override
        public int maxTransferBytes() {
            return MAX_TRANSFER_BYTES;
        }

        @Override
        public int maxSegments() {
            return 1;
        }

        @Override
        public int vectors() {
            return MAX_QUEUES;
        }

        /** Queues share nothing. */
        @Override
        public ControllerLink setUpController() {
            return this;
        }

        @Override
        public QueueChannel createQueue(QueueOptions options, QueueEvents events) {
            try {
                return new Channel(target.connect(address), events);
            } catch (IllegalStateException e) {
                throw new HostException("loop " + address + ": " + e.getMessage(), e);
            }
        }

        @Override
        public void release() {}
    }

    private static final class Channel implements QueueChannel {
        private final LoopConnection connection;
        private final QueueEvents events;
        private final AtomicBoolean drained = new AtomicBoolean();

        Channel(LoopConnection connection, QueueEvents events) {
            this.connection = connection;
            this.events = events;
        }

        @Override
        public void send(HostRequest request) {
            MemorySegment entry =
                    MemorySegment.ofArray(new byte[Sqe.BYTES]).copyFrom(request.entry());
            HostData data = request.data();
            boolean moves = request.direction() != DataDirection.NONE;
            Sqe sqe = new Sqe().wrap(entry, 0).u16(Sqe.CID, request.commandId());
            Sgl.transport(sqe, moves ? (int) data.bytes() : 0);
            connection.submit(
                    entry,
                    moves ? data.segment(0) : MemorySegment.NULL,
                    new LoopConnection.Handler() {
                        @Override
                        public void completed(Cqe cqe) {
                            if (!drained.get()) {
                                request.head(cqe.sqHead(), cqe.sqId());
                                events.done(request, cqe.result(), cqe.status());
                            }
                        }

                        @Override
                        public void disconnected(String reason) {
                            if (!drained.get()) {
                                events.reportError(new HostException("loop: " + reason));
                            }
                        }
                    });
        }

        /** The target's thread completes; nobody else can. */
        @Override
        public int poll() {
            return 0;
        }

        /** All that touches requests happens on the target's thread, and none of it after this. */
        @Override
        public void drain() {
            drained.set(true);
            CompletableFuture<Void> passed = new CompletableFuture<>();
            connection.close(() -> passed.complete(null));
            passed.join(); // not to be interrupted: the caller relies on it
        }

        /** The connection ended when it was drained. */
        @Override
        public void destroy() {}
    }
}
