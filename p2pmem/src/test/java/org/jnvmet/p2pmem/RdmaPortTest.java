package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.p2pmem.PortScopeTest.refused;
import static org.jnvmet.p2pmem.StagingFixture.fallBacks;
import static org.jnvmet.p2pmem.StagingFixture.number;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jnvmet.host.HostController;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.pci.Acs;
import org.jnvmet.p2pmem.pci.Candidate;
import org.jnvmet.p2pmem.pool.DmaBufProvider;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.DeviceMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ports of RDMA: whose device must register the memory. */
@Timeout(120)
class RdmaPortTest {
    private static final long MEBI = 1 << 20;
    private static final String REFUSAL = "not registrable: rxe0 does not register dma-bufs";

    @TempDir Path directory;

    private final List<DmaBufProvider> dmaBufs = new ArrayList<>();

    /** The interface is a device's, and the SSD's memory a dma-buf. */
    private StagingFixture withDmaBuf() {
        return StagingFixture.ofRdma(
                directory,
                8 * MEBI,
                fixture -> {
                    fixture.nic.rdmaDevice("mlx5_0", "lo");
                    return List.of(dmaBuf(fixture, fixture.ssd, 8 * MEBI));
                });
    }

    /** A file in place of a descriptor that only a driver could give us; it is mapped alike. */
    private DmaBufProvider dmaBuf(StagingFixture fixture, EmulatedFunction of, long bytes) {
        String path = fixture.file("dma-buf" + dmaBufs.size(), bytes);
        DmaBufProvider provider = DmaBufProvider.open(of.address() + "=" + path);
        dmaBufs.add(provider);
        return provider;
    }

    private int loads;

    private void load(StagingFixture fixture, int commands) throws InterruptedException {
        HostController host = fixture.connect(2, 32);
        VerifyingLoad load = new VerifyingLoad(host.namespace(1), 8 * loads++, 4, 2, 64, 8).start();
        load.await(commands);
        load.stop();
        assertThat(load.errors).isEmpty();
    }

