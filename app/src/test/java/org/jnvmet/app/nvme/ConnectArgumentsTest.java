package org.jnvmet.app.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jnvmet.host.ConnectOption;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.wire.Nqn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/** What becomes of the arguments of nvme-cli. */
final class ConnectArgumentsTest {
    private static final String NQN = "nqn.2026-01.org.example:disk";

    @Command(name = "sample")
    private static final class Sample {
        @Mixin private ConnectArguments connection = new ConnectArguments();
    }

    private static ConnectArguments parse(String line) {
        Sample sample = new Sample();
        new CommandLine(sample).parseArgs(line.split(" ", -1));
        return sample.connection;
    }

    @Test
    void leavesTheDefaultsOfALinuxHost() {
        ConnectOptions options = parse("-a 192.0.2.1 -n " + NQN).toSubsystem();
        ConnectOptions defaults = ConnectOptions.to(NQN);
        assertThat(options.transport()).isEqualTo("tcp");
        assertThat(options.address()).isEqualTo("192.0.2.1");
        assertThat(options.subsystemNqn()).isEqualTo(NQN);
        assertThat(options.given()).doesNotContain(ConnectOption.TRSVCID, ConnectOption.HDR_DIGEST);
        assertThat(values(options)).isEqualTo(values(defaults));
    }

    private static List<Object> values(ConnectOptions options) {
        return new ArrayList<>(
                List.of(
                        options.service(),
                        options.ioQueues(),
                        options.ioEntries(),
                        options.headerDigest(),
                        options.dataDigest(),
                        options.keepAliveMs(),
                        options.controllerLossMs(),
                        options.reconnectDelayMs(),
                        options.connectTimeoutMs(),
                        options.adminTimeoutMs(),
                        options.ioTimeoutMs()));
    }

    @Test
    void takesTheLettersOfNvmeCli() {
        ConnectOptions options =
                parse(
                                "-t tcp_offload -a ::1 -s 4421 -n "
                                        + NQN
                                        + " -q nqn.host -w ::2 -f eth1"
                                        + " -I 00000000-0000-0001-0000-000000000002 --device poll -i 4 -Q 64 -g -G"
                                        + " -k 7 -l 30 -c 2 --timeout 1500")
                        .toSubsystem();
        assertThat(options.transport()).isEqualTo("tcp_offload");
        assertThat(options.hostNqn()).isEqualTo("nqn.host");
        assertThat(options.hostId()).isEqualTo(new UUID(1, 2));
        assertThat(options.hostAddress()).isEqualTo("::2");
        assertThat(options.hostInterface()).isEqualTo("eth1");
        assertThat(options.offloadDevice()).isEqualTo("poll");
        assertThat(values(options))
                .containsExactly(
                        "4421", 4, 64, true, true, 7000, 30_000, 2000, 1500L, 1500L, 1500L);
    }

    @Test
    void takesTheNamesOfNvmeCli() {
        ConnectOptions options =
                parse(
                                "--transport=tcp_offload --traddr=::1 --trsvcid=4421 --nqn="
                                        + NQN
                                        + " --hostnqn=nqn.host --host-traddr=::2 --host-iface=eth1"
                                        + " --hostid=00000000-0000-0001-0000-000000000002 --nr-io-queues=4"
                                        + " --queue-size=64 --hdr-digest --data-digest --keep-alive-tmo=7"
                                        + " --ctrl-loss-tmo=-1 --reconnect-delay=2")
                        .toSubsystem();
        assertThat(values(options))
                .startsWith("4421", 4, 64, true, true, 7000, ConnectOptions.NEVER, 2000);
    }

    @Test
    void goesToTheDiscoveryServiceOnItsOwnPort() {
        ConnectOptions options = parse("-a ::1").toDiscovery();
        assertThat(options.subsystemNqn()).isEqualTo(Nqn.DISCOVERY);
        assertThat(options.service()).isEqualTo("8009");
        assertThat(options.ioQueues()).isZero();
        assertThat(options.keepAliveMs()).isZero();
        ConnectOptions other = parse("-a ::1 -s 4420 -k 3 -n " + NQN).toDiscovery();
        assertThat(other.subsystemNqn()).isEqualTo(NQN);
        assertThat(other.service()).isEqualTo("4420");
        assertThat(other.keepAliveMs()).isEqualTo(3000);
    }

