package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ProgressLineTest {
    private static final long SECOND = 1_000_000_000;

    private final ProgressLine line = new ProgressLine(4096, 0);

    private String next(List<Character> letters, double share, long left, long[] ios, long now) {
        return line.next(new ProgressLine.Progress(letters, share, left), ios, now);
    }

    @Test
    void looksLikeFios() {
        assertThat(next(List.of('r'), 0.4, 6 * SECOND, new long[] {873_472, 0, 0}, SECOND))
                .isEqualTo("Jobs: 1 (f=1): [r(1)][40.0%][r=3412MiB/s][r=873k IOPS][eta 00m:06s]");
    }

    @Test
    void showsTheRateSinceTheLastLine() {
        String _ = next(List.of('m'), 0.1, SECOND, new long[] {1000, 500, 0}, SECOND);
        assertThat(next(List.of('m'), 0.5, 3_700 * SECOND, new long[] {1256, 1012, 0}, 2 * SECOND))
                .isEqualTo(
                        "Jobs: 1 (f=1): [m(1)][50.0%][r=1024KiB/s,w=2048KiB/s][r=256,w=512 IOPS][eta 01h:01m:40s]");
    }

    @Test
    void countsEqualNeighboursAndRunningJobs() {
        assertThat(next(List.of('r', 'r', '_', 'V'), 1, 0, new long[3], SECOND))
                .isEqualTo("Jobs: 3 (f=3): [r(2),_(1),V(1)][100.0%][eta 00m:00s]");
    }
}
