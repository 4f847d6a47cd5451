package org.jnvmet.transport.loop;

import org.jnvmet.host.HostTransport;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.testkit.TransportConformance;
import org.jnvmet.testkit.TransportFixture;

/** The suite over the loop transport. */
class LoopConformanceTest extends TransportConformance {
    @Override
    protected TransportFixture open() {
        LoopTransport transport = new LoopTransport();
        return new TransportFixture() {
            @Override
            public Transport transport() {
                return transport;
            }

            @Override
            public Port.Address address(int portId) {
                return new Port.Address("loop", "loop", "here-" + portId, "", "not specified", "");
            }

            @Override
            public HostTransport host(Port port) {
                return new LoopHostTransport(transport, port.address().traddr());
            }

            @Override
            public String discoveredAddress(Port port) {
                return port.address().traddr();
            }
        };
    }
}
