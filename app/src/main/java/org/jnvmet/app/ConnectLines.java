package org.jnvmet.app;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;

/** What to type on a Linux host to connect to what a target exports. */
final class ConnectLines {
    private static final Set<String> FABRICS = Set.of("tcp", "rdma");

    private ConnectLines() {}

    /** A line for each subsystem of each port that a host can reach; a wildcard address becomes a real one. */
    static List<String> of(Target target) {
        List<String> lines = new ArrayList<>();
        for (Port port : target.ports()) {
            Port.Address address = port.address();
            if (FABRICS.contains(address.trtype())) {
                for (Subsystem subsystem : port.subsystems()) {
                    lines.add(
                            "nvme connect -t %s -a %s -s %s -n %s"
                                    .formatted(
                                            address.trtype(),
                                            reachable(address.traddr()),
                                            address.trsvcid(),
                                            subsystem.nqn()));
                }
            }
        }
        return lines;
    }

    private static String reachable(String traddr) {
        return switch (traddr) {
            case "0.0.0.0" -> ownAddress(false);
            case "::" -> ownAddress(true);
            default -> traddr;
        };
    }

    /** An address of this machine that others may know, or else the loopback address. */
    private static String ownAddress(boolean wideFamily) {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> address instanceof Inet6Address == wideFamily)
                    .filter(address ->
                            !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                    .map(InetAddress::getHostAddress)
                    .findFirst()
                    .orElse(wideFamily ? "::1" : "127.0.0.1");
        } catch (SocketException unknown) {
            return wideFamily ? "::1" : "127.0.0.1";
        }
    }
}
