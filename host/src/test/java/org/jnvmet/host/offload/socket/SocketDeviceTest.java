package org.jnvmet.host.offload.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicReference;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadDevices;
import org.jnvmet.host.offload.OffloadRoute;
import org.jnvmet.host.offload.OffloadTransport;
import org.jnvmet.host.spi.Route;
import org.junit.jupiter.api.Test;

final class SocketDeviceTest {
    private final AtomicReference<OffloadRoute> claimed = new AtomicReference<>();

    private Route route(ConnectOptions options) {
        OffloadDevice device =
                SocketDevice.named("any", new DeviceSettings(3, 0, 0))
                        .claim(route -> {
                            claimed.set(route);
                            return SocketDevice.claim(route);
                        })
                        .createQueue(_ -> {})
                        .drainQueue(_ -> {})
                        .destroyQueue(_ -> {})
                        .pollQueue(_ -> 0)
                        .sendRequest((_, _) -> {});
        return new OffloadTransport(new OffloadDevices().register(device), () -> {}).route(options);
    }

    private static ConnectOptions options() {
        return ConnectOptions.to("nqn.2014-08.org.nvmexpress:any").address("127.0.0.1");
    }

    @Test
    void fillsInTheLocalAddressIfTheUserGaveNone() {
        Route _ = route(options());
        assertThat(claimed.get().local()).isEqualTo(InetAddress.ofLiteral("127.0.0.1"));
        assertThat(claimed.get().localHardwareAddress()).isNull();
        assertThat(claimed.get().vlan()).isZero();
    }

    @Test
    void keepsTheLocalAddressThatTheUserGave() {
        Route _ = route(options().hostAddress("127.0.0.5"));
        assertThat(claimed.get().local()).isEqualTo(InetAddress.ofLiteral("127.0.0.5"));
    }

    @Test
    void takesTheOptionsOfNvmeTcpAndHasItsLimits() {
        Route route = route(options().service("4420").hostInterface("lo").digests(true, true));
        assertThat(route.maxTransferBytes()).isEqualTo(4 << 20);
        assertThat(route.vectors()).isEqualTo(3);
        assertThat(route.maxSegments()).isEqualTo(1024);
    }
}
