package org.jnvmet.transport.loop;

import org.jnvmet.testkit.TransportConformance;
import org.jnvmet.testkit.TransportFixture;

/** The target's suite over the loop transport. */
class LoopConformanceTest extends TransportConformance {
    @Override
    protected TransportFixture open() {
        return new LoopFixture();
    }
}
