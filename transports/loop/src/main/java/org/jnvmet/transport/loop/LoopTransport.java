package org.jnvmet.transport.loop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;

/**
 * The fabric within this process, and the smallest example of a transport: one loop, queues that are
 * objects, data that is copied. The address of a port is any text. Any thread.
 */
public final class LoopTransport implements Transport {
    /** TRTYPE of the discovery log. */
    private static final int TRTYPE_LOOP = 254;

    private static final int MAX_TRANSFER_BYTES = 1 << 20;
    private static final int NO_INLINE_DATA = 0;
    private static final int ONE_DESCRIPTOR = 1;
    private static final int DEFAULT_QUEUE_ENTRIES = 128;
    private static final int MAX_QUEUE_ENTRIES = 1024;

    /** SGLS: supported, without alignment. */
    private static final int SGLS = 1;

    private static final Limits LIMITS =
            new Limits(
                    TRTYPE_LOOP,
                    MAX_TRANSFER_BYTES,
                    NO_INLINE_DATA,
                    NO_INLINE_DATA,
                    DEFAULT_QUEUE_ENTRIES,
                    MAX_QUEUE_ENTRIES,
                    SGLS,
                    ONE_DESCRIPTOR);

    private final LoopThread loop = new LoopThread(MAX_TRANSFER_BYTES);
    private final Map<String, LoopListener> listeners = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "loop";
    }

    @Override
    public Limits limits() {
        return LIMITS;
    }

    @Override
    public Listener listen(Target target, Port port) {
        String address = port.address().traddr();
        LoopListener listener =
                new LoopListener(target, port, loop, closed -> listeners.remove(address, closed));
        if (listeners.putIfAbsent(address, listener) != null) {
            throw new ConfigException(
                    Errno.EADDRINUSE, "loop address \"%s\" is in use".formatted(address));
        }
        return listener;
    }

    /**
     * Opens a queue to the port with that address; the first command must be Connect.
     *
     * @throws IllegalStateException when no port listens there
     */
    public LoopConnection connect(String address) {
        LoopListener listener = listeners.get(address);
        if (listener == null) {
            throw new IllegalStateException("no port listens at loop address " + address);
        }
        return listener.connect();
    }

    @Override
    public void close() {
        listeners.values().forEach(LoopListener::close);
        loop.close();
    }
}
