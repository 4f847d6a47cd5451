package org.jnvmet.interop;

import org.jnvmet.host.ConnectOptions;

/** The offload device {@code poll} against the kernel's target. */
class KernelHostPollIT extends KernelHostConformance {
    @Override
    ConnectOptions over(ConnectOptions options) {
        return options.transport("tcp_offload").offloadDevice("poll");
    }
}
