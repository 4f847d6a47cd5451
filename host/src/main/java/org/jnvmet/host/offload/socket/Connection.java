package org.jnvmet.host.offload.socket;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jnvmet.host.HostException;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.host.linux.MessageHeader;
import org.jnvmet.host.linux.PollSet;
import org.jnvmet.host.linux.Sockets;
import org.jnvmet.host.offload.OffloadQueue;
import org.jnvmet.host.offload.OffloadRoute;
import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.host.tcp.TcpQueue;

/** A queue's socket, and the protocol that is spoken on it. Used by the protocol's owner. */
public final class Connection implements AutoCloseable {
    /** Calls of recv in a row before others have their turn. */
    private static final int RECEIVES = 16;

    private final int socket;
    private final TcpQueue protocol;
    private final Arena arena = Arena.ofShared();
    private final MessageHeader message = new MessageHeader(arena, TcpQueue.MAX_VECTOR_ENTRIES);

    private Connection(int socket, TcpQueue protocol) {
        this.socket = socket;
        this.protocol = protocol;
    }

    /**
     * Connects and exchanges ICReq and ICResp, within the time limit of the queue's options.
     *
     * @throws HostException when that fails; nothing is left open then
     */
    public static Connection open(OffloadQueue queue) {
        OffloadRoute route = queue.controller().route();
        String address = text(route.remote());
        int socket = check(address, Sockets.open(route.remote().getAddress()));
        TcpQueue protocol =
                new TcpQueue(
                        queue.options(),
                        TcpOptions.DEFAULTS,
                        route.options().headerDigest(),
                        route.options().dataDigest(),
                        queue.events());
        Connection connection = new Connection(socket, protocol);
        try {
            Deadline deadline = new Deadline(queue.options().timeoutMs());
            connection.bind(route);
            connection.connect(route.remote(), address, deadline);
            connection.initialize(address, deadline);
            return connection;
        } catch (RuntimeException | Error e) {
            protocol.stop();
            connection.close();
            throw e;
        }
    }

    private void bind(OffloadRoute route) {
        String device = route.options().hostInterface();
        if (!device.isEmpty()) {
            int _ = check("host_iface " + device, Sockets.bindToDevice(socket, device));
        }
        InetAddress from = route.local();
        if (from != null && !route.options().hostAddress().isEmpty()) {
            String option = "host_traddr " + from.getHostAddress();
            int _ = check(option, Sockets.bind(socket, new InetSocketAddress(from, 0)));
        }
    }

    private void connect(InetSocketAddress remote, String address, Deadline deadline) {
        int _ = check(address, Sockets.noDelay(socket));
        int result = Sockets.connect(socket, remote);
        if (result == -Errno.EINPROGRESS) {
            result = Sockets.awaitConnected(socket, deadline.leftMs());
        }
        int _ = check(address, result);
    }

    private void initialize(String address, Deadline deadline) {
        try (PollSet set = new PollSet()) {
            while (!protocol.negotiated()) {
                boolean _ = send();
                set.clear();
                set.add(socket, interest());
                int ready = check(address, set.await(deadline.leftMs()));
                if (ready == 0 && deadline.leftMs() == 0) {
                    throw new HostException(
                            "%s: no ICResp within %d ms".formatted(address, deadline.limitMs()));
                }
                boolean _ = receive();
                HostException failure = protocol.failure();
                if (failure != null) {
                    boolean _ = send(); // H2CTermReq, if the controller broke the protocol
                    throw failure;
                }
            }
        }
    }

    private static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    private static int check(String what, int result) {
        if (result < 0) {
            throw new HostException(what + ": " + Errno.text(-result));
        }
        return result;
    }

    public int socket() {
        return socket;
    }

    public TcpQueue protocol() {
        return protocol;
    }

    /** What the protocol has to send, after {@link #gather}. */
    public long message() {
        return message.address();
    }

    /** Makes the message of what is to be sent next; false when there is nothing. */
    public boolean gather() {
        int entries = protocol.gather(message.vector(), TcpQueue.MAX_VECTOR_ENTRIES);
        message.count(entries);
        return entries > 0;
    }

    /** What to wait for, as {@link PollSet} has it; 0 when there is nothing to wait for any more. */
    public int interest() {
        return (protocol.receiveBytes() > 0 ? PollSet.IN : 0)
                | (protocol.hasOutput() ? PollSet.OUT : 0);
    }

    /** Receives what is there, up to a bound; whether there was anything. */
    public boolean receive() {
        for (int i = 0; i < RECEIVES; i++) {
            int wanted = protocol.receiveBytes();
            if (wanted == 0) {
                return i > 0;
            }
            int result = Sockets.receive(socket, protocol.receiveAddress(), wanted);
            if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
                return i > 0;
            }
            onReceived(result);
            if (result < wanted) {
                return true;
            }
        }
        return true;
    }

    /** Tells the protocol what a call of recv answered, other than that there is nothing. */
    public void onReceived(int result) {
        if (result > 0) {
            protocol.onReceived(result);
        } else if (result == 0) {
            protocol.onReceived(-1);
        } else {
            protocol.fail(lost(result));
        }
    }

    /** Sends what there is to send and room for; whether it was anything. */
    public boolean send() {
        boolean sent = false;
        while (protocol.hasOutput() && gather()) {
            int result = Sockets.send(socket, message.address());
            if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
                return sent;
            }
            sent = true;
            if (result < 0) {
                boolean _ = receive(); // the controller may have said why
                protocol.fail(lost(result));
            } else {
                protocol.onSent(result);
            }
        }
        return sent;
    }

    /** Why there is no connection any more, by what a system call answered. */
    public HostException lost(int result) {
        return new HostException(protocol + ": " + Errno.text(-result));
    }

    /** Closes the connection and frees its memory; the protocol was stopped. */
    @Override
    public void close() {
        int _ = Sockets.close(socket);
        protocol.close();
        arena.close();
    }

    /** A limit of time, from its making on. */
    private record Deadline(long limitMs, long startNanos) {
        Deadline(long limitMs) {
            this(limitMs, System.nanoTime());
        }

        long leftMs() {
            long passedMs = (System.nanoTime() - startNanos) / 1_000_000;
            return Math.max(0, limitMs - passedMs);
        }
    }
}
