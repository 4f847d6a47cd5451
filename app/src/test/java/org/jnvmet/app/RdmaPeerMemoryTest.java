package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jnvmet.app.p2p.ExplanationReport;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.rdma.RdmaTransport;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedFunction;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.jnvmet.p2pmem.pool.DmaBufProvider;
import org.jnvmet.target.Target;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.software.SoftwareFabric;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Data that moves by RDMA into memory of a disk below the same switch, from the host's program to the medium: an
 * emulated machine, devices of software that are said to be real, and shared memory in place of a dma-buf, which is
 * mapped alike.
 */
@Timeout(60)
final class RdmaPeerMemoryTest {
    private static final String NQN = "nqn.2025-01.org.jnvmet:staged";
    private static final String PORT = "ports/1";
    private static final int MEBI = 1 << 20;
    private static final int DISK_BYTES = 16 * MEBI;
    private static final int PIECE = 64 << 10;
    private static final Device.Limits PLAIN =
            new Device.Limits(8192, 30, 30, MEBI, 1L << 40, 16, 16, 16384, false, false);

    @TempDir private Path folder;
    private final SplittableRandom random = new SplittableRandom(11);
    private final byte[] expected = new byte[DISK_BYTES];
    private final InetAddress address = InetAddress.getLoopbackAddress();
    private final SoftwareFabric fabric = new SoftwareFabric(11);

    @AfterEach
    void close() {
        fabric.close();
    }

    /** A target, and a host that is connected to it. */
    private final class Machine implements AutoCloseable {
        final EmulatedFunction ssd;
        final PeerStaging staging;
        final Assembly assembly;
        final ConfigTree tree;
        final Host host;
        final HostNamespace disk;

        Machine() throws IOException {
            EmulatedTree sysfs = EmulatedTree.in(folder.resolve("sys")).cpu("GenuineIntel", 6);
            EmulatedBus fabricOfPci =
                    sysfs.hostBridge(0, 0).rootPort().below().upstreamPort().below();
            fabricOfPci
                    .downstreamPort()
                    .below()
                    .endpoint()
                    .nic()
                    .networkInterface("lo")
                    .rdmaDevice("mlx5_0", "lo");
            ssd = fabricOfPci.downstreamPort().below().endpoint().nvme();
            long device = (Long) Files.getAttribute(folder, "unix:dev");
            ssd.blockDevice(
                    "nvme0n1",
                    (int) ((device >>> 8) & 0xfff),
                    (int) ((device & 0xff) | ((device >>> 12) & 0xfff00)));
            String memory = file("dma-buf", 4 * MEBI).toString();
            staging =
                    new PeerStaging(
                            sysfs.root(),
                            random.split(),
                            List.of(DmaBufProvider.open(ssd.address() + "=" + memory)));
            assembly = new Assembly(2, new RdmaOptions().settings(2), fabric::provider, staging);
            tree = assembly.tree();
            configure(file("disk", DISK_BYTES));
            host = new Host(List.of(new RdmaTransport(fabric::provider)), 2);
            disk =
                    host.connect(
                                    ConnectOptions.to(NQN)
                                            .transport("rdma")
                                            .address("127.0.0.1")
                                            .service("4425")
                                            .ioQueues(2)
                                            .reconnectDelayMs(20))
                            .namespace(1);
        }

        private Path file(String name, long bytes) throws IOException {
            Path path = folder.resolve(name);
            try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                file.setLength(bytes);
            }
            return path;
        }

        private void configure(Path medium) {
            String subsystem = "subsystems/" + NQN;
            tree.mkdir(subsystem);
            tree.write(subsystem + "/attr_allow_any_host", "1");
            tree.mkdir(subsystem + "/namespaces/1");
            tree.write(subsystem + "/namespaces/1/device_path", medium.toString());
            tree.write(subsystem + "/namespaces/1/enable", "1");
            tree.mkdir(PORT);
            tree.write(PORT + "/addr_trtype", "rdma");
            tree.write(PORT + "/addr_adrfam", "ipv4");
            tree.write(PORT + "/addr_traddr", "127.0.0.1");
            tree.write(PORT + "/addr_trsvcid", "4425");
            tree.symlink(PORT + "/subsystems/s", subsystem);
        }

        void allow(String setting) {
            tree.write(PORT + "/allow_p2pmem", setting);
        }

