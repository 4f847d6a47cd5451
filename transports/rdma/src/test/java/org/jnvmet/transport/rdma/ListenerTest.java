package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.transport.rdma.RdmaFixture.eventually;

import ch.qos.logback.classic.Level;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.verbs.VerbsUnavailableException;
import org.jnvmet.verbs.software.Faults.Step;
import org.junit.jupiter.api.Test;

/** Where ports listen, and what becomes of that when addresses and devices come and go. */
class ListenerTest {
    private static final InetAddress ADDRESS = RdmaFixture.ADDRESS;

    @Test
    void saysWhyItCannotListen() {
        try (RdmaFixture target = new RdmaFixture()) {
            Port second = target.target.createPort(2);
            second.address(
                    new Port.Address(
                            "rdma",
                            "ipv4",
                            ADDRESS.getHostAddress(),
                            Integer.toString(target.bound().getPort()),
                            "not specified",
                            "connected"));
            refuses(() -> second.link(target.subsystem), Errno.EADDRINUSE, "cannot listen");

            second.address(RdmaFixture.address("198.51.100.1"));
            refuses(() -> second.link(target.subsystem), Errno.EADDRNOTAVAIL, "198.51.100.1");
            second.address(RdmaFixture.address("nonsense"));
            refuses(() -> second.link(target.subsystem), Errno.EINVAL, "nonsense");
            assertThat(target.transport.boundAddress(second)).isNull();
        }
    }

    @Test
    void leavesNothingBehindWhenItCannotListen() {
        try (RdmaFixture target = new RdmaFixture()) {
            Port second = target.target.createPort(2);
            second.address(RdmaFixture.address(ADDRESS.getHostAddress()));
            int ids = target.fabric.resources().ids();
            for (Step step : List.of(Step.CREATE_ID, Step.BIND, Step.LISTEN)) {
                target.fabric.faults().failCall(step, 0, Errno.ENOMEM.number());
                refuses(() -> second.link(target.subsystem), Errno.ENOMEM, "port 2");
                assertThat(target.fabric.resources().ids()).as("%s", step).isEqualTo(ids);
            }
            second.link(target.subsystem);
            assertThat(target.transport.boundAddress(second)).isNotNull();
        }
    }

    @Test
    void saysWhatIsMissingWithoutRdma() {
        String sentence = "librdmacm.so.1 is not installed: install rdma-core";
        RdmaTransport transport =
                new RdmaTransport(
                        RdmaFixture.SETTINGS,
                        () -> {
                            throw new VerbsUnavailableException(sentence);
                        });
        try (Target core = new Target(List.of(transport), List.of())) {
            Port port = core.createPort(1);
            port.address(RdmaFixture.address("0.0.0.0"));
            refuses(
                    () -> port.link(core.createSubsystem("nqn.test")),
                    Errno.ENODEV,
                    "port 1: " + sentence);
        }
    }

