package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.jnvmet.app.console.CommandFailure;
import org.junit.jupiter.api.Test;

/** The data of the demonstration: whatever is not what was written is seen. */
final class DemoPatternTest {
    private static final int PIECE = 4096;

    private static ByteBuffer made(DemoPattern pattern, int bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
        pattern.read(buffer);
        assertThat(buffer.remaining()).isZero();
        return buffer.flip();
    }

    @Test
    void acceptsWhatItMadeInWhateverPiecesItComes() {
        ByteBuffer all = made(new DemoPattern(7), 4 * PIECE);
        DemoPattern pattern = new DemoPattern(7);
        pattern.write(all.slice(0, PIECE));
        pattern.write(all.slice(PIECE, 3 * PIECE));
        assertThatThrownBy(() -> pattern.write(all.slice(0, PIECE)))
                .as("that was the beginning, not what follows")
                .isInstanceOf(CommandFailure.class);
    }

    @Test
    void makesEveryPlaceDifferent() {
        Set<Long> seen = new HashSet<>();
        ByteBuffer all = made(new DemoPattern(7), 64 * PIECE);
        while (all.hasRemaining()) {
            assertThat(seen.add(all.getLong())).isTrue();
        }
    }

    @Test
    void namesTheFirstByteThatIsAnotherOne() {
        DemoPattern pattern = new DemoPattern(7);
        ByteBuffer all = made(new DemoPattern(7), 2 * PIECE);
        pattern.write(all.slice(0, PIECE));
        int wrong = PIECE + 17;
        int right = all.get(wrong) & 0xff;
        all.put(wrong, (byte) (right ^ 0x10)).put(wrong + 5, (byte) 0);
        assertThatThrownBy(() -> pattern.write(all.slice(PIECE, PIECE)))
                .isInstanceOf(CommandFailure.class)
                .hasMessage(
                        "byte 4113 reads as %02xh, and %02xh was written"
                                .formatted(right ^ 0x10, right));
    }

    @Test
    void doesNotTakeDataOfAnotherPass() {
        ByteBuffer other = made(new DemoPattern(8), PIECE);
        assertThatThrownBy(() -> new DemoPattern(7).write(other))
                .isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith("byte 0 ");
    }
}
