package org.jnvmet.transport.tcp;

import org.jnvmet.testkit.HostConformance;
import org.jnvmet.testkit.HostTarget;
import org.jnvmet.testkit.InProcessTarget;

/** The host's suite over the offload device {@code poll}, with digests. */
class PollHostConformanceTest extends HostConformance {
    @Override
    protected HostTarget open() {
        return new InProcessTarget(OffloadConformanceFixture.poll(true));
    }
}
