package org.jnvmet.transport.rdma;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.testkit.TransportConformance;
import org.jnvmet.testkit.TransportFixture;
import org.junit.jupiter.api.AfterAll;

/** The suite over RDMA as a Linux host speaks it. */
class RdmaConformanceTest extends TransportConformance {
    private static final List<RdmaConformanceFixture> OPENED = new ArrayList<>();

    RdmaSettings settings() {
        return RdmaSettings.DEFAULTS.withLoops(2);
    }

    @Override
    protected TransportFixture open() {
        RdmaConformanceFixture fixture = new RdmaConformanceFixture(settings());
        OPENED.add(fixture);
        return fixture;
    }

    /** What was made on the devices is gone, after each test. */
    @AfterAll
    static void leavesNothingBehind() {
        OPENED.forEach(RdmaConformanceFixture::close);
        OPENED.clear();
    }
}
