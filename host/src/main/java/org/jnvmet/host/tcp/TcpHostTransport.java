package org.jnvmet.host.tcp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostQueueChannel;
import org.jnvmet.host.HostTransport;
import org.jnvmet.host.QueueOptions;

/** NVMe/TCP to one address. */
public final class TcpHostTransport implements HostTransport {
    private final InetSocketAddress address;
    private final TcpOptions options;

    public TcpHostTransport(InetSocketAddress address, TcpOptions options) {
        this.address = address;
        this.options = options;
    }

    @Override
    public HostQueueChannel open(QueueOptions queue) {
        try {
            SocketChannel socket = SocketChannel.open();
            try {
                socket.socket().connect(address, options.timeoutMs());
                socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                return TcpQueueChannel.start(socket, options, queue);
            } catch (IOException | RuntimeException e) {
                socket.close();
                throw e;
            }
        } catch (IOException e) {
            throw new HostException("no connection to " + address + ": " + e.getMessage(), e);
        }
    }
}
