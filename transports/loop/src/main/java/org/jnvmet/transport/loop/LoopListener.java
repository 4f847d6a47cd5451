package org.jnvmet.transport.loop;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.spi.Transport;

/** A port that listens. Any thread; its monitor decides between a new connection and the end. */
final class LoopListener implements Transport.Listener {
    private final Target target;
    private final Port port;
    private final LoopThread loop;
    private final Consumer<LoopListener> onClosed;
    private final Set<LoopConnection> connections = new HashSet<>();
    private boolean closed;

    LoopListener(Target target, Port port, LoopThread loop, Consumer<LoopListener> onClosed) {
        this.target = target;
        this.port = port;
        this.loop = loop;
        this.onClosed = onClosed;
    }

    LoopConnection connect() {
        LoopConnection connection = new LoopConnection(loop, port.address().traddr(), this::forget);
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("port " + port.id() + " does not listen any more");
            }
            connections.add(connection);
        }
        connection.open(target, port);
        return connection;
    }

    private synchronized void forget(LoopConnection connection) {
        connections.remove(connection);
    }

    @Override
    public void close() {
        List<LoopConnection> open;
        synchronized (this) {
            closed = true;
            open = List.copyOf(connections);
        }
        onClosed.accept(this);
        open.forEach(connection -> connection.disconnect("the port stopped listening"));
    }
}
