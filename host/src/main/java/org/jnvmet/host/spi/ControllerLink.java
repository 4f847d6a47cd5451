package org.jnvmet.host.spi;

import org.jnvmet.host.QueueOptions;

/**
 * What the queues of one association share. Used by one thread at a time: the admin queue is created
 * first and destroyed last.
 */
public interface ControllerLink {
    /**
     * Opens the connection of one queue, up to where Connect can be sent: over TCP that includes
     * ICReq and ICResp. Blocks, within the time limit of the connect options. Each call that returns
     * is matched by one {@link QueueChannel#drain} and then one {@link QueueChannel#destroy}.
     *
     * @throws org.jnvmet.host.HostException when there is no connection to be had; there is nothing to
     *     destroy then
     */
    QueueChannel createQueue(QueueOptions options, QueueEvents events);

    /** Frees what {@link Route#setUpController} got. All queues are destroyed. Never fails. */
    void release();
}