        /** Of {@code p2pmem_status}; of several lines the first. */
        String status(String key) {
            return tree.read(PORT + "/p2pmem_status")
                    .lines()
                    .filter(line -> line.startsWith(key + " "))
                    .findFirst()
                    .orElseThrow()
                    .substring(key.length() + 1);
        }

        long number(String key) {
            return Long.parseLong(status(key));
        }

        String explanation() {
            Target target = assembly.target();
            return new ExplanationReport(
                            staging.explain(
                                    target.ports().iterator().next(),
                                    Objects.requireNonNull(target.subsystem(NQN))))
                    .text();
        }

        /** Writes some pieces anywhere and reads others; each of both is a command with data. */
        void exchange(int pieces) {
            byte[] read = new byte[PIECE];
            for (int i = 0; i < pieces; i++) {
                int at = random.nextInt(DISK_BYTES / PIECE) * PIECE;
                byte[] written = new byte[PIECE];
                random.nextBytes(written);
                disk.write(at / disk.blockBytes(), written).orThrow();
                System.arraycopy(written, 0, expected, at, PIECE);
                int from = random.nextInt(DISK_BYTES / PIECE) * PIECE;
                disk.read(from / disk.blockBytes(), read).orThrow();
                assertThat(Arrays.equals(read, 0, PIECE, expected, from, from + PIECE))
                        .as("piece at %d", from)
                        .isTrue();
            }
        }

        void requireMedium() throws IOException {
            assertThat(Arrays.equals(Files.readAllBytes(folder.resolve("disk")), expected))
                    .as("the medium has what was written")
                    .isTrue();
        }

        @Override
        public void close() {
            host.close();
            assembly.close();
        }
    }

    @Test
    void stagesDataInMemoryThatTheDeviceHasRegistered() throws IOException {
        fabric.addDevice("mlx5_0", address);
        try (Machine machine = new Machine()) {
            machine.exchange(8);
            int regions = fabric.resources().regions();
            long staged = 0;
            for (int i = 0; i < 4; i++) {
                machine.allow("1");
                assertThat(machine.status("provider")).isEqualTo(machine.ssd.address().toString());
                assertThat(fabric.resources().regions()).isEqualTo(regions + 1);
                machine.exchange(16);
                staged += 32;
                assertThat(machine.number("commands_staged")).isEqualTo(staged);
                assertThat(machine.number("bytes_staged")).isEqualTo(staged * PIECE);

                machine.allow("0");
                machine.exchange(8);
                assertThat(machine.number("commands_staged")).isEqualTo(staged);
                while (fabric.resources().regions() > regions) {
                    Thread.onSpinWait(); // loops pass, then it is let go of; with a limit on the
                    // test
                }
            }
            assertThat(machine.number("bytes_fallback")).isZero();
            machine.requireMedium();
            machine.allow("1"); // in use when all ends
            machine.exchange(1);
        }
        assertThat(fabric.resources()).isEqualTo(org.jnvmet.verbs.software.Resources.NONE);
    }

    @Test
    void saysWhyADeviceDoesNotTakeTheMemory() throws IOException {
        fabric.addDevice("mlx5_0", PLAIN, false, address);
        try (Machine machine = new Machine()) {
            machine.allow("1");
            machine.exchange(8);
            assertThat(machine.status("provider")).isEqualTo("none");
            assertThat(machine.number("fallback_not_registrable")).isEqualTo(16);
            assertThat(machine.status("reason")).contains("not registrable: ");
            assertThat(machine.explanation())
                    .contains("client    RDMA device mlx5_0 of interface lo at ")
                    .contains("memory    " + machine.ssd.address() + ": not registrable: ")
                    .contains("outcome   data is staged in system memory: ");
            machine.requireMedium();
        }
    }

    @Test
    void goesOnWithADeviceThatCameBack() throws IOException {
        fabric.addDevice("mlx5_0", address);
        try (Machine machine = new Machine()) {
            machine.allow("1");
            machine.exchange(8);
            fabric.removeDevice("mlx5_0");
            fabric.addDevice("mlx5_0", address);
            machine.exchange(8);
            long staged = machine.number("commands_staged");
            machine.exchange(8);
            assertThat(machine.number("commands_staged")).isEqualTo(staged + 16);
            machine.requireMedium();
        }
    }
}
