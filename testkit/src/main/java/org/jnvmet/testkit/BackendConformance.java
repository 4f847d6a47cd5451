package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every medium must do. A subclass says how to make one of {@link #BYTES} that is all zeroes. */
public abstract class BackendConformance {
    /** Size of the medium; the last blocks of it are used, too. */
    protected static final int BYTES = 8 << 20;

    private static final int RANDOM_STEPS = 400;

    private Backend backend;
    private int block;
    private long seed;
    private Random random;

    /** Opens a medium of {@link #BYTES} that reads as zeroes. */
    protected abstract Backend create() throws Exception;

    /** Removes the medium after its close. */
    protected void destroy() throws Exception {}

    @BeforeEach
    final void open() throws Exception {
        seed = Long.getLong("seed", System.nanoTime());
        random = new Random(seed);
        backend = create();
        block = 1 << backend.blockShift();
    }

    @AfterEach
    final void close() throws Exception {
        backend.close();
        destroy();
    }

    /** Closes the medium under test and goes on with another. */
    final void replace(Opening opening) throws Exception {
        backend.close();
        backend = opening.open();
    }

    /** Opens a medium. */
    @FunctionalInterface
    interface Opening {
        Backend open() throws Exception;
    }

    /** The medium under test. */
    protected final Backend backend() {
        return backend;
    }

    @Test
    void hasBlocksOf512To4096BytesThatFillIt() {
        assertThat(backend.blockShift()).isBetween(9, 12);
        assertThat(backend.blocks()).isEqualTo(BYTES / block);
        assertThat(backend.traits().physicalBlockBytes()).isGreaterThanOrEqualTo(block);
    }

    @Test
    void isZeroWhenNew() {
        assertThat(read(0, BYTES)).isEqualTo(new byte[BYTES]);
    }

    @Test
    void readsBackWhatWasWritten() {
        for (int bytes : new int[] {block, 3 * block, 128 << 10, 1 << 20}) {
            for (long offset : new long[] {0, block, BYTES / 2 - block, BYTES - bytes}) {
                byte[] pattern = pattern(bytes);
                write(offset, pattern);
                assertThat(read(offset, bytes)).isEqualTo(pattern);
            }
        }
    }

    @Test
    void writesOneBlockAndNotItsNeighbours() {
        byte[] around = pattern(64 * block);
        write(0, around);
        for (int i = 1; i < 63; i += 2) {
            byte[] one = pattern(block);
            write((long) i * block, one);
            System.arraycopy(one, 0, around, i * block, block);
        }
        assertThat(read(0, around.length)).isEqualTo(around);
    }

    @Test
    void forcedWritesAndFlushesSucceed() {
        byte[] pattern = pattern(4 * block);
        succeeds(MediumOperation.write(block, pattern, true));
        succeeds(MediumOperation.flush());
        assertThat(read(block, pattern.length)).isEqualTo(pattern);
    }

    @Test
    void manyFlushesAtOnceAllEnd() {
        List<MediumOperation> flushes = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            write((long) i * block, pattern(block));
            flushes.add(MediumOperation.flush().start(backend));
        }
        assertThat(flushes).allMatch(flush -> flush.await() == Status.SUCCESS);
    }

    @Test
    void zeroesExactlyTheRange() {
        for (boolean mayDeallocate : new boolean[] {false, true}) {
            byte[] around = pattern(6 << 20);
            write(0, around);
            int from = 3 * block;
            int bytes = (4 << 20) + block;
            succeeds(MediumOperation.writeZeroes(from, bytes, mayDeallocate, mayDeallocate));
            Arrays.fill(around, from, from + bytes, (byte) 0);
            assertThat(read(0, around.length)).isEqualTo(around);
        }
    }

    @Test
    void deallocatesNothingButTheRange() {
        byte[] around = pattern(6 << 20);
        write(0, around);
        int from = 5 * block;
        int bytes = (4 << 20) + 2 * block;
        succeeds(MediumOperation.deallocate(from, bytes));
        byte[] now = read(0, around.length);
        if (backend.traits().readsZeroesAfterDeallocate()) {
            Arrays.fill(around, from, from + bytes, (byte) 0);
            assertThat(now).isEqualTo(around);
        } else {
            assertThat(Arrays.copyOf(now, from)).isEqualTo(Arrays.copyOf(around, from));
            assertThat(Arrays.copyOfRange(now, from + bytes, now.length))
                    .isEqualTo(Arrays.copyOfRange(around, from + bytes, now.length));
        }
    }

    @Test
    void deallocatedBlocksCanBeWrittenAgain() {
        write(0, pattern(BYTES));
        succeeds(MediumOperation.deallocate(0, BYTES));
        byte[] pattern = pattern(BYTES);
        write(0, pattern);
        assertThat(read(0, BYTES)).isEqualTo(pattern);
    }

    @Test
    void hasManyOperationsAtATime() {
        byte[] all = pattern(1024 * block);
        List<MediumOperation> operations = new ArrayList<>();
        for (int i = 0; i < 1024; i++) {
            byte[] one = Arrays.copyOfRange(all, i * block, (i + 1) * block);
            operations.add(MediumOperation.write((long) i * block, one, false).start(backend));
        }
        assertThat(operations).allMatch(write -> write.await() == Status.SUCCESS);
        operations.clear();
        for (int i = 0; i < 1024; i++) {
            operations.add(MediumOperation.read((long) i * block, block).start(backend));
        }
        for (int i = 0; i < 1024; i++) {
            MediumOperation read = operations.get(i);
            assertThat(read.await()).isEqualTo(Status.SUCCESS);
            assertThat(read.bytes()).isEqualTo(Arrays.copyOfRange(all, i * block, (i + 1) * block));
        }
    }

    @Test
    void servesSeveralThreads() throws Exception {
        int share = BYTES / 4;
        List<Future<?>> done = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 4; i++) {
                int start = i * share;
                Random own = new Random(seed + i);
                done.add(threads.submit(() -> randomSteps(start, share, own, RANDOM_STEPS / 4)));
            }
        }
        for (Future<?> future : done) {
            future.get(1, TimeUnit.MINUTES);
        }
    }

    @Test
    void randomOperationsAgreeWithAnArray() {
        randomSteps(0, BYTES, random, RANDOM_STEPS);
    }

    @Test
    void keepsItsSizeWhenNothingChanged() throws IOException {
        assertThat(backend.revalidate()).isFalse();
        assertThat(backend.blocks()).isEqualTo(BYTES / block);
    }

    /** Random operations within a part of the medium, which is zero at first. */
    private void randomSteps(int start, int bytes, Random dice, int steps) {
        byte[] model = new byte[bytes];
        try {
            for (int step = 0; step < steps; step++) {
                int count = 1 + dice.nextInt(Math.min(64, bytes / block));
                int length = count * block;
                int at = dice.nextInt(bytes / block - count + 1) * block;
                switch (dice.nextInt(6)) {
                    case 0, 1, 2 -> {
                        byte[] data = new byte[length];
                        dice.nextBytes(data);
                        succeeds(MediumOperation.write(start + at, data, dice.nextInt(8) == 0));
                        System.arraycopy(data, 0, model, at, length);
                    }
                    case 3 -> {
                        boolean free = dice.nextBoolean();
                        succeeds(MediumOperation.writeZeroes(start + at, length, false, free));
                        Arrays.fill(model, at, at + length, (byte) 0);
                    }
                    case 4 -> {
                        if (backend.traits().readsZeroesAfterDeallocate()) {
                            succeeds(MediumOperation.deallocate(start + at, length));
                            Arrays.fill(model, at, at + length, (byte) 0);
                        }
                    }
                    default ->
                            assertThat(read(start + at, length))
                                    .isEqualTo(Arrays.copyOfRange(model, at, at + length));
                }
            }
            assertThat(read(start, bytes)).isEqualTo(model);
        } catch (AssertionError | RuntimeException e) {
            fail("seed " + seed, e);
        }
    }

    /** Random bytes, none of which is zero. */
    protected final byte[] pattern(int bytes) {
        byte[] pattern = new byte[bytes];
        random.nextBytes(pattern);
        for (int i = 0; i < bytes; i++) {
            pattern[i] = pattern[i] == 0 ? 1 : pattern[i];
        }
        return pattern;
    }

    /** Writes, and expects that it works. */
    protected final void write(long offset, byte[] bytes) {
        succeeds(MediumOperation.write(offset, bytes, false));
    }

    /** Reads, and expects that it works. */
    protected final byte[] read(long offset, int bytes) {
        MediumOperation read = MediumOperation.read(offset, bytes);
        succeeds(read);
        return read.bytes();
    }

    /** Runs an operation, and expects that it works. */
    protected final void succeeds(MediumOperation operation) {
        assertThat(operation.run(backend)).as(operation.toString()).isEqualTo(Status.SUCCESS);
    }
}
