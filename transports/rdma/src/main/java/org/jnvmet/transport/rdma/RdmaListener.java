package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.transport.ListenAddress;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.VerbsUnavailableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listening identifier of a port. When its address or device goes, it is made again and again until
 * it listens as before. Owned by the control thread, except {@link #close()} and what says so.
 */
final class RdmaListener implements Transport.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(RdmaListener.class);

    private final RdmaTransport transport;
    private final CmLoop cm;
    private final Target target;
    private final Port port;
    private final ListenAddress address;
    private final Set<RdmaConnection> connections = ConcurrentHashMap.newKeySet();
    private @Nullable RdmaCmId id;

    /** As it was first, with the port number that the system chose; any thread. */
    private volatile @Nullable InetSocketAddress bound;

    private volatile boolean closed;

    RdmaListener(RdmaTransport transport, CmLoop cm, Target target, Port port) {
        this.transport = transport;
        this.cm = cm;
        this.target = target;
        this.port = port;
        address = ListenAddress.of(port, RdmaTransport.NAME);
    }

    // ---- Any thread.

    Target target() {
        return target;
    }

    Port port() {
        return port;
    }

    /** Where it listens, or will again; null before it did. */
    @Nullable InetSocketAddress bound() {
        return bound;
    }

    boolean closed() {
        return closed;
    }

    /** In-capsule data of the port's I/O queues. */
    int inlineBytes() {
        int configured = port.inlineDataBytes();
        Transport.Limits limits = transport.limits();
        return configured < 0
                ? limits.defaultInlineBytes()
                : Math.min(configured, limits.maxInlineBytes());
    }

    /** Entries of the port's I/O queues. */
    int maxEntries() {
        int configured = port.maxQueueEntries();
        Transport.Limits limits = transport.limits();
        return configured < 0
                ? limits.defaultQueueEntries()
                : Math.min(configured, limits.maxQueueEntries());
    }

    /** A connection that came through here is there; its loop. */
    void onConnection(RdmaConnection connection) {
        connections.add(connection);
    }

    /** A connection that came through here has ended; its loop. */
    void onGone(RdmaConnection connection) {
        connections.remove(connection);
    }

    /** Begins to listen; waits for the control thread. */
    void start() {
        try {
            cm.call(() -> {
                cm.open();
                listen(address.socketAddress());
                return true;
            });
        } catch (IOException e) {
            throw refused(port, address, e);
        }
        LOG.info("port {}: listening at {}", port.id(), bound);
    }

    static ConfigException refused(Port port, ListenAddress address, IOException e) {
        if (e instanceof VerbsUnavailableException) {
            return new ConfigException(
                    Errno.ENODEV, "port %d: %s".formatted(port.id(), e.getMessage()));
        }
        Errno errno = e instanceof VerbsException known ? Errno.of(known.errno()) : Errno.EIO;
        return new ConfigException(
                errno,
                "port %d: cannot listen at %s port %d: %s%s"
                        .formatted(
                                port.id(),
                                address.address().getHostAddress(),
                                address.port(),
                                e.getMessage(),
                                errno == Errno.ENODEV ? ": no RDMA device has that address" : ""));
    }

    // ---- The control thread.

    /** An identifier that is bound to the address. */
    static RdmaCmId bind(
            ConnectionManager manager, RdmaEventChannel channel, InetSocketAddress where)
            throws IOException {
        RdmaCmId made = manager.createId(channel, RdmaCm.RDMA_PS_TCP);
        try {
            manager.reuseAddress(made);
            if (where.getAddress() instanceof Inet6Address) {
                manager.onlyItsFamily(made);
            }
            manager.bindAddr(made, where);
            return made;
        } catch (IOException | RuntimeException e) {
            destroyQuietly(manager, made);
            throw e;
        }
    }

    private static void destroyQuietly(ConnectionManager manager, RdmaCmId made) {
        try {
            int _ = manager.destroyCmId(made);
        } catch (IOException e) {
            LOG.debug("an identifier cannot be destroyed: {}", e.getMessage());
        }
    }

    private void listen(InetSocketAddress where) throws IOException {
        ConnectionManager manager = cm.manager();
        RdmaCmId made = bind(manager, cm.channel(), where);
        try {
            manager.listen(made, transport.settings().queues().backlog());
            if (manager.getSrcAddr(made) instanceof InetSocketAddress local) {
                bound = new InetSocketAddress(where.getAddress(), local.getPort());
            } else {
                bound = where;
            }
        } catch (IOException | RuntimeException e) {
            destroyQuietly(manager, made);
            throw e;
        }
        id = made;
        cm.add(made, this);
    }

    /** The identifier is of no use any more. */
    void onLost(String why) {
        LOG.warn("port {}: not listening at {} for now: {}", port.id(), bound, why);
        endListening();
        tryLater();
    }

    private void tryLater() {
        if (!closed) {
            cm.schedule(this::listenAgain, transport.settings().limits().relistenMs());
        }
    }

    private void listenAgain() {
        InetSocketAddress where = bound;
        if (closed || id != null || where == null) {
            return;
        }
        try {
            listen(where);
            LOG.info("port {}: listening at {} again", port.id(), bound);
        } catch (IOException | RuntimeException e) {
            LOG.debug("port {}: not yet: {}", port.id(), e.getMessage());
            tryLater();
        }
    }

    private void endListening() {
        RdmaCmId listening = id;
        if (listening != null) {
            id = null;
            cm.forgetListener(listening);
            destroyQuietly(cm.manager(), listening);
        }
    }

    /** Any thread. */
    @Override
    public void close() {
        closed = true;
        transport.onClosed(this);
        try {
            cm.call(() -> {
                endListening();
                return true;
            });
            LOG.info("port {}: no longer listening at {}", port.id(), bound);
        } catch (RejectedExecutionException e) {
            LOG.debug("port {}: closed with the control thread", port.id(), e);
        } catch (IOException e) {
            LOG.error("port {}: {}", port.id(), e.getMessage());
        }
        for (RdmaConnection connection : connections) {
            connection.disconnect("port %d is disabled".formatted(port.id()));
        }
    }
}
