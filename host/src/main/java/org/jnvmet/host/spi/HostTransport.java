package org.jnvmet.host.spi;

import org.jnvmet.host.ConnectOptions;

/**
 * A fabric: one way to reach controllers. A {@link org.jnvmet.host.Host} finds it by its name and
 * closes it. Calls come from any thread.
 */
public interface HostTransport extends AutoCloseable {
    /** What users write after {@code -t}: {@code tcp}, {@code loop}, {@code tcp_offload}. */
    String name();

    /**
     * Finds the way to the address of {@code options}; opens nothing yet.
     *
     * @throws org.jnvmet.host.HostException when no way leads there, or an option does not suit it
     */
    Route route(ConnectOptions options);

    /** Ends the transport's threads. All queues are destroyed by then. */
    @Override
    void close();
}
