package org.jnvmet.transport.loop;

import org.jnvmet.testkit.HostConformance;
import org.jnvmet.testkit.HostTarget;
import org.jnvmet.testkit.InProcessTarget;

/** The host's suite over the loop transport. */
class LoopHostConformanceTest extends HostConformance {
    @Override
    protected HostTarget open() {
        return new InProcessTarget(new LoopFixture());
    }

    @Override
    protected boolean hasDigests() {
        return false;
    }
}
