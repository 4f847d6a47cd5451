package org.jnvmet.host.offload.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.host.linux.IoUring;
import org.jnvmet.host.offload.OffloadDevices;
import org.jnvmet.host.offload.OffloadTransport;
import org.jnvmet.host.offload.poll.PollDevice;
import org.jnvmet.host.offload.socket.Completions;
import org.jnvmet.host.offload.socket.DeviceSettings;
import org.jnvmet.host.offload.socket.DeviceTest;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.Route;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class UringDeviceTest extends DeviceTest {
    private static final ConnectOptions ANYWHERE =
            ConnectOptions.to("nqn.2014-08.org.nvmexpress:any").address("127.0.0.1");

    private UringDevice device = new UringDevice(UringDevice.DEFAULTS);

    @BeforeEach
    void needIoUring() {
        String missing = RingMemory.missing(IoUring::setUp);
        assumeTrue(missing.isEmpty(), missing);
    }

    @Override
    protected Opened open(DeviceSettings settings) {
        device = new UringDevice(settings);
        return new Opened(device.registration(), device::close);
    }

    @Override
    protected int runningThreads() {
        return device.runningThreads();
    }

    @Test
    void claimsNothingWithoutIoUringAndTheOtherDeviceDoes() {
        AtomicInteger attempts = new AtomicInteger();
        RingMemory.SetUp forbidden =
                (_, _) -> {
                    attempts.incrementAndGet();
                    return -Errno.EPERM;
                };
        try (UringDevice without = new UringDevice(UringDevice.DEFAULTS, forbidden);
                PollDevice other = new PollDevice(PollDevice.DEFAULTS)) {
            OffloadTransport transport =
                    new OffloadTransport(
                            new OffloadDevices()
                                    .register(without.registration())
                                    .register(other.registration()),
                            () -> {});
            for (int i = 0; i < 3; i++) {
                Route route = transport.route(ANYWHERE);
                assertThat(route.toString()).contains("poll");
            }
            assertThat(without.unavailableBecause())
                    .hasValueSatisfying(
                            reason -> assertThat(reason).contains("kernel.io_uring_disabled"));
            assertThat(attempts).hasValue(1);
        }
    }

    @Test
    void leavesNothingOpenWhenTheRingsHaveRunOut() {
        AtomicInteger left = new AtomicInteger(1);
        RingMemory.SetUp scarce =
                (entries, parameters) ->
                        left.getAndDecrement() > 0
                                ? IoUring.setUp(entries, parameters)
                                : -Errno.ENOMEM;
        device = new UringDevice(UringDevice.DEFAULTS, scarce);
        ControllerLink link = link(new Opened(device.registration(), device::close));
        assertThatThrownBy(() -> link.createQueue(adminQueue(), new Completions()))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("ulimit -l");
        assertThat(device.runningThreads()).isZero();
        link.release();
    }
}
