package org.jnvmet.host.offload;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jnvmet.host.ConnectOptions;
import org.jspecify.annotations.Nullable;

/**
 * Where a controller is, while a device for it is looked for; then what the device that claimed it has
 * found out. Used by one thread.
 */
public final class OffloadRoute {
    private final ConnectOptions options;
    private final InetSocketAddress remote;
    private @Nullable InetAddress local;
    private byte @Nullable [] localHardwareAddress;
    private int vlan;

    OffloadRoute(ConnectOptions options, InetSocketAddress remote, @Nullable InetAddress local) {
        this.options = options;
        this.remote = remote;
        this.local = local;
    }

    public ConnectOptions options() {
        return options;
    }

    /** Address and port of the controller, resolved. */
    public InetSocketAddress remote() {
        return remote;
    }

    /** The address to connect from: what the user gave, or what the device has filled in. */
    public @Nullable InetAddress local() {
        return local;
    }

    /** Fills in the local address; only if the user gave none. */
    public void local(InetAddress address) {
        if (local == null) {
            local = address;
        }
    }

    /** Hardware address of the local interface, if the device knows it. */
    public byte @Nullable [] localHardwareAddress() {
        return localHardwareAddress == null ? null : localHardwareAddress.clone();
    }

    public void localHardwareAddress(byte[] address) {
        localHardwareAddress = address.clone();
    }

    /** VLAN of the local interface, 1 to 4,094; 0 for none. */
    public int vlan() {
        return vlan;
    }

    public void vlan(int id) {
        vlan = id;
    }
}
