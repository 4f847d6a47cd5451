package org.jnvmet.host;

/** A fabric, and the address of a controller on it. Each queue is opened on its own. */
public interface HostTransport {
    /**
     * Opens the connection of one queue; what follows on it is Connect.
     *
     * @throws HostException when there is no connection to be had
     */
    HostQueueChannel open(QueueOptions options);
}
