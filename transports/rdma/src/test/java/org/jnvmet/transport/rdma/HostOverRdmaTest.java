package org.jnvmet.transport.rdma;

import org.jnvmet.testkit.HostConformance;
import org.jnvmet.testkit.HostTarget;
import org.jnvmet.testkit.InProcessTarget;
import org.jnvmet.verbs.software.SoftwareFabric;
import org.junit.jupiter.api.AutoClose;

/** The host's suite over RDMA; whatever host and target made of the network must be gone afterwards. */
class HostOverRdmaTest extends HostConformance {
    @AutoClose // after the suite has ended both sides; it says what is left
    final SoftwareFabric fabric = new SoftwareFabric(1);

    /** The memory that a queue of the host registers. */
    org.jnvmet.host.rdma.RdmaSettings settings() {
        return org.jnvmet.host.rdma.RdmaSettings.DEFAULTS;
    }

    @Override
    protected HostTarget open() {
        return new InProcessTarget(
                new HostOverRdmaFixture(fabric, RdmaSettings.DEFAULTS, settings()));
    }

    @Override
    protected boolean hasDigests() {
        return false;
    }
}
