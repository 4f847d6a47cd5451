package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

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
