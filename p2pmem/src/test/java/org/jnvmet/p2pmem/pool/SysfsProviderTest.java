package org.jnvmet.p2pmem.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.DataBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Providers on an emulated tree: plain files, really mapped. */
class SysfsProviderTest {
    private static final int KIB = 1024;
    private static final PciAddress ADDRESS = new PciAddress(0, 3, 0, 0);

    @TempDir Path sysfs;

    private Path group;
    private SysfsProvider provider;

    @BeforeEach
    void make() throws IOException {
        group = Files.createDirectories(sysfs.resolve("bus/pci/devices/0000:03:00.0/p2pmem"));
        write("size", "1048576\n");
        write("available", "1048576\n");
        write("published", "1\n");
        Files.write(group.resolve("allocate"), new byte[1024 * KIB]);
        provider = new SysfsProvider(sysfs, ADDRESS);
    }

    @Test
    void saysWhatTheFilesSayNow() throws IOException {
        assertThat(provider.bytes()).isEqualTo(1024 * KIB);
        assertThat(provider.availableBytes()).isEqualTo(1024 * KIB);
        assertThat(provider.published()).isTrue();
        write("available", "4096\n");
        write("published", "0\n");
        assertThat(provider.availableBytes()).isEqualTo(4096);
        assertThat(provider.published()).isFalse();
        Files.delete(group.resolve("published"));
        Files.delete(group.resolve("size"));
        assertThat(provider.published()).isFalse();
        assertThat(provider.bytes()).isZero();
        assertThat(provider).hasToString("sysfs 0000:03:00.0");
    }

    @Test
    void whatIsWrittenToTheMappingIsInTheFileAndBack() throws IOException {
        try (Mapping mapping = provider.map(1024 * KIB);
                FileChannel file =
                        FileChannel.open(
                                group.resolve("allocate"),
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE)) {
            assertThat(mapping.address() % 4096).isZero();
            assertThat(mapping.segment().byteSize()).isEqualTo(1024 * KIB);
            mapping.store().writeLong(8192, 0x0123456789abcdefL);
            ByteBuffer read = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            assertThat(file.read(read, 8192)).isEqualTo(8);
            assertThat(read.getLong(0)).isEqualTo(0x0123456789abcdefL);
            assertThat(file.write(ByteBuffer.wrap(new byte[] {42}), 1024 * KIB - 1)).isOne();
            assertThat(mapping.store().readByte(1024 * KIB - 1)).isEqualTo((byte) 42);
            assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 1024 * KIB - 1))
                    .isEqualTo((byte) 42);
        }
    }

    @Test
    void aFileIsMappedOnceByTheWholeProcess() throws IOException {
        SysfsProvider other = new SysfsProvider(sysfs.resolve("bus/.."), ADDRESS);
        Mapping mapping = provider.map(512 * KIB);
        assertThat(other.availableBytes()).isEqualTo(512 * KIB);
        assertThatThrownBy(() -> other.map(512 * KIB))
                .isInstanceOfSatisfying(
                        PeerMemoryException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM))
                .hasMessageEndingWith("allocate is a plain file and mapped already: ENOMEM");
        mapping.close();
        mapping.close();
        assertThat(other.availableBytes()).isEqualTo(1024 * KIB);
        other.map(1024 * KIB).close();
    }

    @Test
    void accessAfterTheEndFailsInsteadOfReadingWhatLiesThereThen() throws IOException {
        Mapping mapping = provider.map(1024 * KIB);
        mapping.close();
        assertThatThrownBy(() -> mapping.segment().get(ValueLayout.JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> mapping.store().readByte(0)).isInstanceOf(Exception.class);
    }

    @Test
    void refusesWithTheErrnoOfWhatIsMissing() throws IOException {
        assertThatThrownBy(() -> provider.map(2048 * KIB))
                .isInstanceOf(PeerMemoryException.class)
                .hasMessageEndingWith("allocate has 1048576 bytes, not 2097152: ENOMEM");
        Path allocate = group.resolve("allocate");
        Files.delete(allocate);
        assertThatThrownBy(() -> provider.map(4096))
                .isInstanceOf(PeerMemoryException.class)
                .hasMessageContaining("is not there")
                .hasMessageEndingWith("ENODEV");
        Files.createDirectory(allocate);
        assertThatThrownBy(() -> provider.map(4096))
                .isInstanceOf(PeerMemoryException.class)
                .hasMessage("open of " + allocate + ": EISDIR");
        assertThat(provider.availableBytes()).isEqualTo(1024 * KIB);
    }

    /** A file of the kernel's own tree, which has no memory: refused by the kernel, not for its size. */
    @Test
    void asksTheKernelWhereTheTreeIsItsOwn() throws IOException {
        Path allocate = group.resolve("allocate");
        Files.delete(allocate);
        Files.createSymbolicLink(allocate, Path.of("/sys/module/kernel/parameters/panic"));
        Errno expected = Files.isWritable(allocate) ? Errno.ENODEV : Errno.EACCES;
        assertThatThrownBy(() -> provider.map(1024 * KIB))
                .isInstanceOfSatisfying(
                        PeerMemoryException.class, e -> assertThat(e.errno()).isEqualTo(expected));
        Files.delete(allocate);
    }

    @Test
    void aPoolOnAFileLendsWhatTheFileShows() throws IOException {
        try (PeerPool pool = new PeerPool(provider)) {
            pool.retain();
            assertThat(provider.availableBytes()).isZero();
            DataBuffer buffer = Objects.requireNonNull(pool.tryAcquire(4096));
            buffer.memory().set(ValueLayout.JAVA_BYTE, buffer.offset() + 17, (byte) 99);
            byte[] file = Files.readAllBytes(group.resolve("allocate"));
            assertThat(file[(int) buffer.offset() + 17]).isEqualTo((byte) 99);
            buffer.release();
            pool.release();
            while (provider.availableBytes() == 0) { // the time limit of the test is the bound
                Thread.onSpinWait();
            }
        }
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(group.resolve(name), text);
    }
}
