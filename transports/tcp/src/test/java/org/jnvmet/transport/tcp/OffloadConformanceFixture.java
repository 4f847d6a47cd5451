package org.jnvmet.transport.tcp;

import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadDevices;
import org.jnvmet.host.offload.OffloadTransport;
import org.jnvmet.host.offload.poll.PollDevice;
import org.jnvmet.host.offload.socket.DeviceSettings;
import org.jnvmet.host.offload.uring.UringDevice;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.target.Port;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.testkit.TransportFixture;

/** The TCP transport, and a host that reaches it by one offload device. */
final class OffloadConformanceFixture implements TransportFixture {
    /** As many I/O queues as the suite asks for, whatever the machine has. */
    private static final int THREADS = 4;

    private final TcpConformanceFixture tcp;
    private final OffloadDevice device;
    private final Runnable end;

    private OffloadConformanceFixture(boolean digests, OffloadDevice device, Runnable end) {
        tcp = new TcpConformanceFixture(TcpSettings.DEFAULTS, TcpOptions.DEFAULTS, digests);
        this.device = device;
        this.end = end;
    }

    static OffloadConformanceFixture poll(boolean digests) {
        PollDevice device = new PollDevice(settings(PollDevice.DEFAULTS));
        return new OffloadConformanceFixture(digests, device.registration(), device::close);
    }

    static OffloadConformanceFixture uring(boolean digests) {
        UringDevice device = new UringDevice(settings(UringDevice.DEFAULTS));
        return new OffloadConformanceFixture(digests, device.registration(), device::close);
    }

    private static DeviceSettings settings(DeviceSettings usual) {
        return new DeviceSettings(THREADS, usual.spinNanos(), usual.lingerMs());
    }

    @Override
    public Transport transport() {
        return tcp.transport();
    }

    @Override
    public Port.Address address(int portId) {
        return tcp.address(portId);
    }

    @Override
    public HostTransport hostTransport() {
        return new OffloadTransport(new OffloadDevices().register(device), end);
    }

    @Override
    public ConnectOptions way(Port port, ConnectOptions connect) {
        return tcp.way(port, connect).transport("tcp_offload");
    }

    @Override
    public String discoveredAddress(Port port) {
        return tcp.discoveredAddress(port);
    }
}
