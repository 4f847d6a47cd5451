package org.jnvmet.host.offload.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalEndTest {
    private static final InetSocketAddress LOOPBACK =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 4420);

    @Test
    void findsTheLocalAddressOfARoute() {
        LocalEnd end = LocalEnd.towards(LOOPBACK, null, "").orElseThrow();
        assertThat(end.address()).isEqualTo(InetAddress.getLoopbackAddress());
        assertThat(end.vlan()).isZero();
        assertThat(end.hardwareAddress()).isNull();
    }

    @Test
    void usesTheAddressAndTheInterfaceThatTheUserGave() {
        InetAddress given = InetAddress.ofLiteral("127.0.0.9");
        LocalEnd end = LocalEnd.towards(LOOPBACK, given, "lo").orElseThrow();
        assertThat(end.address()).isEqualTo(given);
    }

    @Test
    void findsNoWayFromAnAddressOfSomebodyElseOrAnInterfaceThatIsNotThere() {
        InetAddress foreign = InetAddress.ofLiteral("192.0.2.1");
        assertThat(LocalEnd.towards(LOOPBACK, foreign, "")).isEmpty();
        assertThat(LocalEnd.towards(LOOPBACK, null, "nowhere7")).isEmpty();
    }

    @Test
    void findsNoWayToAnAddressOfAnotherKind() {
        InetAddress six = InetAddress.ofLiteral("::1");
        assertThat(LocalEnd.towards(LOOPBACK, six, "")).isEmpty();
    }

    @Test
    void knowsTheVlanOfAnInterface(@TempDir Path directory) throws IOException {
        Path table = directory.resolve("config");
        assertThat(LocalEnd.vlanOf("eth0.5", table)).isZero();
        Files.writeString(
                table,
                """
                VLAN Dev name    | VLAN ID
                Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD
                eth0.5         | 5  | eth0
                storage        | 4094  | eth1
                """);
        assertThat(LocalEnd.vlanOf("eth0.5", table)).isEqualTo(5);
        assertThat(LocalEnd.vlanOf("storage", table)).isEqualTo(4094);
        assertThat(LocalEnd.vlanOf("eth0", table)).isZero();
    }
}
