package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Block devices are loop devices over files. */
@Tag("root")
class BlockDeviceBackendTest {
    private static final Path LOSETUP = Path.of("/usr/sbin/losetup");

    /** The suite over a loop device with a block size of its own. */
    abstract static class LoopDevice extends PersistentBackendConformance {
        private final IoWorkers workers = new IoWorkers(8);
        private final boolean buffered;
        private final int blockBytes;
        private Path file = Path.of("");
        private String device = "";

        LoopDevice(boolean buffered, int blockBytes) {
            this.buffered = buffered;
            this.blockBytes = blockBytes;
        }

        @Override
        protected Backend create() throws Exception {
            Need.that(
                    Need.isRoot() && Files.exists(LOSETUP) && Files.exists(Path.of("/dev/loop0")),
                    "loop devices, and root to set one up");
            Files.createDirectories(Path.of("target"));
            file = Files.createTempFile(Path.of("target"), "disk", ".img");
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(BYTES);
            }
            device =
                    run("losetup", "--find", "--show", "-b", "" + blockBytes, file.toString())
                            .strip();
            return reopen();
        }

        @Override
        protected Backend reopen() {
            return new Backends(workers).open(device, buffered);
        }

        @Override
        protected void destroy() throws Exception {
            workers.close();
            if (!device.isEmpty()) {
                run("losetup", "--detach", device);
                Files.delete(file);
            }
        }

        @Test
        void hasTheBlocksOfTheDevice() {
            assertThat(1 << backend().blockShift()).isEqualTo(blockBytes);
        }

        @Test
        void refusesADeviceThatSomebodyHolds() {
            int holder = Libc.open(device, Libc.O_RDWR | Libc.O_EXCL);
            assertThat(holder).isNotNegative();
            try {
                assertThatExceptionOfType(ConfigException.class)
                        .isThrownBy(this::reopen)
                        .withMessageContaining(device)
                        .withMessageContaining("in use")
                        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
            } finally {
                Libc.close(holder);
            }
        }

        @Test
        void twoNamespacesMayShareADevice() throws Exception {
            byte[] pattern = pattern(1 << 16);
            write(0, pattern);
            succeeds(MediumOperation.flush());
            try (Backend second = reopen()) {
                MediumOperation read = MediumOperation.read(0, pattern.length);
                assertThat(read.run(second)).isEqualTo(Status.SUCCESS);
                assertThat(read.bytes()).isEqualTo(pattern);
            }
        }

        @Test
        void seesThatTheDeviceGrew() throws Exception {
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(2 * BYTES);
            }
            assertThat(backend().revalidate()).isFalse();
            run("losetup", "--set-capacity", device);
            assertThat(backend().revalidate()).isTrue();
            assertThat(backend().blocks()).isEqualTo(2 * BYTES / blockBytes);
            write(2 * BYTES - blockBytes, pattern(blockBytes));
        }
    }

    @Nested
    class Direct512 extends LoopDevice {
        Direct512() {
            super(false, 512);
        }
    }

    @Nested
    class Direct4096 extends LoopDevice {
        Direct4096() {
            super(false, 4096);
        }
    }

    @Nested
    class Buffered512 extends LoopDevice {
        Buffered512() {
            super(true, 512);
        }
    }

    /** A full file system below the device is how a disk here can be made to lose what it accepted. */
    @Test
    void flushThatFailedOnceFailsForGood() throws Exception {
        Need.that(
                Need.isRoot() && Files.exists(LOSETUP) && Files.exists(Path.of("/dev/loop0")),
                "loop devices and mounts, and root to set them up");
        Path folder = Files.createTempDirectory("full");
        run("mount", "-t", "tmpfs", "-o", "size=1m", "full", folder.toString());
        String device = "";
        try (IoWorkers workers = new IoWorkers(4)) {
            Path file = folder.resolve("disk.img");
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(16 << 20);
            }
            device = run("losetup", "--find", "--show", file.toString()).strip();
            Backend backend = new Backends(workers).open(device, true);
            try {
                byte[] tooMuch = new byte[4 << 20];
                tooMuch[0] = 1;
                assertThat(MediumOperation.write(0, tooMuch, false).run(backend))
                        .as("the page cache takes it")
                        .isEqualTo(Status.SUCCESS);
                for (int i = 0; i < 3; i++) {
                    assertThat(MediumOperation.flush().run(backend))
                            .as("flush %d", i)
                            .isEqualTo(Status.WRITE_FAULT);
                }
                assertThat(MediumOperation.write(0, new byte[512], true).run(backend))
                        .isEqualTo(Status.WRITE_FAULT);
            } finally {
                assertThatIOException()
                        .isThrownBy(backend::close)
                        .withMessage("flush before close: EIO");
            }
        } finally {
            if (!device.isEmpty()) {
                run("losetup", "--detach", device);
            }
            run("umount", folder.toString());
            Files.delete(folder);
        }
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(String.join(" ", command) + ": " + output).isZero();
        return output;
    }
}
