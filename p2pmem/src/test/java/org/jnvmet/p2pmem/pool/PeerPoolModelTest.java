package org.jnvmet.p2pmem.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.jnvmet.target.spi.BufferSource.Waiter;
import org.jnvmet.target.spi.DataBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random use of a pool by several loops, against a map of which address belongs to whom. */
class PeerPoolModelTest {
    private static final int KIB = 1024;
    private static final int STEPS = 100_000;

    @TempDir Path folder;

    @Test
    void randomUseNeverOverlapsNorLosesMemoryNorForgetsAnyone() {
        long seed = Long.getLong("seed", System.nanoTime());
        try {
            Model model = new Model(folder, new Random(seed));
            for (int step = 0; step < STEPS; step++) {
                model.step();
            }
            model.finish();
        } catch (AssertionError | RuntimeException e) {
            fail("seed " + seed, e);
        }
    }

    private static final class Model {
        private final Random random;
        private final PiecesProvider provider;
        private final PeerPool pool;
        private final List<SteppedLoop> loops = new ArrayList<>();
        private final List<ArrayDeque<Guest>> lines = new ArrayList<>(); // by loop
        private final List<Loan> lent = new ArrayList<>();
        private final TreeMap<Long, Loan> byAddress = new TreeMap<>();
        private int users;
        private int largest;
        private long lastMark;
        private int served;
        private int turnedAway;
        private int revived;

        private record Loan(DataBuffer buffer, long mark) {}

        Model(Path folder, Random random) {
            this.random = random;
            provider = new PiecesProvider(folder, 1024 * KIB, 512 * KIB);
            pool = new PeerPool(provider, Long.MAX_VALUE, Runnable::run);
            for (int i = 0; i < 4; i++) {
                loops.add(new SteppedLoop(i));
                lines.add(new ArrayDeque<>());
            }
        }

        void step() {
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3 -> acquire();
                case 4, 5, 6, 7, 8 -> releaseOne();
                case 9 -> await();
                case 10 -> cancel();
                case 11 -> control();
                case 12 -> userComesOrGoes();
                default -> loops.get(random.nextInt(loops.size())).runOne();
            }
            check();
        }

        private int bytes() {
            return random.nextInt(4) == 0
                    ? 1 + random.nextInt(Math.max(1, largest))
                    : 1 + random.nextInt(8 * KIB);
        }

        private void acquire() {
            int i = random.nextInt(loops.size());
            int bytes = bytes();
            DataBuffer buffer = pool.on(loops.get(i)).tryAcquire(bytes);
            if (buffer != null) {
                assertThat(users).as("nothing is lent without a user").isPositive();
                assertThat(lines.get(i)).as("nobody passes the line").isEmpty();
                took(buffer, bytes);
            }
        }

        private void control() {
            int bytes = bytes();
            DataBuffer buffer = pool.tryAcquire(bytes);
            if (buffer != null) {
                assertThat(users).as("nothing is lent without a user").isPositive();
                took(buffer, bytes);
            }
        }

        private void await() {
            int i = random.nextInt(loops.size());
            if (lines.get(i).size() < 8) {
                Guest guest = new Guest(i, bytes());
                lines.get(i).add(guest);
                pool.on(loops.get(i)).await(guest, guest.bytes);
                assertThat(lines.get(i)).as("still stands there").contains(guest);
            }
        }

        private void cancel() {
            int i = random.nextInt(loops.size());
            List<Guest> line = List.copyOf(lines.get(i));
            if (!line.isEmpty()) {
                Guest guest = line.get(random.nextInt(line.size()));
                lines.get(i).remove(guest);
                pool.on(loops.get(i)).cancel(guest);
            }
        }

        private void userComesOrGoes() {
            if (users > 0 && random.nextInt(6) == 0) {
                pool.release();
                users--;
            } else if (users < 2) {
                if (users == 0 && pool.mappedBytes() > 0) {
                    revived++;
                }
                pool.retain();
                users++;
                largest = pool.maxBufferBytes();
            }
        }

