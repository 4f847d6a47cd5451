package org.jnvmet.transport.tcp;

import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.transport.EventLoop;
import org.jnvmet.transport.ListenAddress;
import org.jspecify.annotations.Nullable;

/**
 * The transport without loops and without hosts: a configuration is tried on it before it is applied. It refuses what
 * {@link TcpTransport} would refuse: it binds to each address, for a moment. Any thread.
 */
public final class TcpRehearsal implements Transport {
    private final Limits limits;
    private final @Nullable TcpTransport live;
    private final List<ListenAddress> used = new ArrayList<>();

    /**
     * {@code live} is the transport that the configuration is for: what that one listens at is no obstacle. Without
     * one, nobody knows whose an address in use is, and that is no obstacle either.
     *
     * @throws IllegalStateException where there is no epoll
     */
    public TcpRehearsal(TcpSettings settings, @Nullable TcpTransport live) {
        EventLoop.requireEpoll(TcpTransport.NAME);
        this.limits = TcpTransport.limits(settings);
        this.live = live;
    }

    @Override
    public String name() {
        return TcpTransport.NAME;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    @Override
    public Listener listen(Target target, Port port) {
        ListenAddress address = ListenAddress.of(port, TcpTransport.NAME);
        bindForAMoment(port, address);
        synchronized (used) {
            if (used.stream().anyMatch(address::collidesWith)) {
                throw new ConfigException(
                        Errno.EADDRINUSE,
                        "port %d: another port listens at %s port %d already"
                                .formatted(
                                        port.id(),
                                        address.address().getHostAddress(),
                                        address.port()));
            }
            used.add(address);
        }
        return () -> {
            synchronized (used) {
                used.remove(address);
            }
        };
    }

    private void bindForAMoment(Port port, ListenAddress address) {
        Socket socket = TcpListener.open(port, address);
        try {
            socket.bind(address.socketAddress());
        } catch (IOException e) {
            boolean inUse = TcpListener.errnoOf(e) == Errno.EADDRINUSE.number();
            if (!inUse || (live != null && !live.occupies(address))) {
                throw TcpListener.refused(port, address, e);
            }
        } finally {
            TcpListener.closeQuietly(socket);
        }
    }

    @Override
    public void close() {}
}
