package org.jnvmet.host.offload.socket;

import java.util.EnumSet;
import java.util.Optional;
import org.jnvmet.host.ConnectOption;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadRoute;

/** The part of a registration that is the same for all devices that use the kernel's sockets. */
public final class SocketDevice {
    private static final int MAX_TRANSFER_BYTES = 4 << 20;

    /** The protocol takes any number; so many fit into one call of the kernel. */
    private static final int MAX_SEGMENTS = 1024;

    private SocketDevice() {}

    /** A registration with limits, options and all operations but those of queues. */
    public static OffloadDevice named(String name, DeviceSettings settings) {
        return OffloadDevice.named(name)
                .allows(
                        EnumSet.of(
                                ConnectOption.TRSVCID,
                                ConnectOption.HOST_TRADDR,
                                ConnectOption.HOST_IFACE,
                                ConnectOption.HDR_DIGEST,
                                ConnectOption.DATA_DIGEST))
                .limits(MAX_TRANSFER_BYTES, MAX_SEGMENTS, settings.threads())
                .claim(SocketDevice::claim)
                // Queues share nothing but threads, which they find by themselves.
                .setupController(_ -> {})
                .releaseController(_ -> {});
    }

    /** Claims every address that the kernel has a route to. */
    public static boolean claim(OffloadRoute route) {
        Optional<LocalEnd> found =
                LocalEnd.towards(route.remote(), route.local(), route.options().hostInterface());
        if (found.isEmpty()) {
            return false;
        }
        LocalEnd end = found.get();
        route.local(end.address());
        byte[] hardwareAddress = end.hardwareAddress();
        if (hardwareAddress != null) {
            route.localHardwareAddress(hardwareAddress);
        }
        route.vlan(end.vlan());
        return true;
    }
}
