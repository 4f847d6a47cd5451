package org.jnvmet.host.transports;

import java.util.List;
import org.jnvmet.host.Host;
import org.jnvmet.host.offload.OffloadDevices;
import org.jnvmet.host.offload.OffloadTransport;
import org.jnvmet.host.offload.poll.PollDevice;
import org.jnvmet.host.offload.uring.UringDevice;
import org.jnvmet.host.rdma.RdmaTransport;
import org.jnvmet.host.tcp.TcpTransport;
import org.jnvmet.verbs.linux.LinuxVerbs;

/** The transports and offload devices that every host has. */
public final class StandardTransports {
    private StandardTransports() {}

    /** A host with all of them; closing it ends their threads. RDMA is looked for when it is used. */
    public static Host open() {
        return new Host(
                List.of(new TcpTransport(), new RdmaTransport(LinuxVerbs::open), offload()));
    }

    /** The offload devices: io_uring is asked first, where there is none poll claims the controllers. */
    public static OffloadTransport offload() {
        UringDevice uring = new UringDevice(UringDevice.DEFAULTS);
        PollDevice poll = new PollDevice(PollDevice.DEFAULTS);
        OffloadDevices devices =
                new OffloadDevices().register(uring.registration()).register(poll.registration());
        return new OffloadTransport(
                devices,
                () -> {
                    uring.close();
                    poll.close();
                });
    }
}
