package org.jnvmet.p2pmem.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FirstFitTest {
    @Test
    void takesTheFirstRowThatIsLongEnough() {
        FirstFit map = new FirstFit();
        map.reset(10);
        assertThat(map.allocate(2)).isZero();
        assertThat(map.allocate(3)).isEqualTo(2);
        assertThat(map.allocate(1)).isEqualTo(5);
        map.free(0, 2);
        assertThat(map.allocate(3)).as("not the gap of two").isEqualTo(6);
        assertThat(map.allocate(1)).as("the gap").isZero();
        assertThat(map.allocate(2)).isEqualTo(FirstFit.NONE);
    }

    @Test
    void whatIsFreedJoinsBothNeighbours() {
        FirstFit map = new FirstFit();
        map.reset(200);
        for (int i = 0; i < 4; i++) {
            assertThat(map.allocate(50)).isEqualTo(50 * i);
        }
        map.free(0, 50);
        map.free(100, 50);
        assertThat(map.allocate(51)).isEqualTo(FirstFit.NONE);
        map.free(50, 50);
        assertThat(map.allocate(150)).isZero();
    }

    @Test
    void freedTwiceIsABug() {
        FirstFit map = new FirstFit();
        map.reset(128);
        assertThat(map.allocate(128)).isZero();
        map.free(60, 10);
        assertThatThrownBy(() -> map.free(50, 11))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("granule 60 was freed twice");
        assertThatThrownBy(() -> map.free(127, 2)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Against a set of bits that is searched one by one. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 63, 64, 65, 256, 1000})
    void agreesWithASlowModel(int granules) {
        Random random = new Random(granules);
        FirstFit map = new FirstFit();
        for (int round = 0; round < 20; round++) {
            map.reset(granules);
            BitSet free = new BitSet();
            free.set(0, granules);
            for (int step = 0; step < 1000; step++) {
                int count = 1 + random.nextInt(random.nextBoolean() ? 3 : granules);
                int start = random.nextInt(granules);
                if (random.nextBoolean()) {
                    int expected = search(free, granules, count);
                    assertThat(map.allocate(count)).isEqualTo(expected);
                    if (expected != FirstFit.NONE) {
                        free.clear(expected, expected + count);
                    }
                } else if (start + count <= granules && free.get(start, start + count).isEmpty()) {
                    map.free(start, count);
                    free.set(start, start + count);
                }
                assertThat(map.freeGranules()).isEqualTo(free.cardinality());
                assertThat(map.nextFree(start)).isEqualTo(free.nextSetBit(start));
                assertThat(map.nextTaken(start, granules))
                        .isEqualTo(Math.min(granules, free.nextClearBit(start)));
            }
        }
    }

    private static int search(BitSet free, int granules, int count) {
        for (int start = 0; start + count <= granules; start++) {
            if (free.get(start, start + count).cardinality() == count) {
                return start;
            }
        }
        return FirstFit.NONE;
    }
}
