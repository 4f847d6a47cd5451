package org.jnvmet.host.tcp;

import org.jnvmet.host.HostQueue;
import org.jnvmet.host.QueueOptions;

/** Opens single queues for tests, without the controller around them. */
final class TcpQueues {
    static final int IN_CAPSULE = 4096;

    private TcpQueues() {}

    /** I/O queue 1 with 4 entries, flow control and 4 KiB of in-capsule data. */
    static HostQueue open(ScriptedController controller, TcpOptions options) {
        return open(controller, options, true);
    }

    static HostQueue open(ScriptedController controller, TcpOptions options, boolean flowControl) {
        TcpHostTransport transport = new TcpHostTransport(controller.address(), options);
        return HostQueue.open(transport, new QueueOptions(1, 4, IN_CAPSULE, flowControl), 10_000);
    }
}
