package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackendsTest {
    private final IoWorkers workers = new IoWorkers(2);
    private final Backends backends = new Backends(workers);
    @TempDir private Path folder;

    @AfterEach
    void close() {
        workers.close();
    }

    @ParameterizedTest
    @CsvSource({
        "mem:4k, 4096, 12",
        "mem:4096, 4096, 12",
        "mem:1M, 1048576, 12",
        "'mem:512k,bs=512', 524288, 9",
        "null:3g, 3221225472, 12",
        "null:16t, 17592186044416, 12",
        "'null:4608,bs=512', 4608, 9"
    })
    void opensVolatileMediaOfTheSizeAsked(String path, long bytes, int shift) throws Exception {
        try (Backend backend = backends.open(path, false)) {
            assertThat(backend.blockShift()).isEqualTo(shift);
            assertThat(backend.blocks() << shift).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mem:",
        "mem:1x",
        "mem:-1m",
        "mem: 1m",
        "mem:0",
        "mem:4095",
        "mem:4608",
        "mem:17t",
        "mem:99999999999999t",
        "mem:999999999999999999999",
        "'mem:1m,bs=8192'",
        "'mem:1m,bs=512,bs=512'",
        "null:1k",
        "null:many"
    })
    void refusesVolatileMediaThatMakeNoSense(String path) {
        refuses(path, false, Errno.EINVAL, path);
    }

    @Test
    void refusesWhatIsNotThere() {
        refuses(folder + "/none", false, Errno.ENOENT, "there is no such file");
        refuses("", false, Errno.ENOENT, "device_path");
        refuses("(null)", true, Errno.ENOENT, "(null)");
    }

    @Test
    void refusesWhatIsNoMedium() throws Exception {
        refuses(folder.toString(), false, Errno.EISDIR, "is a directory");
        refuses("/dev/zero", true, Errno.ENOTBLK, "is a character device");
        Path file = Files.createFile(folder.resolve("file"));
        refuses(file + "/below", true, Errno.ENOTDIR, "not a directory");
        Path loop = Files.createSymbolicLink(folder.resolve("loop"), folder.resolve("loop"));
        refuses(loop.toString(), true, Errno.ELOOP, "symbolic links");
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        refuses(pipe.toString(), true, Errno.EINVAL, "is a named pipe");
    }

    @Test
    void suggestsBufferedIoWhereThereIsNoDirectIo() {
        refuses("/proc/self/oom_score_adj", false, Errno.EINVAL, "set buffered_io to 1");
    }

    @Test
    void refusesAFileThatItMayNotWrite() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        if (!Need.isRoot()) { // whom permissions do not stop
            assertThat(file.toFile().setWritable(false)).isTrue();
            refuses(file.toString(), true, Errno.EACCES, "no permission");
            return;
        }
        run("mount", "--bind", "-o", "ro", folder.toString(), folder.toString());
        try {
            refuses(file.toString(), true, Errno.EROFS, "read-only");
        } finally {
            run("umount", folder.toString());
        }
    }

    @Test
    void servesAnEmptyFileUntilItGrows() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        try (Backend backend = backends.open(file.toString(), true)) {
            assertThat(backend.blocks()).isZero();
            Files.write(file, new byte[8192]);
            assertThat(backend.revalidate()).isTrue();
            assertThat(backend.blocks() << backend.blockShift()).isEqualTo(8192);
        }
    }

    @Test
    void nullMediumForgetsWhatIsWritten() throws Exception {
        try (Backend backend = backends.open("null:1g", false)) {
            byte[] ones = new byte[1 << 20];
            Arrays.fill(ones, (byte) 1);
            assertThat(MediumOperation.write(0, ones, true).run(backend)).isEqualTo(Status.SUCCESS);
            MediumOperation read = MediumOperation.read(0, ones.length);
            assertThat(read.run(backend)).isEqualTo(Status.SUCCESS);
            assertThat(read.bytes()).containsOnly(0);
            assertThat(MediumOperation.flush().run(backend)).isEqualTo(Status.SUCCESS);
        }
    }

    @Test
    @Tag("root")
    void fullFileSystemIsCapacityExceeded() throws Exception {
        Need.that(Need.isRoot(), "root, to mount a small file system");
        run("mount", "-t", "tmpfs", "-o", "size=1m", "full", folder.toString());
        try {
            Path file = folder.resolve("disk.img");
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(16 << 20);
            }
            try (Backend backend = backends.open(file.toString(), true)) {
                byte[] tooMuch = new byte[4 << 20];
                assertThat(MediumOperation.write(0, tooMuch, false).run(backend))
                        .isEqualTo(Status.CAPACITY_EXCEEDED);
                assertThat(MediumOperation.writeZeroes(0, 8 << 20, false, false).run(backend))
                        .as("tmpfs cannot zero a range, so zeroes are written")
                        .isEqualTo(Status.CAPACITY_EXCEEDED);
                assertThat(MediumOperation.deallocate(0, 16 << 20).run(backend))
                        .isEqualTo(Status.SUCCESS);
                assertThat(MediumOperation.write(0, new byte[4096], true).run(backend))
                        .as("there is room again")
                        .isEqualTo(Status.SUCCESS);
            }
        } finally {
            run("umount", folder.toString());
        }
    }

    private void refuses(String path, boolean buffered, Errno errno, String words) {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> backends.open(path, buffered))
                .withMessageContaining(words)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                .as(String.join(" ", command))
                .isZero();
    }
}
