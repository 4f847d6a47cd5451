package org.jnvmet.transport.rdma;

/** The same with as little memory as the largest transfer needs, so that most commands wait for some; and none in capsules. */
class HostOverRdmaSmallMemoryTest extends HostOverRdmaTest {
    private static final int BYTES = 1 << 20;

    @Override
    org.jnvmet.host.rdma.RdmaSettings settings() {
        return new org.jnvmet.host.rdma.RdmaSettings(BYTES, BYTES, BYTES, 0);
    }
}