    @Test
    void registersTheMemoryBeforeItIsUsedAndUntilItIsUnmapped() throws InterruptedException {
        try (StagingFixture fixture = withDmaBuf()) {
            fixture.rdma.beforeUnreach = () -> assertThat(fixture.lentBytes()).as("lent").isZero();
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);

            assertThat(fixture.rdma.addresses()).containsExactly("127.0.0.1");
            DeviceMemory memory = fixture.rdma.reached().getFirst();
            assertThat(memory.name()).isEqualTo("the memory of " + fixture.ssd.address());
            assertThat(memory.bytes()).isEqualTo(8 * MEBI);
            assertThat(memory.dmaBuf()).isGreaterThan(2);
            load(fixture, 100);
            Map<String, String> status = fixture.status();
            assertThat(status)
                    .containsEntry("provider", fixture.ssd.address().toString())
                    .containsEntry("distance", "4");
            assertThat(number(status, "commands_staged")).isGreaterThanOrEqualTo(100);
            assertThat(fallBacks(status)).isZero();

            fixture.port.allowedPeerMemory(PeerMemory.OFF);
            while (!fixture.rdma.reached().isEmpty()) {
                Thread.onSpinWait(); // loops pass first
            }
            fixture.rdma.verify();
        }
    }

    @Test
    void switchesUnderLoad() throws InterruptedException {
        try (StagingFixture fixture = withDmaBuf()) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 24, 2, 64, 32).start();
            for (int i = 0; i < 20 && load.errors.isEmpty(); i++) {
                load.await(40);
                fixture.port.allowedPeerMemory(i % 2 == 0 ? PeerMemory.AUTO : PeerMemory.OFF);
                while (i % 2 == 1 && !fixture.rdma.reached().isEmpty()) {
                    Thread.onSpinWait();
                }
            }
            load.stop();
            assertThat(load.errors).isEmpty();
            assertThat(fixture.rdma.registrations()).isEqualTo(10);
            assertThat(number(fixture.status(), "commands_staged")).isPositive();
            fixture.rdma.verify();
        }
    }

    @Test
    void doesWithoutMemoryThatTheDeviceRefuses() throws InterruptedException {
        try (StagingFixture fixture = withDmaBuf()) {
            fixture.rdma.devices = (_, _) -> new ConfigException(Errno.EOPNOTSUPP, REFUSAL);
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            load(fixture, 20);
            Map<String, String> status = fixture.status();
            assertThat(status).containsEntry("provider", "none");
            assertThat(status.get("reason")).contains("is " + REFUSAL);
            assertThat(number(status, "commands_staged")).isZero();
            assertThat(number(status, "fallback_not_registrable"))
                    .isEqualTo(fallBacks(status))
                    .isGreaterThanOrEqualTo(20);
            Explanation explanation =
                    fixture.staging.explain(fixture.port, fixture.subsystem).getFirst();
            Candidate candidate = explanation.choice().candidates().getFirst();
            assertThat(candidate.verdict()).isEqualTo(REFUSAL);
            assertThat(explanation.outcome()).contains("system memory").contains(REFUSAL);
            refused(Errno.EINVAL, REFUSAL, () -> fixture.port.strictPeerMemory(true));

            fixture.rdma.devices = (_, _) -> null;
            fixture.port.strictPeerMemory(true); // another look
            load(fixture, 20);
            assertThat(number(fixture.status(), "commands_staged")).isGreaterThanOrEqualTo(20);
        }
    }

    @Test
    void takesTheNextNearestOfMemoryThatTheDeviceTakes() {
        EmulatedFunction[] other = new EmulatedFunction[1];
        try (StagingFixture fixture =
                StagingFixture.ofRdma(
                        directory,
                        8 * MEBI,
                        made -> {
                            made.nic.rdmaDevice("mlx5_0", "lo");
                            other[0] = made.switchPorts.downstreamPort().below().endpoint();
                            return List.of(
                                    dmaBuf(made, made.ssd, MEBI), dmaBuf(made, other[0], MEBI));
                        })) {
            String near = fixture.ssd.address().toString();
            fixture.rdma.devices =
                    (_, memory) ->
                            memory.name().endsWith(near)
                                    ? new ConfigException(Errno.EFAULT, "not registrable: no")
                                    : null;
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            assertThat(fixture.status())
                    .containsEntry("provider", other[0].address().toString())
                    .containsEntry("distance", "8");
            assertThat(fixture.rdma.reached()).hasSize(1);
            refused(
                    Errno.EINVAL,
                    near + " is not registrable: no",
                    () -> {
                        fixture.port.allowedPeerMemory(PeerMemory.of(near));
                        fixture.port.strictPeerMemory(true);
                    });
        }
    }

    @Test
    void memoryOfSysfsIsNotRegistrable() {
        try (StagingFixture fixture =
                StagingFixture.ofRdma(
                        directory,
                        8 * MEBI,
                        made -> {
                            made.nic.rdmaDevice("mlx5_0", "lo");
                            return List.of();
                        })) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            assertThat(fixture.status()).containsEntry("provider", "none");
            assertThat(fixture.status().get("reason"))
                    .contains(fixture.ssd.address() + " is not registrable: RDMA devices");
            Candidate candidate =
                    fixture.staging
                            .explain(fixture.port, fixture.subsystem)
                            .getFirst()
                            .choice()
                            .candidates()
                            .getFirst();
            assertThat(candidate.usable()).isFalse();
            assertThat(candidate.verdict()).startsWith("not registrable: ").contains("--dma-buf");
            assertThat(candidate.paths()).as("the ways are told all the same").hasSize(2);
            assertThat(fixture.mappedBytes()).isZero();

            Port sockets = fixture.port(2, "127.0.0.1");
            sockets.allowedPeerMemory(PeerMemory.AUTO);
            sockets.link(fixture.subsystem);
            assertThat(fixture.staging.status(sockets))
                    .as("sockets register nothing")
                    .contains("provider " + fixture.ssd.address());
            assertThat(fixture.rdma.reached()).isEmpty();

            fixture.ssd.acs(Acs.REQUEST_REDIRECT);
            fixture.port.allowedPeerMemory(PeerMemory.OFF);
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            assertThat(fixture.status().get("reason"))
                    .as("what lies badly is not said to be good but for that")
                    .contains("is not usable")
                    .doesNotContain("registrable");
        }
    }

    @Test
    void aDeviceOfSoftwareIsNoClient() throws InterruptedException {
        try (StagingFixture fixture =
                StagingFixture.ofRdma(
                        directory,
                        8 * MEBI,
                        made -> {
                            made.tree.virtualRdmaDevice("rxe0", "lo");
                            return List.of(dmaBuf(made, made.ssd, MEBI));
                        })) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            load(fixture, 10);
            assertThat(fixture.status().get("reason"))
                    .contains(
                            "RDMA device rxe0 of interface lo: rxe0 is an RDMA device of software");
            assertThat(number(fixture.status(), "fallback_not_eligible")).isPositive();
            assertThat(fixture.rdma.addresses()).isEmpty();
        }
    }

    @Test
    void registersForANamespaceAsWell() {
        try (StagingFixture fixture = withDmaBuf()) {
            Namespace namespace = fixture.namespace(1, fixture.file("disk", 64 * MEBI));
            namespace.peerMemory(PeerMemory.AUTO);
            namespace.enable();
            fixture.port.link(fixture.subsystem);
            assertThat(fixture.rdma.reached()).as("nobody has come").isEmpty();
            HostController host = fixture.connect(1, 32);
            byte[] data = new byte[64 << 10];
            host.namespace(1).write(0, data).orThrow();
            assertThat(fixture.rdma.reached()).hasSize(1);
            assertThat(
                            number(
                                    StagingFixture.lines(fixture.staging.status(namespace)),
                                    "bytes_staged"))
                    .isEqualTo(data.length);
            fixture.disconnect();
            while (!fixture.rdma.reached().isEmpty()) {
                Thread.onSpinWait();
            }

            fixture.rdma.devices = (_, _) -> new ConfigException(Errno.EOPNOTSUPP, REFUSAL);
            HostController again = fixture.connect(1, 32);
            again.namespace(1).write(0, data).orThrow();
            Map<String, String> status = StagingFixture.lines(fixture.staging.status(namespace));
            assertThat(number(status, "fallback_not_registrable")).isEqualTo(1);
            assertThat(status.get("reason")).contains(REFUSAL);
            fixture.rdma.verify();
        }
    }

    @Test
    void staysInSystemMemoryWhenADeviceThatCameBackRefuses() throws InterruptedException {
        try (StagingFixture fixture = withDmaBuf()) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            load(fixture, 10);
            long staged = number(fixture.status(), "commands_staged");
            assertThat(staged).isPositive();
            fixture.rdma.devices = (_, _) -> new ConfigException(Errno.ENOMEM, REFUSAL);
            load(fixture, 10);
            Map<String, String> status = fixture.status();
            assertThat(status).containsEntry("provider", "none");
            assertThat(status.get("reason")).contains(REFUSAL);
            assertThat(number(status, "fallback_not_registrable")).isPositive();
        }
    }

    @Test
    void letsGoOfMemoryThatVanishes() throws InterruptedException {
        try (StagingFixture fixture = withDmaBuf()) {
            fixture.rdma.beforeUnreach = () -> assertThat(fixture.lentBytes()).as("lent").isZero();
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 24, 2, 64, 32).start();
            load.await(100);
            dmaBufs.getFirst().close();
            fixture.watch.look();
            while (!fixture.rdma.reached().isEmpty()) {
                Thread.onSpinWait();
            }
            load.await(100);
            load.stop();
            assertThat(load.errors).isEmpty();
            assertThat(number(fixture.status(), "fallback_vanished")).isPositive();
            fixture.rdma.verify();
        }
    }
}
