package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.tcp.TcpTransport;
import org.jnvmet.host.transports.StandardTransports;
import org.jnvmet.testkit.HostConformance;
import org.jnvmet.testkit.HostTarget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;

/** The suite of the host against the target of a stock Linux kernel, in a virtual machine. */
@Tag("vm")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class KernelHostConformance extends HostConformance {
    private @Nullable KernelTarget kernel;

    /** Chooses the host's transport, and the offload device. */
    abstract ConnectOptions over(ConnectOptions options);

    private static HostTransport transport(String name) {
        return name.equals("tcp") ? new TcpTransport() : StandardTransports.offload();
    }

    @BeforeAll
    final void boot() {
        kernel = new KernelTarget(getClass().getSimpleName());
    }

    @Override
    protected final HostTarget open() {
        return new KernelHostTarget(
                Objects.requireNonNull(kernel),
                KernelHostConformance::transport,
                options -> over(options).address("127.0.0.1"));
    }

    /** What we send must not make the kernel complain. */
    @AfterAll
    final void shutDown() {
        try (KernelTarget machine = Objects.requireNonNull(kernel)) {
            assertThat(machine.complaints()).isEmpty();
        }
    }
}
