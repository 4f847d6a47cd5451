package org.jnvmet.p2pmem;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jspecify.annotations.Nullable;

/**
 * The network interface that carries an address of ours: the client on the hosts' side. Loop connections have
 * none, as their data moves within memory. Over RDMA it is the device that carries the interface's addresses.
 *
 * @param key the same for all addresses of one interface
 * @param networkInterface its name; null: no interface carries the address
 * @param registers whether the memory must be registered with the device before it can be used
 */
record NetworkSide(String key, @Nullable String networkInterface, boolean registers) {
    private static final String LOOP = "loop";
    private static final String RDMA = "rdma";

    /** Of a connection within this process. */
    private static final NetworkSide INSIDE = new NetworkSide("", null, false);

    /** {@code address} is as text, without port. */
    static NetworkSide of(String transport, String address) {
        if (transport.equals(LOOP)) {
            return INSIDE;
        }
        boolean registers = transport.equals(RDMA);
        try {
            NetworkInterface found =
                    NetworkInterface.getByInetAddress(InetAddress.ofLiteral(address));
            if (found != null) {
                return new NetworkSide(found.getName(), found.getName(), registers);
            }
        } catch (SocketException | IllegalArgumentException e) {
            // no interface has it, for all that we can find out
        }
        return new NetworkSide("address " + address, null, registers);
    }

    /** Whether hosts may come by any interface; then it is known when they come. */
    static boolean isAny(String transport, String address) {
        if (transport.equals(LOOP)) {
            return false;
        }
        try {
            return address.isEmpty() || InetAddress.ofLiteral(address).isAnyLocalAddress();
        } catch (IllegalArgumentException e) {
            return true; // a name, which only the transport resolves
        }
    }

    /** The client that it is; none for connections within this process. */
    List<Client> clients(PciTree tree) {
        String name = networkInterface;
        if (name != null) {
            return List.of(
                    registers
                            ? tree.rdmaDeviceOf(name)
                            : tree.networkInterface("interface " + name, name));
        }
        return key.isEmpty()
                ? List.of()
                : List.of(Client.none(key, "no network interface carries it"));
    }

    /** "interface eth0". */
    @Override
    public String toString() {
        if (networkInterface != null) {
            return "interface " + networkInterface;
        }
        return key.isEmpty() ? "connections within this process" : key;
    }
}
