package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.jnvmet.verbs.VerbsException;
import org.jspecify.annotations.Nullable;

/** {@code struct sockaddr_in} and {@code sockaddr_in6} to and from Java's addresses. */
final class SocketAddresses {
    static final short AF_INET = 2;
    static final short AF_INET6 = 10;

    private static final ValueLayout.OfShort PORT =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_BYTES = 16;

    private SocketAddresses() {}

    /** A structure of the family of the address, with its scope. */
    static MemorySegment toNative(Arena arena, SocketAddress address) throws VerbsException {
        if (!(address instanceof InetSocketAddress inet) || inet.isUnresolved()) {
            throw Errno.failure("address " + address, Errno.EAFNOSUPPORT.number());
        }
        byte[] bytes = inet.getAddress().getAddress();
        boolean six = bytes.length == IPV6_BYTES;
        MemorySegment structure =
                arena.allocate(six ? Abi.SIZEOF_SOCKADDR_IN6 : Abi.SIZEOF_SOCKADDR_IN, 8);
        structure.set(JAVA_SHORT_UNALIGNED, Abi.SOCKADDR_FAMILY, six ? AF_INET6 : AF_INET);
        structure.set(PORT, Abi.SOCKADDR_PORT, (short) inet.getPort());
        int at = six ? Abi.SOCKADDR_IN6_ADDR : Abi.SOCKADDR_IN_ADDR;
        MemorySegment.copy(bytes, 0, structure, JAVA_BYTE, at, bytes.length);
        if (inet.getAddress() instanceof Inet6Address scoped) {
            structure.set(JAVA_INT_UNALIGNED, Abi.SOCKADDR_IN6_SCOPE_ID, scoped.getScopeId());
        }
        return structure;
    }

    /** What the structure says; null: it has no address of either family. */
    static @Nullable InetSocketAddress fromNative(MemorySegment structure) {
        short family = structure.get(JAVA_SHORT_UNALIGNED, Abi.SOCKADDR_FAMILY);
        if (family != AF_INET && family != AF_INET6) {
            return null;
        }
        boolean six = family == AF_INET6;
        byte[] bytes = new byte[six ? IPV6_BYTES : IPV4_BYTES];
        int at = six ? Abi.SOCKADDR_IN6_ADDR : Abi.SOCKADDR_IN_ADDR;
        MemorySegment.copy(structure, JAVA_BYTE, at, bytes, 0, bytes.length);
        int port = Short.toUnsignedInt(structure.get(PORT, Abi.SOCKADDR_PORT));
        try {
            InetAddress address = InetAddress.getByAddress(bytes); // of IPv4, if mapped to IPv6
            int scope = six ? structure.get(JAVA_INT_UNALIGNED, Abi.SOCKADDR_IN6_SCOPE_ID) : 0;
            if (scope != 0 && address instanceof Inet6Address) {
                address = Inet6Address.getByAddress(null, bytes, scope);
            }
            return new InetSocketAddress(address, port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // only for another number of bytes
        }
    }
}
