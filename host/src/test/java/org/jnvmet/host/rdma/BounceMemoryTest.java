package org.jnvmet.host.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Pages of registered memory are lent once at a time, and found whenever there are enough in a row. */
class BounceMemoryTest {
    private static final int PAGE = BounceMemory.PAGE_BYTES;

    @Test
    void takesRunsAcrossWordsAndJoinsWhatComesBack() {
        BounceMemory memory = new BounceMemory(130 * PAGE);
        int first = memory.take(60 * PAGE);
        int second = memory.take(60 * PAGE + 1);
        assertThat(first).isZero();
        assertThat(second).isEqualTo(60 * PAGE);
        assertThat(memory.take(10 * PAGE)).isEqualTo(-1);
        assertThat(memory.take(9 * PAGE)).isEqualTo(121 * PAGE);
        memory.giveBack(first, 60 * PAGE);
        assertThat(memory.take(61 * PAGE)).isEqualTo(-1);
        memory.giveBack(second, 60 * PAGE + 1);
        assertThat(memory.take(121 * PAGE)).isZero();
        assertThat(memory.couldTake(130 * PAGE)).isTrue();
        assertThat(memory.couldTake(130 * PAGE + 1)).isFalse();
    }

    @Test
    void agreesWithAModelThatLooksAtEveryPage() {
        Random random = new Random(11);
        int pages = 100;
        BounceMemory memory = new BounceMemory(pages * PAGE);
        BitSet used = new BitSet(pages);
        List<int[]> lent = new ArrayList<>();
        for (int round = 0; round < 20_000; round++) {
            if (random.nextInt(100) < 45 && !lent.isEmpty()) {
                int[] back = lent.remove(random.nextInt(lent.size()));
                memory.giveBack(back[0] * PAGE, back[1]);
                used.clear(back[0], back[0] + (back[1] + PAGE - 1) / PAGE);
            } else {
                int bytes = 1 + random.nextInt(random.nextInt(20) == 0 ? 40 * PAGE : 5 * PAGE);
                int count = (bytes + PAGE - 1) / PAGE;
                int expected = firstFit(used, pages, count);
                int offset = memory.take(bytes);
                assertThat(offset).isEqualTo(expected < 0 ? -1 : expected * PAGE);
                if (expected >= 0) {
                    used.set(expected, expected + count);
                    lent.add(new int[] {expected, bytes});
                }
            }
            assertThat(memory.freeBytes()).isEqualTo((pages - used.cardinality()) * PAGE);
        }
    }

    private static int firstFit(BitSet used, int pages, int count) {
        for (int start = 0; start + count <= pages; start++) {
            int next = used.nextSetBit(start);
            if (next < 0 || next >= start + count) {
                return start;
            }
        }
        return -1;
    }
}
