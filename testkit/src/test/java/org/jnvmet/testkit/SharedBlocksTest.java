package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Copies of files of a file system that shares blocks: XFS in a file. */
@Tag("root")
class SharedBlocksTest {
    private static final Path MKFS = Path.of("/usr/sbin/mkfs.xfs");
    private static final long FILE_SYSTEM_BYTES = 512L << 20;
    private static final int BYTES = 16 << 20;

    private final IoWorkers workers = new IoWorkers(4);
    private Path image = Path.of("");
    private Path folder = Path.of("");
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        Need.that(
                Need.isRoot() && Files.exists(MKFS) && Files.exists(Path.of("/dev/loop0")),
                "mkfs.xfs, loop devices, and root to mount one");
        Files.createDirectories(Path.of("target"));
        image = Files.createTempFile(Path.of("target"), "xfs", ".img");
        folder = Files.createTempDirectory(Path.of("target"), "xfs");
        try (RandomAccessFile open = new RandomAccessFile(image.toFile(), "rw")) {
            open.setLength(FILE_SYSTEM_BYTES);
        }
        run(MKFS.toString(), "-q", "-m", "reflink=1", image.toString());
        run("mount", "-o", "loop", image.toString(), folder.toString());
        mounted = true;
    }

    @AfterEach
    void unmount() throws Exception {
        workers.close();
        if (mounted) {
            run("umount", folder.toString());
            Files.delete(folder);
            Files.delete(image);
        }
    }

    private static void run(String... words) throws Exception {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(String.join(" ", words) + ": " + said).isZero();
    }

    private Backend open(String name, boolean buffered) throws Exception {
        Path file = folder.resolve(name);
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength(BYTES);
        }
        return Objects.requireNonNull(new Backends(workers).open(file.toString(), buffered));
    }

    private long free() throws Exception {
        return Files.getFileStore(folder).getUnallocatedSpace();
    }

    /** Whatever of both files the page cache holds: the copy is right, and stays as it is. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void sharesBlocksInsteadOfCopyingThem(boolean fromBuffered, boolean toBuffered)
            throws Exception {
        byte[] data = new byte[BYTES];
        new Random(5).nextBytes(data);
        try (Backend from = open("from", fromBuffered);
                Backend to = open("to", toBuffered)) {
            assertThat(MediumOperation.write(0, data, false).run(from)).isEqualTo(Status.SUCCESS);
            assertThat(MediumOperation.write(0, new byte[BYTES], true).run(to))
                    .isEqualTo(Status.SUCCESS);
            // Into the cache with the old contents, if there is one.
            assertThat(MediumOperation.read(0, BYTES).run(to)).isEqualTo(Status.SUCCESS);
            assertThat(MediumOperation.flush().run(from)).isEqualTo(Status.SUCCESS);
            long before = free();

            assertThat(MediumOperation.copy(from, 0, 0, BYTES).run(to)).isEqualTo(Status.SUCCESS);
            assertThat(MediumOperation.flush().run(to)).isEqualTo(Status.SUCCESS);

            assertThat(to.copies(from)).isTrue();
            assertThat(free()).as("the old blocks were given back").isGreaterThan(before);
            assertThat(MediumOperation.write(0, new byte[8192], false).run(from))
                    .isEqualTo(Status.SUCCESS);
            MediumOperation read = MediumOperation.read(0, BYTES);
            assertThat(read.run(to)).isEqualTo(Status.SUCCESS);
            assertThat(Arrays.equals(read.bytes(), data)).isTrue();
        }
        assertThat(Arrays.equals(Files.readAllBytes(folder.resolve("to")), data))
                .as("what others read of the file")
                .isTrue();
    }
}
