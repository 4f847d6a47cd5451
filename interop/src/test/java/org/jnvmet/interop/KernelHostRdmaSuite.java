package org.jnvmet.interop;

import org.jnvmet.host.rdma.RdmaTransport;
import org.jnvmet.testkit.HostConformance;
import org.jnvmet.testkit.HostTarget;
import org.jnvmet.verbs.linux.LinuxVerbs;

/** The suite of the host over RDMA, for a guest: {@link KernelHostRdmaIT} runs it there. */
class KernelHostRdmaSuite extends HostConformance {
    @Override
    protected HostTarget open() {
        return new KernelHostTarget(
                new LocalKernelTarget(),
                _ -> new RdmaTransport(LinuxVerbs::open),
                options -> options.transport("rdma").address("10.9.0.1"));
    }

    /** RDMA has its own. */
    @Override
    protected boolean hasDigests() {
        return false;
    }
}
