package org.jnvmet.interop;

import org.jnvmet.host.ConnectOptions;

/** The offload device {@code io_uring} against the kernel's target. */
class KernelHostUringIT extends KernelHostConformance {
    @Override
    ConnectOptions over(ConnectOptions options) {
        return options.transport("tcp_offload").offloadDevice("io_uring");
    }
}
