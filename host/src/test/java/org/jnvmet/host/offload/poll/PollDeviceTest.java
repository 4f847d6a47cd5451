package org.jnvmet.host.offload.poll;

import org.jnvmet.host.offload.socket.DeviceSettings;
import org.jnvmet.host.offload.socket.DeviceTest;

final class PollDeviceTest extends DeviceTest {
    private PollDevice device = new PollDevice(PollDevice.DEFAULTS);

    @Override
    protected Opened open(DeviceSettings settings) {
        device = new PollDevice(settings);
        return new Opened(device.registration(), device::close);
    }

    @Override
    protected int runningThreads() {
        return device.runningThreads();
    }
}
