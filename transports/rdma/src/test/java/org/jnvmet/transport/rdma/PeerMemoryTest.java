package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.DeviceMemory;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.software.Faults.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory of other devices, which an RDMA device registers or does not. */
class PeerMemoryTest {
    private static final String ADDRESS = RdmaFixture.ADDRESS.getHostAddress();
    private static final Device.Limits SOFTWARE =
            new Device.Limits(1024, 30, 30, 65_536, 1L << 40, 16, 16, 1024, false, true);

    private static final long BYTES = 1 << 20;

    @TempDir Path directory;

    /** A file that is mapped stands in for a dma-buf. */
    private DeviceMemory memory(RandomAccessFile file) throws IOException {
        file.setLength(BYTES);
        long address =
                file.getChannel()
                        .map(FileChannel.MapMode.READ_WRITE, 0, BYTES, Arena.ofAuto())
                        .address();
        return new DeviceMemory("the memory of 0000:03:00.0", address, BYTES, descriptor());
    }

    private RandomAccessFile open() throws IOException {
        return new RandomAccessFile(directory.resolve("memory").toFile(), "rw");
    }

    /** Number of the descriptor that {@link #open} has open. */
    private int descriptor() throws IOException {
        Path wanted = directory.resolve("memory").toRealPath();
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(each -> target(each).equals(wanted))
                    .mapToInt(each -> Integer.parseInt(each.getFileName().toString()))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException e) {
            return Path.of("/"); // closed meanwhile
        }
    }

    @Test
    void isReachedUntilItGoes() throws IOException {
        try (RdmaFixture target = new RdmaFixture();
                RandomAccessFile file = open();
                RawHost admin = target.admin()) {
            DeviceMemory memory = memory(file);
            int regions = target.fabric.resources().regions();

            target.transport.reach(ADDRESS, memory);
            target.transport.reach(ADDRESS, memory);

            assertThat(target.fabric.resources().regions()).isEqualTo(regions + 1);
            assertThat(isKnown(target, memory.address(), 1 << 20)).isTrue();
            assertThat(isKnown(target, memory.address() + 1, 1 << 20)).isFalse();

            target.transport.unreach(memory);
            target.transport.unreach(memory);

            assertThat(target.fabric.resources().regions()).isEqualTo(regions);
            assertThat(isKnown(target, memory.address(), 4096)).isFalse();
            admin.expectStillOpen();
        }
    }

    private static boolean isKnown(RdmaFixture target, long address, int bytes) {
        return target.onControl(() ->
                target.transport.cm().devices().getFirst().regionOf(target.loop(), address, bytes)
                        != null);
    }

    /** Before the first connection there is nothing on the device yet, and it may never come. */
    @Test
    void isReachedBeforeAnybodyConnects() throws IOException {
        try (RdmaFixture target = new RdmaFixture();
                RandomAccessFile file = open()) {
            target.transport.reach(ADDRESS, memory(file));
            assertThat(target.fabric.resources().regions()).isEqualTo(1);
        }
    }

    @Test
    void isReachedAgainWhenTheDeviceComesBack() throws IOException {
        try (RdmaFixture target = new RdmaFixture();
                RandomAccessFile file = open()) {
            DeviceMemory memory = memory(file);
            target.transport.reach(ADDRESS, memory);
            target.fabric.removeDevice(RdmaFixture.DEVICE);
            RdmaFixture.eventually(() -> target.fabric.resources().domains() == 0);

            target.fabric.addDevice(RdmaFixture.DEVICE, RdmaFixture.ADDRESS);
            RdmaFixture.eventually(
                    () -> target.logged(Level.INFO).stream().anyMatch(l -> l.endsWith("again")));

            try (RawHost admin = target.admin()) {
                admin.expectStillOpen();
                assertThat(isKnown(target, memory.address(), 4096)).isTrue();
            }
        }
    }

    @Test
    void saysWhyItIsNotRegistrable() throws IOException {
        try (RdmaFixture target = new RdmaFixture();
                RandomAccessFile file = open()) {
            target.fabric.addDevice("rxe0", SOFTWARE, true, InetAddress.ofLiteral("192.0.2.7"));
            Device.Limits hardware =
                    new Device.Limits(1024, 30, 30, 65_536, 1L << 40, 16, 16, 1024, false, false);
            target.fabric.addDevice("old0", hardware, false, InetAddress.ofLiteral("192.0.2.8"));
            DeviceMemory memory = memory(file);
            DeviceMemory noBuffer = new DeviceMemory("sysfs memory", 0x1000, 4096, -1);
            refuses(target, ADDRESS, noBuffer, Errno.EOPNOTSUPP, "no dma-buf");
            refuses(target, "192.0.2.7", memory, Errno.EOPNOTSUPP, "software");
            refuses(target, "192.0.2.8", memory, Errno.EOPNOTSUPP, "old0");
            refuses(target, "0.0.0.0", memory, Errno.EOPNOTSUPP, "no RDMA device");
            refuses(target, "198.51.100.9", memory, Errno.EADDRNOTAVAIL, "198.51.100.9");
            target.fabric.faults().failCall(Step.REGISTER, 0, Errno.ENOMEM.number());
            refuses(target, ADDRESS, memory, Errno.ENOMEM, "0000:03:00.0");
        }
    }

    private static void refuses(
            RdmaFixture target, String address, DeviceMemory memory, Errno errno, String why) {
        assertThatThrownBy(() -> target.transport.reach(address, memory))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageStartingWith("not registrable: ")
                .hasMessageContaining(why);
    }
}
