package org.jnvmet.transport.tcp;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A non-blocking socket that Netty's event loop polls, without a channel or pipeline above it. Owned by
 * its loop.
 */
final class SocketStream implements ByteStream, EpollIoHandle {
    private static final Logger LOG = LoggerFactory.getLogger(SocketStream.class);

    /** By interest: bit 0 read, bit 1 write. Who does not read still learns that the peer left. */
    private static final EpollIoOps[] OPERATIONS = {
        EpollIoOps.EPOLLRDHUP,
        EpollIoOps.EPOLLIN,
        EpollIoOps.EPOLLRDHUP.with(EpollIoOps.EPOLLOUT),
        EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLOUT)
    };

    private final Socket socket;
    private final Events events;
    private @Nullable IoRegistration registration;
    private int interest = -1;

    SocketStream(Socket socket, Events events) {
        this.socket = socket;
        this.events = events;
    }

    /** Begins to report; on the loop that will own this. */
    void register(IoEventLoop loop) {
        registration = loop.register(this).syncUninterruptibly().getNow();
        interest(true, false);
    }

    @Override
    public int receive(long address, int bytes) throws IOException {
        return socket.recvAddress(address, 0, bytes);
    }

    @Override
    public long send(long vector, int count) throws IOException {
        return socket.writevAddresses(vector, count);
    }

    @Override
    public void interest(boolean read, boolean write) {
        int wanted = (read ? 1 : 0) | (write ? 2 : 0);
        IoRegistration current = registration;
        if (wanted != interest && current != null && current.isValid()) {
            interest = wanted;
            long _ = current.submit(OPERATIONS[wanted]);
        }
    }

    @Override
    public void finishSending() throws IOException {
        socket.shutdown(false, true);
    }

    @Override
    public void close(boolean reset) {
        if (!socket.isOpen()) {
            return;
        }
        try {
            if (reset) {
                socket.setSoLinger(0);
            }
        } catch (IOException e) {
            LOG.debug("{}: no reset", socket, e);
        }
        IoRegistration current = registration;
        if (current != null) {
            boolean _ = current.cancel();
        }
        try {
            socket.close();
        } catch (IOException e) {
            LOG.warn("{}: close failed: {}", socket, e.getMessage());
        }
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        EpollIoOps ready = ((EpollIoEvent) event).ops();
        boolean read = ready.contains(EpollIoOps.EPOLLIN);
        boolean write = ready.contains(EpollIoOps.EPOLLOUT);
        if (read && (interest & 1) != 0) {
            events.onReadable();
        }
        if (write && socket.isOpen()) {
            events.onWritable();
        }
        if (!read && !write && socket.isOpen()) {
            events.onHangUp();
        }
    }

    /** The loop ends. */
    @Override
    public void close() {
        close(true);
    }
}
