package org.jnvmet.host;

/** One queue's connection. Calls come from any thread. */
public interface HostQueueChannel extends AutoCloseable {
    /** Sends a command; never waits for the network. The request is finished on any thread. */
    void submit(HostRequest request);

    /** Drops the connection; requests not finished yet fail. */
    @Override
    void close();
}
