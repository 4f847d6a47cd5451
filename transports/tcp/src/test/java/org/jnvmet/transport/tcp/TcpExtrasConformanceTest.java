package org.jnvmet.transport.tcp;

import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.testkit.TransportConformance;
import org.jnvmet.testkit.TransportFixture;

/** The suite over TCP with everything that hosts seldom ask for: digests, alignment, several short R2Ts. */
class TcpExtrasConformanceTest extends TransportConformance {
    private static final TcpOptions HOST =
            TcpOptions.DEFAULTS.withAlignment(31).withMaxR2t(3).withDataLimits(0, 4096);

    private static final TcpSettings TARGET =
            TcpSettings.DEFAULTS
                    .withLoops(1)
                    .withProtocol(new TcpSettings.Protocol(1 << 20, 8192, 12288, 20480, 16384, 15));

    @Override
    protected TransportFixture open() {
        return new TcpConformanceFixture(TARGET, HOST, true);
    }
}
