package org.jnvmet.host.spi;

import org.jnvmet.host.HostRequest;

/** One queue's connection. */
public interface QueueChannel {
    /**
     * Dispatches a request: never waits for the network, allocates nothing, and is called from any
     * thread, also from within {@link QueueEvents#done}. The command identifier is set; the transport
     * writes the SGL. Each identifier is outstanding once at most. What is sent after {@link #drain}
     * began may be forgotten, and is not touched after drain has returned.
     */
    void send(HostRequest request);

    /**
     * Completes what has arrived, in the calling thread, if no other thread is just doing that. Any
     * thread; for callers that would rather spin than be woken.
     *
     * @return number of requests completed
     */
    int poll();

    /**
     * Stops the queue. After it returns nothing of this queue calls {@link QueueEvents}, and no memory
     * of a request is touched. Called once, not from a completion. Blocks for a moment, never for the
     * network. Never fails.
     */
    void drain();

    /** Closes the connection and frees what it had. Called once, after {@link #drain}. Never fails. */
    void destroy();
}