        private void took(DataBuffer buffer, int bytes) {
            long address = buffer.address();
            assertThat(buffer.isPeerMemory()).isTrue();
            assertThat(address % (4 * KIB)).isZero();
            assertThat(buffer.offset() % (4 * KIB)).isZero();
            assertThat(buffer.capacity()).isEqualTo((bytes + 4 * KIB - 1) / (4 * KIB) * 4 * KIB);
            var below = byAddress.floorEntry(address + buffer.capacity() - 1);
            if (below != null) {
                DataBuffer other = below.getValue().buffer();
                assertThat(below.getKey() + other.capacity())
                        .as("end of the buffer below")
                        .isLessThanOrEqualTo(address);
            }
            Loan loan = new Loan(buffer, ++lastMark);
            mark(loan);
            lent.add(loan);
            byAddress.put(address, loan);
        }

        private static void mark(Loan loan) {
            MemorySegment memory = loan.buffer().memory();
            for (int i = 0; i < loan.buffer().capacity(); i += 4 * KIB) {
                memory.set(ValueLayout.JAVA_LONG, loan.buffer().offset() + i, loan.mark());
            }
        }

        private void releaseOne() {
            if (lent.isEmpty()) {
                return;
            }
            Loan loan = lent.remove(random.nextInt(lent.size()));
            DataBuffer buffer = loan.buffer();
            byAddress.remove(buffer.address());
            for (int i = 0; i < buffer.capacity(); i += 4 * KIB) {
                assertThat(buffer.memory().get(ValueLayout.JAVA_LONG, buffer.offset() + i))
                        .isEqualTo(loan.mark());
            }
            buffer.release();
        }

        private void check() {
            assertThat(pool.lentBytes())
                    .isEqualTo(lent.stream().mapToLong(each -> each.buffer().capacity()).sum());
            assertThat(pool.users()).isEqualTo(users);
            for (int i = 0; i < loops.size(); i++) {
                assertThat(pool.on(loops.get(i)).waiting()).isEqualTo(lines.get(i).size());
            }
        }

        /** All goes back: nobody is left in a line, all joins up, nothing stays mapped. */
        void finish() {
            if (users == 0) {
                pool.retain();
                users++;
            }
            while (!lent.isEmpty() || lines.stream().anyMatch(line -> !line.isEmpty())) {
                boolean idle = lent.isEmpty();
                releaseOne();
                boolean ran = false;
                for (SteppedLoop loop : loops) {
                    ran |= loop.run() > 0;
                }
                assertThat(idle && !ran).as("someone is forgotten in a line").isFalse();
            }
            check();
            assertThat(served).isGreaterThan(STEPS / 100);
            assertThat(turnedAway).isPositive();
            assertThat(revived).isPositive();
            for (SteppedLoop loop : loops) {
                PeerCache cache = pool.on(loop);
                DataBuffer whole = cache.tryAcquire(largest);
                if (whole == null) {
                    loops.forEach(SteppedLoop::run); // the others give back what they have free
                    whole = cache.tryAcquire(largest);
                }
                if (whole == null) {
                    throw new AssertionError("no whole mapping for loop " + loop.index());
                }
                whole.release();
            }
            while (users-- > 0) {
                pool.release();
            }
            loops.forEach(SteppedLoop::run);
            assertThat(pool.mappedBytes()).isZero();
            assertThat(provider.mappings()).isZero();
            assertThat(provider.availableBytes()).isEqualTo(provider.bytes());
        }

        private final class Guest implements Waiter {
            private final int loop;
            private final int bytes;
            private final boolean hopeless;

            Guest(int loop, int bytes) {
                this.loop = loop;
                this.bytes = bytes;
                hopeless = bytes > pool.maxBufferBytes(); // which is 0 when nothing is mapped
            }

            @Override
            public void granted(DataBuffer buffer) {
                assertThat(lines.get(loop).poll()).as("first in line").isSameAs(this);
                served++;
                took(buffer, bytes);
            }

            @Override
            public void turnedAway() {
                assertThat(lines.get(loop).poll()).as("first in line").isSameAs(this);
                assertThat(hopeless).isTrue();
                turnedAway++;
            }
        }
    }
}
