package org.jnvmet.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.util.List;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the address attributes of a port may be. */
class ListenAddressTest {
    @Test
    void takesLiteralsOfBothFamilies() {
        assertThat(of("ipv4", "192.0.2.7", "4420").socketAddress()).hasToString("/192.0.2.7:4420");
        ListenAddress six = of("ipv6", "fe80::1", "0");
        assertThat(six.address()).isInstanceOf(Inet6Address.class);
        assertThat(six.isIpv6()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "ib,    ::1,       4420, addr_adrfam 'ib' does not go with rdma",
        "ipv4,  10.1,      4420, addr_traddr '10.1' is not an ipv4 address",
        "ipv6,  127.0.0.1, 4420, addr_traddr '127.0.0.1' is not an ipv6 address",
        "ipv4,  127.0.0.1, 65536, addr_trsvcid '65536' is not a TCP port"
    })
    void refusesTheRestByName(String family, String address, String service, String sentence) {
        assertThatThrownBy(() -> of(family, address, service))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessage("port 1: " + sentence);
    }

    @Test
    void aWildcardCoversItsFamily() {
        ListenAddress one = of("ipv4", "127.0.0.1", "4420");
        assertThat(one.collidesWith(of("ipv4", "0.0.0.0", "4420"))).isTrue();
        assertThat(one.collidesWith(of("ipv4", "0.0.0.0", "4421"))).isFalse();
        assertThat(one.collidesWith(of("ipv6", "::", "4420"))).isFalse();
        assertThat(of("ipv4", "127.0.0.1", "0").collidesWith(of("ipv4", "0.0.0.0", "0"))).isFalse();
    }

    private static ListenAddress of(String family, String address, String service) {
        try (Target target = new Target(List.of(), List.of())) {
            Port port = target.createPort(1);
            port.address(new Port.Address("", family, address, service, "not specified", ""));
            return ListenAddress.of(port, "rdma");
        }
    }
}
