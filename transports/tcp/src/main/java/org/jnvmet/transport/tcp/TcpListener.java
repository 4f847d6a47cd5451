package org.jnvmet.transport.tcp;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.transport.ListenAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listening socket of a port. Accepts on one loop and gives each connection to the loop that has
 * the fewest. Owned by its loop, except {@link #close()} and {@link #onGone}.
 */
final class TcpListener implements Transport.Listener, EpollIoHandle {
    private static final Logger LOG = LoggerFactory.getLogger(TcpListener.class);

    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_V6ONLY = 26;
    private static final int ECONNABORTED = 103;

    /** Accepts in one go before others may go on. */
    private static final int MAX_ACCEPTS = 64;

    /** How long accepting rests when the process has no descriptor or memory for another socket. */
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Nothing but what epoll always reports. Not NONE: Netty takes the socket out of epoll for good then. */
    private static final EpollIoOps AT_REST = EpollIoOps.EPOLLERR;

    private final TcpTransport transport;
    private final Target target;
    private final Port port;
    private final TcpLoop loop;
    private final Socket socket;
    private final InetSocketAddress bound;
    private final Set<TcpConnection> connections = ConcurrentHashMap.newKeySet();
    private final byte[] peerAddress = new byte[25];
    private @Nullable IoRegistration registration;
    private @Nullable FileDescriptor spare;
    private boolean resting;
    private boolean shortage;
    private volatile boolean closed;

    /** Binds and listens. */
    TcpListener(TcpTransport transport, Target target, Port port, TcpLoop loop) {
        this.transport = transport;
        this.target = target;
        this.port = port;
        this.loop = loop;
        ListenAddress address = ListenAddress.of(port, TcpTransport.NAME);
        socket = open(port, address);
        try {
            setBuffers(socket);
            socket.bind(address.socketAddress());
            socket.listen(transport.settings().sockets().backlog());
            bound = socket.localAddress();
        } catch (IOException e) {
            closeQuietly(socket);
            throw refused(port, address, e);
        }
    }

    /** A socket that may be bound to the address; a wildcard of IPv6 leaves IPv4 alone. */
    static Socket open(Port port, ListenAddress address) {
        Socket socket;
        try {
            socket = LinuxSocket.newSocketStream(address.isIpv6());
        } catch (RuntimeException e) {
            throw new ConfigException(
                    Errno.EIO, "port %d: no socket: %s".formatted(port.id(), e.getMessage()));
        }
        try {
            socket.setReuseAddress(true);
            if (address.isIpv6()) {
                socket.setIntOpt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
            }
            return socket;
        } catch (IOException e) {
            closeQuietly(socket);
            throw refused(port, address, e);
        }
    }

    static ConfigException refused(Port port, ListenAddress address, IOException e) {
        return new ConfigException(
                Errno.of(errnoOf(e)),
                "port %d: cannot listen at %s port %d: %s"
                        .formatted(
                                port.id(),
                                address.address().getHostAddress(),
                                address.port(),
                                e.getMessage()));
    }

    static int errnoOf(IOException e) {
        return e instanceof NativeIoException known ? -known.expectedErr() : 0;
    }

    /** Begins to accept; from any thread, once. */
    void start() {
        loop.execute(() -> {
            openSpare();
            if (!closed) {
                registration = loop.executor().register(this).syncUninterruptibly().getNow();
                interest(EpollIoOps.EPOLLIN);
            }
        });
        LOG.info("port {}: listening at {}", port.id(), bound);
    }

    Target target() {
        return target;
    }

    Port port() {
        return port;
    }

    /** Where it listens, with the port number that the system chose. */
    InetSocketAddress bound() {
        return bound;
    }

    /** In-capsule data of the port's I/O queues. */
    int inlineBytes() {
        int configured = port.inlineDataBytes();
        Transport.Limits limits = transport.limits();
        return configured < 0
                ? limits.defaultInlineBytes()
                : Math.min(configured, limits.maxInlineBytes());
    }

    private void interest(EpollIoOps operations) {
        IoRegistration current = registration;
        if (current != null && current.isValid()) {
            long _ = current.submit(operations);
        }
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        try {
            for (int i = 0; i < MAX_ACCEPTS && !closed && !resting; i++) {
                int descriptor = socket.accept(peerAddress);
                if (descriptor < 0) {
                    return;
                }
                shortage = false;
                onAccepted(new Socket(descriptor));
            }
        } catch (IOException e) {
            onAcceptFailed(e);
        } catch (RuntimeException | Error e) {
            LOG.error("port {}: internal error in accept", port.id(), e);
            rest();
        }
    }

    /** A connection that died in the queue is nothing; anything else is a shortage, which passes. */
    private void onAcceptFailed(IOException e) {
        if (closed || errnoOf(e) == ECONNABORTED) {
            return;
        }
        if (!shortage) {
            shortage = true;
            LOG.warn(
                    "port {}: cannot accept: {}; trying again every {} ms",
                    port.id(),
                    e.getMessage(),
                    TimeUnit.NANOSECONDS.toMillis(REST_NANOS));
        }
        refuseOne();
        rest();
    }

    /** Uses the spare descriptor to let one waiting host know that it waits in vain. */
    private void refuseOne() {
        FileDescriptor descriptor = spare;
        if (descriptor == null) {
            return;
        }
        spare = null;
        closeQuietly(descriptor);
        try {
            int accepted = socket.accept(peerAddress);
            if (accepted >= 0) {
                reset(new Socket(accepted));
            }
        } catch (IOException e) {
            LOG.debug("port {}: nor refuse", port.id(), e);
        }
        openSpare();
    }

    private void openSpare() {
        try {
            spare = FileDescriptor.from("/dev/null");
        } catch (IOException e) {
            LOG.debug("port {}: no spare descriptor", port.id(), e);
        }
    }

    private void rest() {
        if (!resting) {
            resting = true;
            interest(AT_REST);
            Object _ =
                    loop.schedule(
                            () -> {
                                resting = false;
                                if (spare == null) {
                                    openSpare();
                                }
                                interest(EpollIoOps.EPOLLIN);
                            },
                            REST_NANOS);
        }
    }

    private void onAccepted(Socket accepted) {
        TcpLoop owner = transport.reserveConnection();
        if (owner == null) {
            transport.warnFull();
            reset(accepted);
            return;
        }
        try {
            owner.execute(() -> open(owner, accepted));
        } catch (RejectedExecutionException e) {
            owner.unreserve();
            reset(accepted);
            LOG.debug("port {}: accepted while closing", port.id(), e);
        }
    }

    /** On the loop that will own the connection. */
    private void open(TcpLoop owner, Socket accepted) {
        TcpConnection connection;
        InetSocketAddress host = accepted.remoteAddress();
        InetSocketAddress local = accepted.localAddress();
        try {
            if (host == null || local == null) {
                throw new IOException("the host left");
            }
            accepted.setTcpNoDelay(true);
            setBuffers(accepted);
        } catch (IOException e) {
            LOG.debug("port {}: a connection died: {}", port.id(), e.getMessage());
            owner.unreserve();
            closeQuietly(accepted);
            return;
        }
        SocketStream[] stream = new SocketStream[1];
        connection =
                new TcpConnection(
                        owner,
                        this,
                        new TcpConnection.Endpoints(
                                text(host.getAddress()),
                                host.getPort(),
                                text(local.getAddress()),
                                Integer.toString(local.getPort())),
                        events -> stream[0] = new SocketStream(accepted, events));
        connections.add(connection);
        boolean wanted = owner.add(connection);
        if (wanted && !closed) {
            stream[0].register(owner.executor());
            LOG.info("{}: connected", connection);
        } else {
            connection.close("the listener is closed");
        }
    }

    private static String text(InetAddress address) {
        return address.getHostAddress();
    }

    private void setBuffers(Socket of) throws IOException {
        TcpSettings.Sockets sockets = transport.settings().sockets();
        if (sockets.sendBufferBytes() > 0) {
            of.setSendBufferSize(sockets.sendBufferBytes());
        }
        if (sockets.receiveBufferBytes() > 0) {
            of.setReceiveBufferSize(sockets.receiveBufferBytes());
        }
    }

    private static void reset(Socket accepted) {
        try {
            accepted.setSoLinger(0);
        } catch (IOException e) {
            LOG.debug("{}: no reset", accepted, e);
        }
        closeQuietly(accepted);
    }

    static void closeQuietly(FileDescriptor descriptor) {
        try {
            descriptor.close();
        } catch (IOException e) {
            LOG.warn("{}: close failed: {}", descriptor, e.getMessage());
        }
    }

    /** A connection that came through here has ended. Any thread. */
    void onGone(TcpConnection connection) {
        boolean _ = connections.remove(connection);
    }

    /** Any thread. */
    @Override
    public void close() {
        closed = true;
        transport.onClosed(this);
        CountDownLatch done = new CountDownLatch(1);
        Runnable end =
                () -> {
                    endAccepting();
                    done.countDown();
                };
        if (loop.owns()) {
            end.run();
        } else {
            try {
                loop.execute(end);
                if (!done.await(5, TimeUnit.SECONDS)) {
                    LOG.error("port {}: its loop does not close the listener", port.id());
                }
            } catch (RejectedExecutionException e) {
                LOG.debug("port {}: closed with its loop", port.id(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        for (TcpConnection connection : connections) {
            connection.disconnect("port %d is disabled".formatted(port.id()));
        }
    }

    private void endAccepting() {
        if (!socket.isOpen()) {
            return;
        }
        IoRegistration current = registration;
        if (current != null) {
            boolean _ = current.cancel();
        }
        closeQuietly(socket);
        FileDescriptor descriptor = spare;
        if (descriptor != null) {
            spare = null;
            closeQuietly(descriptor);
        }
        LOG.info("port {}: no longer listening at {}", port.id(), bound);
    }
}
