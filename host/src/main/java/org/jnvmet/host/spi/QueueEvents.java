package org.jnvmet.host.spi;

import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;

/** What a queue's connection tells the host, on any thread, until it is drained. */
public interface QueueEvents {
    /**
     * A request is complete; its data, if it received any and succeeded, is in place. Once for each
     * request. The request may be submitted again from within.
     *
     * @param result dwords 0 and 1 of the completion
     * @param status the 15-bit status field
     */
    void done(HostRequest request, long result, int status);

    /**
     * The connection is of no use any more: lost, or the controller broke the protocol. Any number of
     * times; requests without a completion are left to the host.
     */
    void reportError(HostException reason);
}
