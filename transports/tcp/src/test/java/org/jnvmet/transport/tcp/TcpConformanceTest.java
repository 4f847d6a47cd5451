package org.jnvmet.transport.tcp;

import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.testkit.TransportConformance;
import org.jnvmet.testkit.TransportFixture;

/** The suite over TCP as a Linux host speaks it. */
class TcpConformanceTest extends TransportConformance {
    @Override
    protected TransportFixture open() {
        return new TcpConformanceFixture(TcpSettings.DEFAULTS.withLoops(2), TcpOptions.DEFAULTS);
    }
}
