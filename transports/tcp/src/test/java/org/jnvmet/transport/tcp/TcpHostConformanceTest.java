package org.jnvmet.transport.tcp;

import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.testkit.HostConformance;
import org.jnvmet.testkit.HostTarget;
import org.jnvmet.testkit.InProcessTarget;

/** The host's suite over TCP. */
class TcpHostConformanceTest extends HostConformance {
    @Override
    protected HostTarget open() {
        return new InProcessTarget(
                new TcpConformanceFixture(TcpSettings.DEFAULTS, TcpOptions.DEFAULTS));
    }
}
