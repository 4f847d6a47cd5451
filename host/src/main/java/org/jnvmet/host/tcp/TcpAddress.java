package org.jnvmet.host.tcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.wire.tcp.PduLayout;

/**
 * Where a controller is and where to connect from, as users write it.
 *
 * @param transport name of the transport, for messages
 * @param host traddr: an IP address or a host name
 * @param port trsvcid
 * @param from host_traddr: a local IP address; empty for whatever leads there
 * @param networkInterface host_iface; empty for whatever leads there
 */
public record TcpAddress(
        String transport, String host, int port, String from, String networkInterface) {
    /**
     * The address that the options tell.
     *
     * @throws HostException when they tell none
     */
    public static TcpAddress of(ConnectOptions options) {
        if (options.address().isEmpty()) {
            throw new HostException(
                    options.transport() + ": traddr is missing: an IP address or a host name");
        }
        return new TcpAddress(
                options.transport(),
                options.address(),
                portOf(options),
                options.hostAddress(),
                options.hostInterface());
    }

    private static int portOf(ConnectOptions options) {
        String service = options.service();
        if (service.isEmpty()) {
            return PduLayout.DEFAULT_PORT;
        }
        try {
            int port = Integer.parseInt(service);
            if (port > 0 && port <= 0xffff) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new HostException(
                "%s: trsvcid '%s' is no port number".formatted(options.transport(), service));
    }

    /**
     * The addresses to try, in the order of the resolver. May ask a name server.
     *
     * @throws HostException when there is none
     */
    public InetSocketAddress[] remote() {
        try {
            InetAddress[] found = InetAddress.getAllByName(host);
            InetSocketAddress[] addresses = new InetSocketAddress[found.length];
            for (int i = 0; i < found.length; i++) {
                addresses[i] = new InetSocketAddress(found[i], port);
            }
            return addresses;
        } catch (UnknownHostException e) {
            throw new HostException(this + ": unknown host", e);
        }
    }

    /**
     * The local address to bind to; its port is 0.
     *
     * @throws HostException when {@link #from} is none
     */
    public InetSocketAddress local() {
        try {
            return new InetSocketAddress(InetAddress.ofLiteral(from), 0);
        } catch (IllegalArgumentException e) {
            throw new HostException(this + ": host_traddr '" + from + "' is no IP address", e);
        }
    }

    /** For messages: {@code tcp 127.0.0.1:4420}. */
    @Override
    public String toString() {
        String literal = host.contains(":") ? "[" + host + "]" : host;
        return transport + " " + literal + ":" + port;
    }
}
