package org.jnvmet.transport;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Pattern;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;

/** Where a port listens: its address attributes, checked. Literals only; nothing is looked up. */
public record ListenAddress(InetAddress address, int port) {
    /** What {@link Inet4Address#ofLiteral} takes and people do not mean, such as "10.1", is refused. */
    private static final Pattern DOTTED_QUAD = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private static final Pattern NUMBER = Pattern.compile("\\d{1,5}");

    /**
     * Address of a port; a port number 0 lets the system choose one.
     *
     * @param transport as messages name it
     * @throws ConfigException EINVAL when an attribute is no address of that family or no port number
     */
    public static ListenAddress of(Port port, String transport) {
        Port.Address configured = port.address();
        String which = "port " + port.id();
        return new ListenAddress(
                address(which, transport, configured.adrfam(), configured.traddr()),
                service(which, configured.trsvcid()));
    }

    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(address, port);
    }

    public boolean isIpv6() {
        return address instanceof Inet6Address;
    }

    /** Whether only one of two ports can listen so; a wildcard covers every address of its family. */
    public boolean collidesWith(ListenAddress other) {
        return port != 0
                && port == other.port
                && isIpv6() == other.isIpv6()
                && (address.equals(other.address)
                        || address.isAnyLocalAddress()
                        || other.address.isAnyLocalAddress());
    }

    private static InetAddress address(String which, String transport, String family, String text) {
        try {
            if (family.equals("ipv4") && DOTTED_QUAD.matcher(text).matches()) {
                return Inet4Address.ofLiteral(text);
            }
            if (family.equals("ipv6")
                    && Inet6Address.ofLiteral(text) instanceof Inet6Address address) {
                return address;
            }
        } catch (IllegalArgumentException _) {
            // refused below, with everything else that is no literal of its family
        }
        if (!family.equals("ipv4") && !family.equals("ipv6")) {
            throw invalid(
                    which, "addr_adrfam '%s' does not go with %s".formatted(family, transport));
        }
        throw invalid(which, "addr_traddr '%s' is not an %s address".formatted(text, family));
    }

    private static int service(String which, String text) {
        int number = NUMBER.matcher(text).matches() ? Integer.parseInt(text) : -1;
        if (number < 0 || number > 65_535) {
            throw invalid(which, "addr_trsvcid '%s' is not a TCP port".formatted(text));
        }
        return number;
    }

    private static ConfigException invalid(String which, String why) {
        return new ConfigException(Errno.EINVAL, which + ": " + why);
    }
}
