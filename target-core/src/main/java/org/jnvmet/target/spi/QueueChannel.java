package org.jnvmet.target.spi;

import org.jnvmet.target.Request;

/** The transport's side of one queue: what the core asks of a connection. */
public interface QueueChannel {
    /**
     * Sends the completion of {@code request}, with its data when it goes to the host and the status is
     * success; then gives it back by {@link org.jnvmet.target.Queue#release}. Owner loop only.
     */
    void respond(Request request);

    /** Ends the connection; {@code reason} is for the log. Any thread, idempotent, returns at once. */
    void disconnect(String reason);

    /** Address of the peer as text without port ("192.0.2.1"). */
    String hostAddress();

    /** Our address of this connection as text without port; it stands in for a wildcard in the discovery log. */
    String localAddress();

    /** Our port or service of this connection as text ("4420"). */
    String localService();
}
