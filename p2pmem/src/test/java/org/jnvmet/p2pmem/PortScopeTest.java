package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.p2pmem.StagingFixture.fallBacks;
import static org.jnvmet.p2pmem.StagingFixture.number;

import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.host.HostController;
import org.jnvmet.p2pmem.pci.Acs;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code allow_p2pmem}: one decision for a port and all its namespaces. */
@Timeout(120)
class PortScopeTest {
    private static final long MEBI = 1 << 20;

    @TempDir Path directory;

    static void refused(Errno errno, String words, ThrowingCallable change) {
        assertThatThrownBy(change)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(words)
                .extracting(refusal -> ((ConfigException) refusal).errno())
                .isEqualTo(errno);
    }

    @Test
    void stagesWhatIsAllowedAndCountsIt() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            Namespace namespace = fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 8, 2, 64, 16).start();
            load.await(500);
            load.stop();

            assertThat(load.errors).isEmpty();
            Map<String, String> status = fixture.status();
            assertThat(status)
                    .containsEntry("provider", fixture.ssd.address().toString())
                    .containsEntry("distance", "4")
                    .containsEntry("map_type", "BUS_ADDR");
            assertThat(number(status, "commands_staged")).isEqualTo(load.commands.get());
            assertThat(number(status, "bytes_staged")).isEqualTo(load.bytes.get());
            assertThat(fallBacks(status)).isZero();
            assertThat(fixture.media.peerBytes.sum()).isEqualTo(load.transferBytes.get());
            assertThat(fixture.media.systemBytes.sum()).isEqualTo(load.compareBytes());
            assertThat(fixture.lentBytes()).isZero();
            Map<String, String> own = StagingFixture.lines(fixture.staging.status(namespace));
            assertThat(own).containsEntry("bytes_staged", status.get("bytes_staged"));
            assertThat(own.get("reason")).contains("self-check passed");
        }
    }

    @Test
    void switchesAHundredTimesUnderLoad() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(2, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 24, 2, 64, 32).start();
            for (int i = 0; i < 100 && load.errors.isEmpty(); i++) {
                load.await(40);
                boolean on = i % 2 == 0;
                fixture.port.allowedPeerMemory(on ? PeerMemory.AUTO : PeerMemory.OFF);
                assertThat(fixture.status().get("provider"))
                        .isEqualTo(on ? fixture.ssd.address().toString() : "none");
            }
            load.stop();

            assertThat(load.errors).isEmpty();
            Map<String, String> status = fixture.status();
            assertThat(number(status, "commands_staged"))
                    .as("some staged, some not: " + status)
                    .isBetween(200L, load.commands.get() - 200);
            // Every byte that a medium moved was in the memory that the counters say.
            assertThat(fixture.media.peerBytes.sum() + fixture.media.systemBytes.sum())
                    .isEqualTo(load.bytes.get());
            assertThat(number(status, "bytes_staged"))
                    .isBetween(
                            fixture.media.peerBytes.sum(),
                            fixture.media.peerBytes.sum() + load.compareBytes());
            assertThat(fallBacks(status)).isZero();
            assertThat(fixture.lentBytes()).isZero();
            while (fixture.mappedBytes() > 0) {
                Thread.onSpinWait(); // it is given back by a thread of its own
            }
        }
    }

    @Test
    void changesWhereCommandsGoButNotThoseInFlight() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 64 * MEBI));
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 4, 1, 64, 8).start();
            load.await(50);
            fixture.port.allowedPeerMemory(PeerMemory.of(fixture.ssd.address().toString()));
            load.await(50);
            fixture.port.strictPeerMemory(true);
            load.await(50);
            fixture.port.strictPeerMemory(false);
            load.await(50);
            load.stop();
            assertThat(load.errors).isEmpty();
            assertThat(fixture.port.allowedPeerMemory().toString())
                    .isEqualTo(fixture.ssd.address().toString());
            assertThat(number(fixture.status(), "commands_staged")).isGreaterThan(100);
        }
    }

    @Test
    void refusesANamespaceThatTheMemoryInUseDoesNotServe() {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            Namespace memory = fixture.namespace(2, "mem:16M");
            refused(Errno.EINVAL, "no file or block device", memory::enable);
            assertThat(memory.enabled()).isFalse();

            Subsystem other = fixture.target.createSubsystem("nqn.2025-01.org.jnvmet:other");
            Namespace buffered = other.createNamespace(1);
            buffered.devicePath(fixture.file("buffered", 16 * MEBI));
            buffered.bufferedIo(true);
            buffered.enable();
            refused(Errno.EINVAL, "page cache", () -> fixture.port.link(other));
            assertThat(fixture.port.subsystems()).containsExactly(fixture.subsystem);

            buffered.disable();
            fixture.port.link(other);
            refused(Errno.EINVAL, "page cache", buffered::enable);
            fixture.port.allowedPeerMemory(PeerMemory.OFF);
            buffered.enable();
            memory.enable();
            // Not in use, so nobody is refused; but nothing serves them all.
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            assertThat(fixture.status()).containsEntry("provider", "none");
            memory.disable();
            buffered.disable();
            assertThat(fixture.status())
                    .as("what stood in the way is gone")
                    .containsEntry("provider", fixture.ssd.address().toString());
        }
    }

    @Test
    void doesWithoutWhereThereIsNoneUnlessItIsStrict() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.ssd.published(false);
            fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.strictPeerMemory(true);
            refused(
                    Errno.EINVAL,
                    "no function has published peer memory",
                    () -> fixture.port.link(fixture.subsystem));
            assertThat(fixture.port.enabled()).isFalse();

            fixture.port.strictPeerMemory(false);
            fixture.port.link(fixture.subsystem);
            refused(Errno.EINVAL, "p2pmem_strict", () -> fixture.port.strictPeerMemory(true));
            assertThat(fixture.port.strictPeerMemory()).isFalse();
            HostController host = fixture.connect(1, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 2, 1, 64, 8).start();
            load.await(50);
            load.stop();
            assertThat(load.errors).isEmpty();
            Map<String, String> status = fixture.status();
            assertThat(number(status, "commands_staged")).isZero();
            assertThat(number(status, "fallback_unreachable")).isEqualTo(load.commands.get());
            assertThat(number(status, "bytes_fallback")).isEqualTo(load.bytes.get());
            assertThat(status.get("reason")).contains("no function has published peer memory");
        }
    }

    @Test
    void refusesWhatIsOnlyReachedThroughTheRootComplex() {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.ssd.acs(Acs.REQUEST_REDIRECT);
            fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.link(fixture.subsystem);
            assertThat(fixture.status()).containsEntry("provider", "none");
            Explanation explanation =
                    fixture.staging.explain(fixture.port, fixture.subsystem).getFirst();
            assertThat(explanation.setting()).isEqualTo("allow_p2pmem=1");
            assertThat(explanation.choice().candidates()).hasSize(1);
            assertThat(explanation.choice().candidates().getFirst().paths())
                    .as("one way for each client")
                    .hasSize(2)
                    .anySatisfy(path -> assertThat(path.redirects()).isNotEmpty());
            assertThat(explanation.outcome())
                    .contains("system memory")
                    .contains(fixture.ssd.address() + " RR");
        }
    }

    @Test
    void decidesForAnyAddressWhenTheFirstHostComes() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            Port any = fixture.port(2, "0.0.0.0");
            any.allowedPeerMemory(PeerMemory.AUTO);
            any.link(fixture.subsystem);
            assertThat(fixture.staging.status(any))
                    .contains("provider none")
                    .contains("no host has come yet");
            HostController host = fixture.connect(any, 1, 32);
            VerifyingLoad load = new VerifyingLoad(host.namespace(1), 4, 1, 64, 8).start();
            load.await(50);
            load.stop();
            assertThat(load.errors).isEmpty();
            Map<String, String> status = StagingFixture.lines(fixture.staging.status(any));
            assertThat(number(status, "commands_staged")).isEqualTo(load.commands.get());
            assertThat(status.get("reason")).startsWith("interface lo: ");
        }
    }

    @Test
    void hasCommandsOfAStrictPortWaitUntilItIsDecided() throws InterruptedException {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            Port any = fixture.port(2, "0.0.0.0");
            any.allowedPeerMemory(PeerMemory.AUTO);
            any.strictPeerMemory(true);
            any.link(fixture.subsystem);
            for (int i = 0; i < 5; i++) {
                HostController host = fixture.connect(any, 2, 32);
                VerifyingLoad load =
                        new VerifyingLoad(host.namespace(1), 8 * i, 8, 2, 64, 8).start();
                load.await(50);
                load.stop();
                assertThat(load.errors).isEmpty();
                fixture.disconnect();
            }
            assertThat(fixture.media.systemCommands.sum())
                    .as("only what Compare reads beside its data")
                    .isEqualTo(fixture.media.compares.sum());
        }
    }

    @Test
    void neverStagesDataInCapsulesNorAdminData() {
        try (StagingFixture fixture = new StagingFixture(directory, 8 * MEBI)) {
            fixture.enabled(1, fixture.file("disk", 16 * MEBI));
            fixture.port.inlineDataBytes(16 << 10);
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.strictPeerMemory(true);
            fixture.port.link(fixture.subsystem);
            HostController host = fixture.connect(1, 32);
            byte[] inCapsule = new byte[16 << 10];
            byte[] solicited = new byte[20 << 10];
            host.namespace(1).write(0, inCapsule).orThrow();
            assertThat(fixture.media.systemBytes.sum()).isEqualTo(inCapsule.length);
            assertThat(fixture.media.peerBytes.sum()).isZero();
            host.namespace(1).write(0, solicited).orThrow();
            host.namespace(1).compare(0, solicited).orThrow();
            host.identify(1, 0).orThrow();
            assertThat(fixture.media.peerBytes.sum()).isEqualTo(solicited.length);
            Map<String, String> status = fixture.status();
            assertThat(number(status, "bytes_staged")).isEqualTo(2L * solicited.length);
            assertThat(number(status, "commands_staged")).isEqualTo(2);
            assertThat(fallBacks(status)).isZero();
        }
    }
}
