package org.jnvmet.transport.rdma;

/** The suite with a shared receive queue, 16 KiB of data in capsules and no polling. */
class SharedReceiveConformanceTest extends RdmaConformanceTest {
    @Override
    RdmaSettings settings() {
        return RdmaSettings.DEFAULTS
                .withLoops(1)
                .withProtocol(new RdmaSettings.Protocol(1 << 20, 16 << 10))
                .withQueues(new RdmaSettings.Queues(4096, 1024, 16_384, 128))
                .withBusyPollMicros(0);
    }
}
