package org.jnvmet.verbs.software;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.verbs.VerbsException;
import org.jspecify.annotations.Nullable;

/** Who has which port of which address, by the rules of Linux's RDMA CM. Under the lock of the network. */
final class Ports {
    private static final int FIRST_EPHEMERAL = 32768;
    private static final int EPHEMERALS = 28232;

    private final List<Identifier> bound = new ArrayList<>();
    private int lastEphemeral;

    /** Gives the identifier that address; port 0 becomes one that is free. */
    void bind(Identifier id, InetSocketAddress wanted) throws VerbsException {
        InetSocketAddress address = wanted;
        if (wanted.getPort() == 0) {
            address = new InetSocketAddress(wanted.getAddress(), freePort());
        } else {
            check(id, address, id.reusesAddress());
        }
        id.local(address);
        bound.add(id);
    }

    /** Whether the identifier may listen; two may share an address, but only one listens. */
    void checkListen(Identifier id) throws VerbsException {
        check(id, id.local(), id.reusesAddress());
    }

    void release(Identifier id) {
        bound.remove(id);
    }

    /** Who listens there on that device; the exact address goes before the wildcard. */
    @Nullable Identifier listener(InetSocketAddress address, SoftwareDevice device) {
        Identifier wildcard = null;
        for (Identifier each : bound) {
            if (!each.isListening() || each.local().getPort() != address.getPort()) {
                continue;
            }
            InetAddress own = each.local().getAddress();
            if (own.equals(address.getAddress())) {
                return each.device() == device ? each : null;
            }
            if (own.isAnyLocalAddress() && accepts(each, own, address.getAddress())) {
                wildcard = each;
            }
        }
        return wildcard;
    }

    private static boolean accepts(Identifier listener, InetAddress wildcard, InetAddress address) {
        return sameFamily(wildcard, address)
                || (!(wildcard instanceof Inet4Address) && !listener.onlyItsFamily());
    }

    private void check(Identifier id, InetSocketAddress address, boolean reuse)
            throws VerbsException {
        for (Identifier each : bound) {
            if (each == id || each.local().getPort() != address.getPort()) {
                continue;
            }
            if (reuse && each.reusesAddress() && !each.isListening()) {
                continue;
            }
            int errno = conflict(id, address.getAddress(), each);
            if (errno != 0) {
                throw Errno.of(errno, "rdma_bind_addr", address + " is in use by " + each);
            }
        }
    }

    /** Linux answers that the address is not available, not that it is in use, where one of both is a wildcard. */
    private static int conflict(Identifier id, InetAddress address, Identifier other) {
        InetAddress taken = other.local().getAddress();
        boolean alone = isAlone(id, address) && isAlone(other, taken);
        if (alone && !sameFamily(address, taken)) {
            return 0;
        }
        if (address.isAnyLocalAddress() || taken.isAnyLocalAddress()) {
            return Errno.EADDRNOTAVAIL;
        }
        return address.equals(taken) ? Errno.EADDRINUSE : 0;
    }

    private static boolean isAlone(Identifier id, InetAddress address) {
        return address instanceof Inet4Address || id.onlyItsFamily();
    }

    private static boolean sameFamily(InetAddress one, InetAddress other) {
        return one instanceof Inet4Address == other instanceof Inet4Address;
    }

    private int freePort() throws VerbsException {
        for (int i = 0; i < EPHEMERALS; i++) {
            lastEphemeral = (lastEphemeral + 1) % EPHEMERALS;
            int port = FIRST_EPHEMERAL + lastEphemeral;
            if (bound.stream().noneMatch(each -> each.local().getPort() == port)) {
                return port;
            }
        }
        throw Errno.of(Errno.EADDRNOTAVAIL, "rdma_bind_addr", "no port is left");
    }
}