    @Test
    void discoversOverRdmaOnThePortOfRdma() {
        ConnectOptions options = parse("-t rdma -a ::1").toDiscovery();
        assertThat(options.transport()).isEqualTo("rdma");
        assertThat(options.given()).doesNotContain(ConnectOption.TRSVCID);
    }

    /** The transport asked for, TRTYPE of the entry, the transport that is used. */
    @ParameterizedTest
    @CsvSource({
        "tcp, 3, tcp",
        "tcp, 1, rdma",
        "rdma, 1, rdma",
        "rdma, 3, tcp",
        "tcp_offload --device poll, 3, tcp_offload",
        "tcp_offload --device poll, 1, rdma"
    })
    void followsADiscoveryEntryByItsTransport(String asked, int type, String used) {
        ConnectOptions options =
                parse("-a ::1 -t " + asked).offered(type, NQN, "192.0.2.7", "4422");
        assertThat(Objects.requireNonNull(options).way()).isEqualTo(used + " 192.0.2.7:4422");
    }

    @Test
    void leavesOutWhatOnlyTcpTakesWhereItFollowsToRdma() {
        ConnectArguments tcp = parse("-a ::1 -g -G -f eth1 -i 3");
        ConnectOptions followed = Objects.requireNonNull(tcp.offered(1, NQN, "192.0.2.7", "4422"));
        assertThat(followed.given())
                .doesNotContain(
                        ConnectOption.HDR_DIGEST,
                        ConnectOption.DATA_DIGEST,
                        ConnectOption.HOST_IFACE);
        assertThat(followed.ioQueues()).isEqualTo(3);
        ConnectArguments rdma = parse("-a ::1 -t rdma -g -n " + NQN);
        assertThat(rdma.toSubsystem().given()).contains(ConnectOption.HDR_DIGEST);
    }

    @Test
    void followsNoDiscoveryEntryOfAnotherFabric() {
        assertThat(parse("-a ::1").offered(2, NQN, "nn-0x1", "")).isNull();
    }

    @Test
    void followsADiscoveryEntryAsTheSameHost() {
        ConnectArguments arguments = parse("-a ::1 -q nqn.host -g");
        ConnectOptions options = arguments.to(NQN, "192.0.2.7", "4422");
        assertThat(options.way()).isEqualTo("tcp 192.0.2.7:4422");
        assertThat(options.hostNqn()).isEqualTo("nqn.host");
        assertThat(options.headerDigest()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    -n x                      | '--traddr=ADDRESS'
                    -a ::1                    | '--nqn=NQN'
                    -a ::1 -n x -t fc         | --transport: 'fc' is none of [tcp, tcp_offload, rdma]
                    -a ::1 -n x -i 0          | --nr-io-queues: 0 is not within 1 .. 65535
                    -a ::1 -n x -i many       | 'many' is not an int
                    -a ::1 -n x -Q 1          | --queue-size: 1 is not within 2 .. 65536
                    -a ::1 -n x -k -1         | --keep-alive-tmo: -1 is not within 0 .. 2147483
                    -a ::1 -n x -c 0          | --reconnect-delay: 0 is not within 1 .. 2147483
                    -a ::1 -n x -l -2         | --ctrl-loss-tmo: -2 is not within -1 .. 2147483
                    -a ::1 -n x --timeout 0   | --timeout: 0 is not within 1 .. 2147483647
                    -a ::1 -n x --device poll | --device is for the transport tcp_offload, not tcp
                    -a ::1 -n x -I x          | 'x' is no UUID
                    """)
    void refusesWhatCannotBe(String line, String why) {
        assertThatThrownBy(() -> parse(line).toSubsystem())
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining(why);
    }

    @Test
    void refusesNamesThatDoNotFit() {
        String name = "n".repeat(224);
        assertThatThrownBy(() -> parse("-a ::1 -n " + name).toSubsystem())
                .isInstanceOf(ParameterException.class)
                .hasMessageStartingWith("--nqn: ");
        assertThatThrownBy(() -> parse("-a ::1 -n x -q " + name).toSubsystem())
                .isInstanceOf(ParameterException.class)
                .hasMessageStartingWith("--hostnqn: ");
    }
}
