package org.jnvmet.transport.tcp;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import org.jnvmet.host.offload.uring.UringDevice;
import org.jnvmet.testkit.HostConformance;
import org.jnvmet.testkit.HostTarget;
import org.jnvmet.testkit.InProcessTarget;
import org.junit.jupiter.api.BeforeAll;

/** The host's suite over the offload device {@code io_uring}. */
class UringHostConformanceTest extends HostConformance {
    @BeforeAll
    static void needIoUring() {
        try (UringDevice device = new UringDevice(UringDevice.DEFAULTS)) {
            Optional<String> missing = device.unavailableBecause();
            assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
        }
    }

    @Override
    protected HostTarget open() {
        return new InProcessTarget(OffloadConformanceFixture.uring(false));
    }
}