    private static void refuses(ThrowingCallable call, Errno errno, String why) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageContaining(why);
    }

    @Test
    void wildcardsCoverTheirOwnFamily() {
        try (RdmaFixture target = new RdmaFixture()) {
            InetAddress ipv6 = InetAddress.ofLiteral("2001:db8::1");
            target.fabric.addDevice("soft1", ipv6);
            int service = listen(target, 2, "0.0.0.0");
            int service6 = listen(target, 3, "::");

            assertThat(answers(target, new InetSocketAddress(ADDRESS, service))).isTrue();
            assertThat(answers(target, new InetSocketAddress(ipv6, service6))).isTrue();
            assertThat(answers(target, new InetSocketAddress(ipv6, service))).isFalse();
            assertThat(answers(target, new InetSocketAddress(ADDRESS, service6))).isFalse();
        }
    }

    private static int listen(RdmaFixture target, int portId, String address) {
        Port port = target.target.createPort(portId);
        port.address(RdmaFixture.address(address));
        port.link(target.subsystem);
        return Objects.requireNonNull(target.transport.boundAddress(port)).getPort();
    }

    private static boolean answers(RdmaFixture target, InetSocketAddress address) {
        try (RawHost host = new RawHost(target.fabric.provider(), address)) {
            return host.ask(Commands.request(0, 32), 16).type()
                    == EventType.RDMA_CM_EVENT_ESTABLISHED;
        }
    }

    @Test
    void listensAgainWhenItsDeviceComesBack() {
        try (RdmaFixture target = new RdmaFixture()) {
            int port = target.bound().getPort();
            try (RawHost admin = target.admin()) {
                admin.expectStillOpen();
                target.fabric.removeDevice(RdmaFixture.DEVICE);
                target.awaitNoConnections();
            }
            assertThat(target.onControl(() -> target.transport.cm().devices())).isEmpty();

            target.fabric.addDevice(RdmaFixture.DEVICE, ADDRESS);

            eventually(() ->
                    target.logged(Level.INFO).stream().anyMatch(line -> line.endsWith("again")));
            assertThat(target.bound().getPort()).isEqualTo(port);
            try (RawHost admin = target.admin()) {
                admin.expectStillOpen();
            }
            assertThat(
                            target.logged(Level.WARN).stream()
                                    .filter(line -> line.contains("not listening"))
                                    .count())
                    .isEqualTo(1);
        }
    }

    /** Some drivers wait until everybody has let go, and a wildcard listens on no device. */
    @Test
    void letsGoOfADeviceThatIsRemovedWhileNobodyIsConnected() {
        try (RdmaFixture target = new RdmaFixture()) {
            int service = listen(target, 2, "0.0.0.0");
            target.port.unlink(target.subsystem);
            assertThat(answers(target, new InetSocketAddress(ADDRESS, service))).isTrue();
            target.awaitNoConnections();
            assertThat(target.fabric.resources().regions()).isPositive();

            target.fabric.removeDevice(RdmaFixture.DEVICE);

            eventually(() -> target.fabric.resources().domains() == 0);
            assertThat(target.fabric.resources().regions()).isZero();
            assertThat(target.fabric.resources().completionQueues()).isZero();
            target.fabric.addDevice(RdmaFixture.DEVICE, ADDRESS);
            assertThat(answers(target, new InetSocketAddress(ADDRESS, service))).isTrue();
        }
    }

    @Test
    void followsItsAddressToAnotherDevice() {
        try (RdmaFixture target = new RdmaFixture()) {
            target.fabric.addDevice("soft1");
            target.fabric.moveAddress(ADDRESS, "soft1");

            eventually(() ->
                    target.logged(Level.INFO).stream().anyMatch(line -> line.endsWith("again")));
            try (RawHost admin = target.admin()) {
                admin.expectStillOpen();
            }
        }
    }

    @Test
    void endsItsConnectionsWhenItIsClosed() {
        try (RdmaFixture target = new RdmaFixture();
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            target.port.unlink(target.subsystem);

            admin.expectEnd();
            io.expectEnd();
            target.awaitNoConnections();
            assertThat(target.transport.boundAddress(target.port)).isNull();
        }
    }

    @Test
    void refusesQueuesBeyondItsBound() {
        RdmaSettings few =
                RdmaFixture.SETTINGS.withQueues(new RdmaSettings.Queues(2, 0, 16_384, 16));
        try (RdmaFixture target = new RdmaFixture(few);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32);
                RawHost third = target.dial()) {
            assertThat(third.ask(Commands.request(2, 32), 16).type())
                    .isEqualTo(EventType.RDMA_CM_EVENT_REJECTED);
            admin.expectStillOpen();
            assertThat(io.execute(io.blocks(Commands.READ, 1, 0, 1, 0)).status()).isZero();
        }
    }

    @Test
    void aRehearsalRefusesWhatTheTransportWould() {
        try (RdmaFixture target = new RdmaFixture();
                RdmaRehearsal rehearsal =
                        new RdmaRehearsal(
                                RdmaFixture.SETTINGS, target.fabric::provider, target.transport)) {
            Port other = target.target.createPort(2);
            other.address(RdmaFixture.address("198.51.100.1"));
            refuses(() -> rehearsal.listen(target.target, other), Errno.EADDRNOTAVAIL, "port 2");
            try (var first = rehearsal.listen(target.target, target.port)) {
                assertThat(first).isNotNull();
            }
        }
    }

    /** Who binds beside a wildcard is told that the address is not available. */
    @Test
    void aWildcardThatListensIsNoObstacleForItsRehearsal() {
        try (RdmaFixture target = new RdmaFixture();
                RdmaRehearsal live =
                        new RdmaRehearsal(
                                RdmaFixture.SETTINGS, target.fabric::provider, target.transport)) {
            int service = listen(target, 2, "0.0.0.0");
            Port again = target.target.createPort(3);
            again.address(
                    new Port.Address(
                            "rdma",
                            "ipv4",
                            "0.0.0.0",
                            Integer.toString(service),
                            "not specified",
                            "connected"));
            try (var listener = live.listen(target.target, again)) {
                assertThat(listener).isNotNull();
            }
        }
    }
}
