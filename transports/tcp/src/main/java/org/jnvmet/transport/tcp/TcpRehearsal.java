package org.jnvmet.transport.tcp;

import io.netty.channel.unix.Socket;
import java.io.IOException;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.transport.EventLoop;
import org.jnvmet.transport.ListenAddress;
import org.jnvmet.transport.ListenRehearsal;
import org.jspecify.annotations.Nullable;

/** What {@link TcpTransport} would refuse of a configuration. Any thread. */
public final class TcpRehearsal extends ListenRehearsal {
    private final @Nullable TcpTransport live;

    /**
     * {@code live} is the transport that the configuration is for: what that one listens at is no obstacle. Without
     * one, nobody knows whose an address in use is, and that is no obstacle either.
     *
     * @throws IllegalStateException where there is no epoll
     */
    public TcpRehearsal(TcpSettings settings, @Nullable TcpTransport live) {
        super(TcpTransport.NAME, TcpTransport.limits(settings));
        EventLoop.requireEpoll(TcpTransport.NAME);
        this.live = live;
    }

    @Override
    protected void bindForAMoment(Port port, ListenAddress address) {
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
}
