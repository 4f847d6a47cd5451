package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CntlidPoolTest {
    private final CntlidPool pool = new CntlidPool();

    @Test
    void givesTheLowestFreeIdentifierOfTheRange() {
        assertThat(pool.take(1, 10)).isEqualTo(1);
        assertThat(pool.take(1, 10)).isEqualTo(2);
        assertThat(pool.take(5, 10)).isEqualTo(5);
        pool.release(1);
        assertThat(pool.take(1, 10)).isEqualTo(1);
        assertThat(pool.take(1, 10)).isEqualTo(3);
    }

    @Test
    void givesNothingWhenTheRangeIsExhausted() {
        assertThat(pool.take(7, 7)).isEqualTo(7);
        assertThat(pool.take(7, 7)).isEqualTo(-1);
    }

    @Test
    void neverGivesAReservedIdentifier() {
        assertThat(pool.take(0xffef, 0xffff)).isEqualTo(0xffef);
        assertThat(pool.take(0xffef, 0xffff)).isEqualTo(-1);
        assertThat(pool.take(0xfff0, 0xffff)).isEqualTo(-1);
    }

    @Test
    void agreesWithASortedSetOverManySteps() {
        RandomGenerator random = Seed.random(1);
        TreeSet<Integer> used = new TreeSet<>();
        for (int step = 0; step < 10_000; step++) {
            if (random.nextInt(3) == 0 && !used.isEmpty()) {
                Integer chosen = used.ceiling(random.nextInt(used.last() + 1));
                assertThat(chosen).isNotNull();
                used.remove(chosen);
                pool.release(chosen);
            } else {
                int min = 1 + random.nextInt(50);
                int max = min + random.nextInt(50);
                int expected = min;
                while (used.contains(expected)) {
                    expected++;
                }
                int id = pool.take(min, max);
                assertThat(id).isEqualTo(expected > max ? -1 : expected);
                if (id > 0) {
                    used.add(id);
                }
            }
            assertThat(pool.inUse()).isEqualTo(used.size());
        }
    }
}
