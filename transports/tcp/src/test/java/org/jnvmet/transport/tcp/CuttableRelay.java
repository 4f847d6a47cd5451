package org.jnvmet.transport.tcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A cable between a host and a target that can be cut, in the middle of a PDU too. What the target says
 * afterwards is lost; the host hears of the cut when the target has ended the connection. So no command
 * is still on its way to the medium when the host sends it again along another path, where a later write
 * could overtake it: over real cables that is what the Command Quiesce Time is for.
 */
final class CuttableRelay implements AutoCloseable {
    private static final int BUFFER_BYTES = 32 * 1024;

    private final ServerSocket listener;
    private final InetSocketAddress target;
    private final Set<Cable> cables = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    private static final class Cable {
        private final Socket host;
        private final Socket target;
        private volatile boolean cut;

        Cable(Socket host, Socket target) {
            this.host = host;
            this.target = target;
        }

        void cut() {
            cut = true;
            try {
                target.shutdownOutput();
            } catch (IOException e) {
                close(target);
            }
        }
    }

    CuttableRelay(InetSocketAddress target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Connections that were ever made through it. */
    int connections() {
        return connections.get();
    }

    /** Bytes that came through it, both ways together. */
    long bytes() {
        return bytes.get();
    }

    /** Cuts all connections; new ones can be made at once. */
    void cut() {
        cables.forEach(Cable::cut);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket host = listener.accept();
                Socket onwards = new Socket(target.getAddress(), target.getPort());
                host.setTcpNoDelay(true);
                onwards.setTcpNoDelay(true);
                Cable cable = new Cable(host, onwards);
                cables.add(cable);
                connections.incrementAndGet();
                Thread.ofVirtual().start(() -> toTarget(cable));
                Thread.ofVirtual().start(() -> toHost(cable));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void toTarget(Cable cable) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            for (int n = cable.host.getInputStream().read(buffer);
                    n >= 0;
                    n = cable.host.getInputStream().read(buffer)) {
                bytes.addAndGet(n);
                cable.target.getOutputStream().write(buffer, 0, n);
            }
        } catch (IOException e) {
            // cut, or one of them has closed: either way it is over
        }
        cable.cut();
    }

    private void toHost(Cable cable) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            for (int n = cable.target.getInputStream().read(buffer);
                    n >= 0;
                    n = cable.target.getInputStream().read(buffer)) {
                bytes.addAndGet(n);
                if (!cable.cut) {
                    cable.host.getOutputStream().write(buffer, 0, n);
                }
            }
        } catch (IOException e) {
            // as above
        }
        close(cable.target);
        close(cable.host);
        cables.remove(cable);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cables.forEach(cable -> {
            close(cable.target);
            close(cable.host);
        });
    }
}
