package org.jnvmet.p2pmem.pool;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;
import org.jnvmet.target.spi.DataBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Descriptors of memory: a real dma-buf where the kernel makes them of ordinary memory (/dev/udmabuf), and
 * memfd_create, which is mapped alike but knows no brackets, everywhere.
 */
class DmaBufProviderTest {
    private static final int KIB = 1024;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033, F_SEAL_SHRINK = 2;
    private static final long UDMABUF_CREATE = 0x40187542L;
    private static final int UDMABUF_FLAGS_CLOEXEC = 1;

    @TempDir Path folder;

    @Test
    void mapsAnInheritedDescriptorAndClosesIt() throws IOException {
        checkMemfd();
    }

    private static void checkMemfd() throws IOException {
        int fd = memfd(256 * KIB);
        DmaBufProvider provider = DmaBufProvider.open("0000:03:00.0=fd:" + fd);
        check(provider, fd);
    }

    /** Where there is no /dev/udmabuf (CONFIG_UDMABUF) this is the test above once more, and it says so. */
    @Test
    void mapsARealDmaBuf(TestReporter reporter) throws IOException {
        int device = Libc.open("/dev/udmabuf", Libc.O_RDWR);
        if (device < 0) {
            reporter.publishEntry("no /dev/udmabuf here: memfd in place of a dma-buf");
            checkMemfd();
            return;
        }
        int fd;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment create = arena.allocate(24, 8);
            create.set(JAVA_INT, 0, memfd(256 * KIB));
            create.set(JAVA_INT, 4, UDMABUF_FLAGS_CLOEXEC);
            create.set(JAVA_LONG, 8, 0);
            create.set(JAVA_LONG, 16, 256 * KIB);
            fd = Libc.ioctl(device, UDMABUF_CREATE, create);
        }
        assertThat(Libc.close(device)).isZero();
        assertThat(fd).isPositive();
        check(DmaBufProvider.open("0000:03:00.0=fd:" + fd), fd);
    }

    private static void check(DmaBufProvider provider, int fd) throws IOException {
        assertThat(provider.address()).isEqualTo(new PciAddress(0, 3, 0, 0));
        assertThat(provider.bytes()).isEqualTo(256 * KIB);
        assertThat(provider.published()).isTrue();
        Mapping mapping = provider.map(256 * KIB);
        assertThat(provider.availableBytes()).isZero();
        assertThatThrownBy(() -> provider.map(4 * KIB))
                .isInstanceOf(PeerMemoryException.class)
                .hasMessageEndingWith("is mapped already: ENOMEM");
        mapping.store().writeLong(0, 42);
        mapping.close();
        assertThatThrownBy(() -> provider.map(260 * KIB))
                .isInstanceOf(PeerMemoryException.class)
                .hasMessageEndingWith("has 262144 bytes: ENOMEM");

        PeerPool pool = new PeerPool(provider, Long.MAX_VALUE, Runnable::run);
        pool.retain();
        DataBuffer buffer = Objects.requireNonNull(pool.tryAcquire(256 * KIB));
        assertThat(buffer.memory().get(ValueLayout.JAVA_LONG, 0)).as("kept").isEqualTo(42);
        provider.close(); // while it is mapped
        assertThat(provider.published()).isFalse();
        assertThat(Libc.seekEnd(fd)).as("open until it is unmapped").isEqualTo(256 * KIB);
        buffer.release();
        pool.release();
        assertThat(Libc.seekEnd(fd)).isEqualTo(-Errno.EBADF.number());
        provider.close();
        assertThatThrownBy(() -> provider.map(4 * KIB))
                .isInstanceOf(PeerMemoryException.class)
                .hasMessageEndingWith("is closed: ENODEV");
    }

    @Test
    void mapsAFileByItsPath() throws IOException {
        Path file = folder.resolve("memory");
        Files.write(file, new byte[8 * KIB + 100]);
        try (DmaBufProvider provider = DmaBufProvider.open("0001:00:1f.7=" + file);
                Mapping mapping = provider.map(provider.bytes())) {
            assertThat(provider.bytes()).as("whole granules").isEqualTo(8 * KIB);
            mapping.store().writeByte(4096, 7);
            assertThat(Files.readAllBytes(file)[4096]).isEqualTo((byte) 7);
            assertThat(provider).hasToString("dma-buf 0001:00:1f.7=" + file);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0000:03:00.0, EINVAL, is not BDF=PATH or BDF=fd:N",
        "0000:03:00.0=, EINVAL, is not BDF=PATH or BDF=fd:N",
        "03:00.0=fd:7, EINVAL, does not begin with the address of a PCI function (0000:03:00.0)",
        "0000:03:00.0=fd:x, EINVAL, does not name a descriptor of 3 or more: fd:x",
        "0000:03:00.0=fd:2, EINVAL, does not name a descriptor of 3 or more: fd:2",
        "0000:03:00.0=fd:99999, EBADF, names no memory",
        "0000:03:00.0=/no/such, ENOENT, cannot be opened",
        "0000:03:00.0=/, EISDIR, cannot be opened",
        "0000:03:00.0=/dev/null, EINVAL, names memory of 0 bytes",
    })
    void saysWhatIsWrongWithAnOption(String option, Errno errno, String why) {
        assertThatThrownBy(() -> DmaBufProvider.open(option))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessage("dma-buf " + option + " " + why + " (" + errno + ")");
    }

    /** A descriptor of fresh memory that cannot shrink, as udmabuf wants it. */
    @SuppressWarnings("restricted")
    private static int memfd(long bytes) {
        Linker linker = Linker.nativeLinker();
        try (Arena arena = Arena.ofConfined()) {
            int fd =
                    (int)
                            linker.downcallHandle(
                                            linker.defaultLookup().findOrThrow("memfd_create"),
                                            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT))
                                    .invokeExact(arena.allocateFrom("test"), MFD_ALLOW_SEALING);
            int truncated =
                    (int)
                            linker.downcallHandle(
                                            linker.defaultLookup().findOrThrow("ftruncate"),
                                            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG))
                                    .invokeExact(fd, bytes);
            int sealed =
                    (int)
                            linker.downcallHandle(
                                            linker.defaultLookup().findOrThrow("fcntl"),
                                            FunctionDescriptor.of(
                                                    JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
                                            Linker.Option.firstVariadicArg(2))
                                    .invokeExact(fd, F_ADD_SEALS, F_SEAL_SHRINK);
            assertThat(truncated).isZero();
            assertThat(sealed).isZero();
            return fd;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
