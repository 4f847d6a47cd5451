package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Objects;
import java.util.Optional;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Listening: addresses, errors, and the end of a port. */
class ListenerTest {
    private final TcpFixture target = new TcpFixture(TcpFixture.SETTINGS.withLoops(2));
    private int nextPort = 2;

    @AfterEach
    void close() {
        target.close();
    }

    private Port listen(String family, String address, String service) {
        Port port = target.target.createPort(nextPort++);
        port.address(new Port.Address("tcp", family, address, service, "not specified", "none"));
        port.link(target.subsystem);
        return port;
    }

    private InetSocketAddress bound(Port port) {
        return Objects.requireNonNull(target.transport.boundAddress(port));
    }

    private static void canConnect(InetAddress address, int port) {
        try (RawHost host = new RawHost(new InetSocketAddress(address, port))) {
            host.negotiate();
            host.admin();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ipv4, 127.0.0.1, 127.0.0.1",
        "ipv4, 0.0.0.0, 127.0.0.1",
        "ipv6, ::1, ::1",
        "ipv6, ::, ::1"
    })
    void acceptsAt(String family, String address, String reachable) {
        Port port = listen(family, address, "0");
        canConnect(InetAddress.ofLiteral(reachable), bound(port).getPort());
    }

    @Test
    void listensAtBothWildcardsOfOnePortNumber() {
        Port four = listen("ipv4", "0.0.0.0", "0");
        int number = bound(four).getPort();
        Port six = listen("ipv6", "::", Integer.toString(number));
        canConnect(InetAddress.ofLiteral("127.0.0.1"), number);
        canConnect(InetAddress.ofLiteral("::1"), bound(six).getPort());
    }

    @Test
    void listensAtALinkLocalAddressWithItsScope() throws Exception {
        Optional<InetAddress> linkLocal =
                NetworkInterface.networkInterfaces()
                        .filter(ListenerTest::isUp)
                        .flatMap(NetworkInterface::inetAddresses)
                        .filter(InetAddress::isLinkLocalAddress)
                        .filter(address -> address.getHostAddress().contains("%"))
                        .findFirst();
        Assumptions.assumeTrue(linkLocal.isPresent(), "no interface with a link-local address");
        InetAddress address = linkLocal.orElseThrow();
        Port port = listen("ipv6", address.getHostAddress(), "0");
        canConnect(address, bound(port).getPort());
    }

    private static boolean isUp(NetworkInterface candidate) {
        try {
            return candidate.isUp() && !candidate.isLoopback();
        } catch (SocketException _) {
            return false;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ipv4, 127.0.0.256, 4420",
        "ipv4, 127.1, 4420",
        "ipv4, localhost, 4420",
        "ipv4, ::1, 4420",
        "ipv4, '', 4420",
        "ipv6, 127.0.0.1, 4420",
        "ipv6, ::ffff:127.0.0.1, 4420",
        "ipv6, ::1%nosuch, 4420",
        "ipv6, '', 4420",
        "ib, ::1, 4420",
        "'', 127.0.0.1, 4420",
        "ipv4, 127.0.0.1, ''",
        "ipv4, 127.0.0.1, 65536",
        "ipv4, 127.0.0.1, -1",
        "ipv4, 127.0.0.1, nvme"
    })
    void refusesMalformedAddresses(String family, String address, String service) {
        ConfigException refusal = refusal(family, address, service);
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal).hasMessageContaining("port 2");
    }

    private ConfigException refusal(String family, String address, String service) {
        return Objects.requireNonNull(
                catchThrowableOfType(
                        ConfigException.class, () -> listen(family, address, service)));
    }

    @Test
    void tellsThatAnAddressIsInUse() {
        String taken = Integer.toString(target.address().getPort());
        ConfigException refusal = refusal("ipv4", "127.0.0.1", taken);
        assertThat(refusal.errno()).isEqualTo(Errno.EADDRINUSE);
        assertThat(refusal).hasMessageContaining("127.0.0.1").hasMessageContaining(taken);
    }

    @Test
    void tellsThatAnAddressIsNotOfThisMachine() {
        assertThat(refusal("ipv4", "192.0.2.1", "0").errno()).isEqualTo(Errno.EADDRNOTAVAIL);
        assertThat(refusal("ipv6", "2001:db8::1", "0").errno()).isEqualTo(Errno.EADDRNOTAVAIL);
    }

    @Test
    void closesItsConnectionsAndNoOthersWhenAPortIsDisabled() {
        Port second = listen("ipv4", "127.0.0.1", "0");
        try (RawHost silent = new RawHost(bound(second));
                RawHost admin = new RawHost(bound(second));
                RawHost other = target.admin()) {
            admin.negotiate();
            admin.admin();
            silent.negotiate();
            second.unlink(target.subsystem);
            silent.expectClose();
            admin.expectClose();
            other.send(other.pdus.identifyController(5));
            other.expect(Received.DATA);
        }
    }

    @Test
    void listensAgainAtOnceAfterItWasDisabled() {
        String number = Integer.toString(target.address().getPort());
        try (RawHost admin = target.admin()) {
            target.port.unlink(target.subsystem);
            admin.expectClose();
        }
        Port again = listen("ipv4", "127.0.0.1", number);
        assertThat(bound(again).getPort()).isEqualTo(Integer.parseInt(number));
    }

    @Test
    void spreadsConnectionsOverTheLoops() {
        try (RawHost first = target.admin();
                RawHost second = target.io(first, 1, 32);
                RawHost third = target.io(first, 2, 32);
                RawHost fourth = target.io(first, 3, 32)) {
            assertThat(fourth.controllerId()).isZero();
            assertThat(second.read(1, 0, 1)).isEqualTo(third.read(1, 0, 1));
            assertThat(target.transport.loops()).allMatch(loop -> loop.load() == 2);
        }
    }

    @Test
    void refusesConnectionsBeyondTheBound() {
        TcpSettings two = TcpFixture.SETTINGS.withSockets(new TcpSettings.Sockets(16, 2, 0, 0, 0));
        try (TcpFixture small = new TcpFixture(two);
                RawHost first = small.admin()) {
            try (RawHost second = small.io(first, 1, 32)) {
                expectRefusal(small);
                assertThat(second.read(1, 0, 1)).hasSize(Pdus.BLOCK);
            }
            while (small.loop().load() > 1) {
                Thread.onSpinWait();
            }
            try (RawHost next = small.io(first, 2, 32)) {
                assertThat(next.read(1, 0, 1)).hasSize(Pdus.BLOCK);
            }
        }
    }

    /** The connection is reset, perhaps before connect(2) has returned. */
    private static void expectRefusal(TcpFixture full) {
        try (RawHost refused = full.dial()) {
            refused.expectClose();
        } catch (UncheckedIOException reset) {
            assertThat(reset).hasCauseInstanceOf(SocketException.class);
        }
    }
}
