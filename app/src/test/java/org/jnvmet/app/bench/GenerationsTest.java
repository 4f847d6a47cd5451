package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class GenerationsTest {
    private final Generations generations = new Generations(4);

    private void write(boolean succeeded) {
        assertThat(generations.tryWrite(0)).isTrue();
        if (succeeded) {
            generations.written(0);
        } else {
            generations.failed(0);
        }
    }

    private boolean[] allowed() {
        boolean[] allowed = new boolean[5];
        for (int i = 0; i < allowed.length; i++) {
            allowed[i] = generations.allows(0, i);
        }
        return allowed;
    }

    @Test
    void allowsTheLastThatWasWrittenAndNoOther() {
        assertThat(allowed()).containsExactly(true, false, false, false, false);
        write(true);
        assertThat(allowed()).containsExactly(false, true, false, false, false);
        write(true);
        assertThat(allowed()).containsExactly(false, false, true, false, false);
        assertThat(generations.expected(0)).isEqualTo("2");
    }

    @Test
    void allowsAllThatAreInDoubtUntilAWriteSucceeds() {
        write(true);
        write(false);
        assertThat(allowed()).containsExactly(false, true, true, false, false);
        write(false);
        assertThat(allowed()).containsExactly(false, true, true, true, false);
        assertThat(generations.expected(0)).isEqualTo("one of [1, 2, 3]");
        write(true);
        assertThat(allowed()).containsExactly(false, false, false, false, true);
        assertThat(generations.allows(1, 0)).isTrue();
    }

    @Test
    void keepsWhatWasThereBeforeInDoubtToo() {
        write(false);
        assertThat(allowed()).containsExactly(true, true, false, false, false);
        assertThat(generations.everWritten(0)).isTrue();
        assertThat(generations.everWritten(1)).isFalse();
    }

    @Test
    void keepsWritersAlone() {
        assertThat(generations.tryRead(2)).isTrue();
        assertThat(generations.tryRead(2)).isTrue();
        assertThat(generations.tryWrite(2)).isFalse();
        generations.endRead(2);
        assertThat(generations.tryWrite(2)).isFalse();
        generations.endRead(2);
        assertThat(generations.tryWrite(2)).isTrue();
        assertThat(generations.tryWrite(2)).isFalse();
        assertThat(generations.tryRead(2)).isFalse();
        assertThat(generations.next(2)).isEqualTo(1);
        generations.written(2);
        assertThat(generations.tryRead(2)).isTrue();
    }
}
