package org.jnvmet.interop;

import org.jnvmet.host.ConnectOptions;

/** The transport {@code tcp} against the kernel's target. */
class KernelHostTcpIT extends KernelHostConformance {
    @Override
    ConnectOptions over(ConnectOptions options) {
        return options.transport("tcp");
    }
}
