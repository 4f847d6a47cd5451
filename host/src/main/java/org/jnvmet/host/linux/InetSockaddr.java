package org.jnvmet.host.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/** {@code struct sockaddr_in} and {@code struct sockaddr_in6}. */
final class InetSockaddr {
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    /** Room for either. */
    static final int MAX_BYTES = 28;

    private static final int IN_BYTES = 16;
    private static final int IN6_BYTES = 28;

    // sockaddr_in: family, port, address; sockaddr_in6: family, port, flow, address, scope.
    private static final int FAMILY = 0;
    private static final int PORT = 2;
    private static final int IN_ADDRESS = 4;
    private static final int IN6_ADDRESS = 8;
    private static final int IN6_SCOPE = 24;

    private static final ValueLayout.OfShort HOST_SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfShort NETWORK_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private InetSockaddr() {}

    static int family(InetAddress address) {
        return address instanceof Inet6Address ? AF_INET6 : AF_INET;
    }

    /** Writes the address; its length in bytes. */
    static int write(InetSocketAddress from, MemorySegment to) {
        InetAddress address = from.getAddress();
        to.fill((byte) 0);
        to.set(HOST_SHORT, FAMILY, (short) family(address));
        to.set(NETWORK_SHORT, PORT, (short) from.getPort());
        MemorySegment bytes = MemorySegment.ofArray(address.getAddress());
        if (address instanceof Inet6Address inet6) {
            MemorySegment.copy(bytes, 0, to, IN6_ADDRESS, bytes.byteSize());
            to.set(ValueLayout.JAVA_INT_UNALIGNED, IN6_SCOPE, inet6.getScopeId());
            return IN6_BYTES;
        }
        MemorySegment.copy(bytes, 0, to, IN_ADDRESS, bytes.byteSize());
        return IN_BYTES;
    }

    static InetSocketAddress read(MemorySegment from) {
        int family = from.get(HOST_SHORT, FAMILY);
        int port = Short.toUnsignedInt(from.get(NETWORK_SHORT, PORT));
        try {
            if (family == AF_INET) {
                byte[] address = new byte[4];
                MemorySegment.copy(from, ValueLayout.JAVA_BYTE, IN_ADDRESS, address, 0, 4);
                return new InetSocketAddress(Inet4Address.getByAddress(address), port);
            }
            if (family == AF_INET6) {
                byte[] address = new byte[16];
                MemorySegment.copy(from, ValueLayout.JAVA_BYTE, IN6_ADDRESS, address, 0, 16);
                int scope = from.get(ValueLayout.JAVA_INT_UNALIGNED, IN6_SCOPE);
                return new InetSocketAddress(
                        scope == 0
                                ? InetAddress.getByAddress(address)
                                : Inet6Address.getByAddress(null, address, scope),
                        port);
            }
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of impossible length", e);
        }
        throw new IllegalStateException("address family " + family);
    }
}
