package org.jnvmet.host.offload.socket;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jnvmet.host.linux.Sockets;
import org.jspecify.annotations.Nullable;

/** Where connections to some address leave this machine, as the kernel's routes have it. */
final class LocalEnd {
    private static final Path VLANS = Path.of("/proc/net/vlan/config");

    private final InetAddress address;
    private final byte @Nullable [] hardwareAddress;
    private final int vlan;

    private LocalEnd(InetAddress address, byte @Nullable [] hardwareAddress, int vlan) {
        this.address = address;
        this.hardwareAddress = hardwareAddress;
        this.vlan = vlan;
    }

    /**
     * Finds the way to {@code remote}; nothing is sent. Empty when there is none.
     *
     * @param from the address to connect from, null for any
     * @param device the network interface to use, empty for any
     */
    static Optional<LocalEnd> towards(
            InetSocketAddress remote, @Nullable InetAddress from, String device) {
        int socket = Sockets.openDatagram(remote.getAddress());
        if (socket < 0) {
            return Optional.empty();
        }
        try {
            boolean bound =
                    (device.isEmpty() || Sockets.bindToDevice(socket, device) == 0)
                            && (from == null
                                    || Sockets.bind(socket, new InetSocketAddress(from, 0)) == 0);
            if (!bound || Sockets.connect(socket, remote) != 0) {
                return Optional.empty();
            }
            return Optional.of(at(Sockets.localAddress(socket).getAddress(), device));
        } finally {
            int _ = Sockets.close(socket);
        }
    }

    private static LocalEnd at(InetAddress local, String device) {
        try {
            NetworkInterface networkInterface =
                    device.isEmpty()
                            ? NetworkInterface.getByInetAddress(local)
                            : NetworkInterface.getByName(device);
            if (networkInterface != null) {
                int vlan = vlanOf(networkInterface.getName(), VLANS);
                return new LocalEnd(local, networkInterface.getHardwareAddress(), vlan);
            }
        } catch (SocketException e) {
            // The interface is going away: the address alone will do.
        }
        return new LocalEnd(local, null, 0);
    }

    /**
     * VLAN of a network interface, 0 for none.
     *
     * @param table what the kernel's 8021q module tells of its interfaces, one a line: {@code eth0.5 |
     *     5 | eth0}; without the module there is no such file
     */
    static int vlanOf(String device, Path table) {
        try {
            List<String> lines = Files.exists(table) ? Files.readAllLines(table) : List.of();
            for (String line : lines) {
                String[] columns = line.split("\\|", -1);
                if (columns.length == 3 && columns[0].strip().equals(device)) {
                    return Integer.parseInt(columns[1].strip());
                }
            }
        } catch (IOException | NumberFormatException e) {
            // Only of interest to those who read it: no reason not to connect.
        }
        return 0;
    }

    InetAddress address() {
        return address;
    }

    /** Null for interfaces that have none, such as the loopback. */
    byte @Nullable [] hardwareAddress() {
        return hardwareAddress == null ? null : hardwareAddress.clone();
    }

    /** 1 to 4,094; 0 for none. */
    int vlan() {
        return vlan;
    }
}
