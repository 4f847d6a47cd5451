package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.p2pmem.PortScopeTest.refused;
import static org.jnvmet.p2pmem.StagingFixture.number;

import java.nio.file.Path;
import java.util.Map;
import org.jnvmet.host.HostController;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code p2pmem} of a namespace: the checks when it is enabled, and the choice for each controller. */
@Timeout(120)
class NamespaceScopeTest {
    private static final long MEBI = 1 << 20;

    @TempDir Path directory;

    @Test
    void isRefusedWhatIsNoBlockDeviceOrOutOfReach() {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            EmulatedFunction far =
                    fixture.tree.hostBridge(1, 0).rootPort().below().endpoint().memory(MEBI);
            String file = fixture.file("disk", 16 * MEBI);
            Namespace namespace = fixture.namespace(1, "mem:16M");
            namespace.peerMemory(PeerMemory.AUTO);
            refused(Errno.EINVAL, "no file or block device", namespace::enable);
            namespace.devicePath(file);
            namespace.bufferedIo(true);
            refused(Errno.EINVAL, "page cache", namespace::enable);
            namespace.bufferedIo(false);
            namespace.peerMemory(PeerMemory.of(far.address().toString()));
            refused(Errno.EINVAL, far.address() + " is not usable", namespace::enable);
            namespace.peerMemory(PeerMemory.of(fixture.ssd.address().toString()));
            namespace.enable();
            refused(Errno.EBUSY, "p2pmem", () -> namespace.peerMemory(PeerMemory.OFF));
            namespace.disable();

            fixture.ssd.published(false);
            refused(Errno.EINVAL, "does not publish", namespace::enable);
            namespace.peerMemory(PeerMemory.AUTO);
            refused(Errno.EINVAL, "usable", namespace::enable);
            namespace.peerMemory(PeerMemory.OFF);
            namespace.enable();
            refused(Errno.EBUSY, "p2pmem", () -> namespace.peerMemory(PeerMemory.AUTO));
        }
    }

    @Test
    void isChosenForEachControllerAndThePortGoesBeforeIt() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            Namespace staged = fixture.namespace(1, fixture.file("staged", 16 * MEBI));
            staged.peerMemory(PeerMemory.AUTO);
            staged.enable();
            fixture.enabled(2, fixture.file("other", 16 * MEBI));
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            byte[] data = new byte[32 << 10];
            host.namespace(1).write(0, data).orThrow();
            host.namespace(2).write(0, data).orThrow();
            Map<String, String> status = StagingFixture.lines(fixture.staging.status(staged));
            assertThat(number(status, "bytes_staged")).isEqualTo(data.length);
            assertThat(status).containsEntry("provider", fixture.ssd.address().toString());
            assertThat(fixture.media.systemBytes.sum()).isEqualTo(data.length);
            assertThat(fixture.staging.providers().getFirst().clients())
                    .containsExactly(staged.toString());

            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            assertThat(fixture.staging.providers().getFirst().clients())
                    .containsExactly(fixture.port.toString());
            host.namespace(2).write(0, data).orThrow();
            assertThat(number(fixture.status(), "bytes_staged")).isEqualTo(2L * data.length);
            fixture.port.allowedPeerMemory(PeerMemory.OFF);

            staged.disable();
            staged.peerMemory(PeerMemory.OFF);
            staged.enable();
            host.namespace(1).write(0, data).orThrow();
            assertThat(number(fixture.status(), "bytes_staged")).isEqualTo(2L * data.length);
        }
    }

    @Test
    void goesThroughTheHostBridgeAsAPortDoesNot() {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            fixture.tree.cpu("AuthenticAMD", 0x17);
            EmulatedBus elsewhere = fixture.tree.hostBridge(1, 0).rootPort().below();
            EmulatedFunction far = elsewhere.endpoint().memory(MEBI);
            PeerMemory pinned = PeerMemory.of(far.address().toString());
            Namespace namespace = fixture.namespace(1, fixture.file("disk", 16 * MEBI));
            namespace.peerMemory(pinned);
            namespace.enable();
            fixture.port.allowedPeerMemory(pinned);
            fixture.port.link(fixture.subsystem);
            assertThat(fixture.status()).containsEntry("provider", "none");
            HostController host = fixture.connect(1, 32);
            host.namespace(1).write(0, new byte[32 << 10]).orThrow();
            assertThat(StagingFixture.lines(fixture.staging.status(namespace)))
                    .containsEntry("provider", far.address().toString())
                    .containsEntry("map_type", "THRU_HOST_BRIDGE")
                    .containsEntry("commands_staged", "1");
            assertThat(fixture.staging.explain(fixture.port, fixture.subsystem))
                    .hasSize(2)
                    .last()
                    .satisfies(explanation -> {
                        assertThat(explanation.setting()).isEqualTo("p2pmem=" + pinned);
                        assertThat(explanation.outcome()).contains("self-check passed");
                    });
        }
    }

    @Test
    void readsTextsAsTheKernelDoes() {
        try (StagingFixture fixture = new StagingFixture(directory, 4 * MEBI)) {
            PeerStaging staging = fixture.staging;
            String memory = fixture.ssd.address().toString();
            assertThat(staging.parse(memory)).isEqualTo(PeerMemory.of(memory));
            for (String on : new String[] {"1", "y", "Y", "yes", "on", "oN", "true", "t", "1\t"}) {
                assertThat(staging.parse(on)).as(on).isEqualTo(PeerMemory.AUTO);
            }
            for (String off : new String[] {"0", "n", "no", "off", "false", "0\n0"}) {
                assertThat(staging.parse(off)).as(off).isEqualTo(PeerMemory.OFF);
            }
            for (String wrong :
                    new String[] {
                        fixture.nic.address().toString(),
                        "0000:7f:00.0",
                        memory.substring(5),
                        "0 ",
                        "11",
                        "auto",
                        "o",
                        "",
                        " 1",
                        "2"
                    }) {
                refused(Errno.ENODEV, "", () -> staging.parse(wrong));
            }
            fixture.ssd.published(false);
            refused(Errno.ENODEV, memory, () -> staging.parse(memory));
        }
    }
}
