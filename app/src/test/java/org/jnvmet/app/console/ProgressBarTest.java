package org.jnvmet.app.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a progress bar draws, and when. */
final class ProgressBarTest {
    private static final long MIB = 1 << 20;

    private final StringWriter screen = new StringWriter();
    private long nanos = 17;

    private ProgressBar bar(long total) {
        return new ProgressBar(new PrintWriter(screen), "write", total, () -> nanos);
    }

    private void pass(long ms) {
        nanos += TimeUnit.MILLISECONDS.toNanos(ms);
    }

    @Test
    void showsPartSpeedAndTimeLeft() {
        ProgressBar bar = bar(1024 * MIB);
        pass(2000);
        bar.add(256 * MIB);
        assertThat(screen)
                .hasToString(
                        "\rwrite [######------------------]  25%  256.0 MiB of 1024.0 MiB  128.0 MiB/s"
                                + "  0:06 left ");
    }

    @Test
    void showsAmountAndSpeedWhereNobodyKnowsTheLength() {
        ProgressBar bar = bar(ProgressBar.UNKNOWN);
        pass(500);
        bar.add(MIB);
        assertThat(screen).hasToString("\rwrite 1.0 MiB  2.0 MiB/s ");
    }

    @Test
    void drawsTenTimesASecondAtMost() {
        ProgressBar bar = bar(1000);
        for (int i = 0; i < 1000; i++) {
            pass(1);
            bar.add(1);
        }
        assertThat(screen.toString().chars().filter(c -> c == '\r')).hasSize(10);
    }

    @Test
    void endsWithTheLastStateOnALineOfItsOwn() {
        try (ProgressBar bar = bar(3 * MIB)) {
            pass(1);
            bar.add(3 * MIB);
        }
        assertThat(screen.toString().lines()).last().asString().contains("100%", "3.0 MiB of 3.0");
        assertThat(screen.toString()).endsWith(" left " + System.lineSeparator());
    }

    @Test
    void isCompleteWhenThereIsNothingToDo() {
        bar(0).close();
        assertThat(screen.toString()).contains("100%");
    }

    @Test
    void drawsNothingWithoutAScreen() {
        try (ProgressBar bar = new ProgressBar(null, "read", 10, () -> nanos)) {
            pass(1000);
            bar.add(10);
        }
        assertThat(screen).hasToString("");
    }
}
