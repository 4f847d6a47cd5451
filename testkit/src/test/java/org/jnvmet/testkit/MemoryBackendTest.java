package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.spi.Backend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class MemoryBackendTest {
    private static final int WRITES = 200_000;

    /** The suite over {@code mem:SIZE}. */
    abstract static class Memory extends BackendConformance {
        private final IoWorkers workers = new IoWorkers(4);
        private final String path;

        Memory(String path) {
            this.path = path;
        }

        @Override
        protected Backend create() {
            return new Backends(workers).open(path, false);
        }

        @Override
        protected void destroy() {
            workers.close();
        }

        /** Memory completes at once, so that one operation can be run again and again. */
        @Test
        void oneBlockIsNeverTorn() throws Exception {
            int block = 1 << backend().blockShift();
            byte[] ones = new byte[block];
            byte[] twos = new byte[block];
            Arrays.fill(ones, (byte) 1);
            Arrays.fill(twos, (byte) 2);
            List<MediumOperation> writers =
                    List.of(
                            MediumOperation.write(block, ones, false),
                            MediumOperation.write(block, twos, false),
                            MediumOperation.deallocate(block, block));
            MediumOperation reader = MediumOperation.read(block, block);
            CountDownLatch writing = new CountDownLatch(writers.size());
            try (ExecutorService threads = Executors.newFixedThreadPool(writers.size())) {
                for (MediumOperation writer : writers) {
                    threads.execute(() -> {
                        for (int i = 0; i < WRITES; i++) {
                            writer.start(backend());
                        }
                        writing.countDown();
                    });
                }
                while (writing.getCount() > 0) {
                    reader.start(backend());
                    long at = reader.dataOffset();
                    byte first = reader.data().get(ValueLayout.JAVA_BYTE, at);
                    byte last = reader.data().get(ValueLayout.JAVA_BYTE, at + block - 1);
                    assertThat(last).as("last byte of a block").isEqualTo(first);
                }
            }
        }
    }

    @Nested
    class Of4096 extends Memory {
        Of4096() {
            super("mem:8m");
        }
    }

    @Nested
    class Of512 extends Memory {
        Of512() {
            super("mem:8192k,bs=512");
        }

        @Test
        void hasTheBlockSizeThatWasAskedFor() {
            assertThat(backend().blockShift()).isEqualTo(9);
        }
    }

    @Test
    void costsOnlyWhatIsUsed() throws Exception {
        try (IoWorkers workers = new IoWorkers(1);
                Backend huge = new Backends(workers).open("mem:16t", false)) {
            long last = (16L << 40) - 4096;
            byte[] mark = {1, 2, 3};
            byte[] block = Arrays.copyOf(mark, 4096);
            assertThat(MediumOperation.write(last, block, false).run(huge).code()).isZero();
            MediumOperation read = MediumOperation.read(last, 4096);
            assertThat(read.run(huge).code()).isZero();
            assertThat(read.bytes()).isEqualTo(block);
            assertThat(MediumOperation.deallocate(0, 16L << 40).run(huge).code()).isZero();
            assertThat(MediumOperation.read(last, 4096).run(huge).code()).isZero();
        }
    }
}
