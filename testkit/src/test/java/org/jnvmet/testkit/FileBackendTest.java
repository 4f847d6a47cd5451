package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileBackendTest {
    /** The suite over a file of the file system that holds this module. */
    abstract static class FileMedium extends PersistentBackendConformance {
        private final IoWorkers workers = new IoWorkers(8);
        private final boolean buffered;
        private Path file = Path.of("");

        FileMedium(boolean buffered) {
            this.buffered = buffered;
        }

        @Override
        protected Backend create() throws Exception {
            Files.createDirectories(Path.of("target"));
            file = Files.createTempFile(Path.of("target"), "medium", ".img");
            // And a few bytes that are no whole block.
            resize(BYTES + 100);
            return reopen();
        }

        @Override
        protected Backend reopen() {
            return new Backends(workers).open(file.toString(), buffered);
        }

        @Override
        protected void destroy() throws Exception {
            workers.close();
            Files.delete(file);
        }

        void resize(long bytes) throws Exception {
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(bytes);
            }
        }

        @Test
        void seesThatTheFileGrew() throws Exception {
            int block = 1 << backend().blockShift();
            resize(2 * BYTES);
            assertThat(backend().revalidate()).isTrue();
            assertThat(backend().blocks()).isEqualTo(2 * BYTES / block);
            byte[] pattern = pattern(block);
            write(2 * BYTES - block, pattern);
            assertThat(read(2 * BYTES - block, block)).isEqualTo(pattern);
        }

        @Test
        void readBehindTheEndOfAFileThatShrankIsAnErrorAndNotZeroes() throws Exception {
            int block = 1 << backend().blockShift();
            resize(BYTES / 2 + 100);
            assertThat(MediumOperation.read(BYTES / 2 - block, 2 * block).run(backend()))
                    .isEqualTo(Status.UNRECOVERED_READ_ERROR);
            assertThat(MediumOperation.read(BYTES - block, block).run(backend()))
                    .isEqualTo(Status.UNRECOVERED_READ_ERROR);
            assertThat(MediumOperation.read(BYTES / 2 - block, block).run(backend()))
                    .isEqualTo(Status.SUCCESS);
            assertThat(backend().revalidate()).isTrue();
            assertThat(backend().blocks()).isEqualTo(BYTES / 2 / block);
        }
    }

    /** Media that copy by themselves, and those that leave it to others; in either case no wrong byte. */
    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void copiesByItselfOrSaysThatItCannot(boolean fromBuffered, boolean toBuffered)
            throws Exception {
        int size = 4 << 20;
        try (IoWorkers workers = new IoWorkers(2);
                Backend from = open(workers, "from", size, fromBuffered);
                Backend to = open(workers, "to", size, toBuffered)) {
            byte[] data = new byte[size];
            new Random(7).nextBytes(data);
            assertThat(MediumOperation.write(0, data, false).run(from)).isEqualTo(Status.SUCCESS);
            byte[] old = new byte[size];
            Arrays.fill(old, (byte) 9);
            assertThat(MediumOperation.write(0, old, false).run(to)).isEqualTo(Status.SUCCESS);
            int block = 1 << to.blockShift();

            assertThat(to.copies(from)).isTrue();
            Status status = MediumOperation.copy(from, block, 3L * block, size / 2).run(to);

            MediumOperation read = MediumOperation.read(0, size);
            assertThat(read.run(to)).isEqualTo(Status.SUCCESS);
            if (status == Status.SUCCESS) {
                System.arraycopy(data, block, old, 3 * block, size / 2);
            } else {
                assertThat(status).isEqualTo(Status.FAST_COPY_NOT_POSSIBLE);
                assertThat(to.copies(from)).as("tried once only").isFalse();
            }
            assertThat(read.bytes()).isEqualTo(old);
            if (fromBuffered && toBuffered) {
                assertThat(status).as("the kernel copies between files").isEqualTo(Status.SUCCESS);
                assertThat(MediumOperation.copy(to, 0, size / 2, 4L * block).run(to))
                        .as("within a file")
                        .isEqualTo(Status.SUCCESS);
                System.arraycopy(old, 0, old, size / 2, 4 * block);
                MediumOperation again = MediumOperation.read(0, size);
                assertThat(again.run(to)).isEqualTo(Status.SUCCESS);
                assertThat(again.bytes()).isEqualTo(old);
            }
        }
    }

    /** What one medium could not do by itself is no error: reading and writing will say what is wrong. */
    @Test
    void leavesACopyBehindTheEndOfItsSourceToOthers() throws Exception {
        try (IoWorkers workers = new IoWorkers(2);
                Backend from = open(workers, "short", 1 << 20, true);
                Backend to = open(workers, "long", 2 << 20, true)) {
            assertThat(MediumOperation.copy(from, 1 << 19, 0, 1 << 20).run(to))
                    .isEqualTo(Status.FAST_COPY_NOT_POSSIBLE);
            assertThat(to.copies(from)).isTrue();
        }
    }

    private static Backend open(IoWorkers workers, String name, long bytes, boolean buffered)
            throws Exception {
        Files.createDirectories(Path.of("target"));
        Path file = Files.createTempFile(Path.of("target"), name, ".img");
        file.toFile().deleteOnExit();
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength(bytes);
        }
        return Objects.requireNonNull(new Backends(workers).open(file.toString(), buffered));
    }

    @Nested
    class Buffered extends FileMedium {
        Buffered() {
            super(true);
        }
    }

    @Nested
    class Direct extends FileMedium {
        Direct() {
            super(false);
        }
    }
}
