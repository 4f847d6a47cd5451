package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies that are held up, stopped, or meet a bug. */
class CopyInterruptionTest extends CopyFixture {
    @Test
    void holdsTheNamespaceThatItReads() throws InterruptedException {
        enable(1 << 2);
        write(2, 0, pattern(200, 1));
        Namespace source = Objects.requireNonNull(fixture.subsystem.namespace(2));
        fixture.media.stall();
        int running = send(2, 1, 0, new Source(2, 0, 200));
        Thread disabling = Thread.ofVirtual().start(source::disable);
        while (source.enabled()) {
            Thread.onSpinWait();
        }
        assertThat(disabling.isAlive()).isTrue();

        fixture.media.resume();
        fixture.settle();

        assertThat(io.ended(running).status()).isZero();
        disabling.join();
        assertThat(read(1, 0, 200)).isEqualTo(pattern(200, 1));
    }

    @Test
    void stopsWhenItsHostIsGone() {
        write(1, 0, pattern(128, 1));
        fixture.media.stall();
        int running = send(0, 1, 128, new Source(0, 0, 128));
        io.close("lost");

        fixture.media.resume();
        fixture.settle();

        assertThat(io.ended(running).is(Status.ABORTED_SQ_DELETION)).isTrue();
        assertThat(io.queue.outstanding()).isZero();
        Objects.requireNonNull(fixture.subsystem.namespace(1)).disable();
    }

    @Test
    void stopsAtTheNextStepWhenAborted() {
        write(1, 0, pattern(128, 1));
        fixture.media.stall();
        int running = send(0, 1, 128, new Source(0, 0, 128));
        fixture.media.operations.clear();
        int abort =
                admin.send(
                        TestQueue.admin(AdminOpcode.ABORT)
                                .andThen(sqe -> sqe.u32(Sqe.CDW10, 1 | running << 16)),
                        0,
                        new byte[0]);
        fixture.settle();
        assertThat(admin.ended(abort).result()).as("not yet").isEqualTo(1);

        fixture.media.resume();
        fixture.settle();

        assertThat(io.ended(running).is(Status.ABORT_REQUESTED)).isTrue();
        assertThat(fixture.media.operations).isEmpty();
        assertThat(read(1, 128, 128)).containsOnly(0);
    }

    /** Takes every buffer there is, and the one that the command at work gives back. */
    private final class Greed implements BufferSource.Waiter {
        private final List<DataBuffer> taken = new ArrayList<>();

        private void begin() {
            BufferSource source = fixture.ioLoop.buffers();
            for (int bytes = 1 << 20; bytes >= BLOCK; bytes /= 2) {
                DataBuffer buffer = source.tryAcquire(bytes);
                while (buffer != null) {
                    taken.add(buffer);
                    buffer = source.tryAcquire(bytes);
                }
            }
            source.await(this, BLOCK);
        }

        @Override
        public void granted(DataBuffer buffer) {
            taken.add(buffer);
        }

        @Override
        public void turnedAway() {
            throw new IllegalStateException("the loop's own memory turns nobody away");
        }

        private void end() {
            taken.forEach(DataBuffer::release);
            fixture.settle();
        }
    }

    /** A copy of 128 blocks behind themselves that has done its first piece and waits for a buffer. */
    private int copyInLine(Greed greed) {
        write(1, 0, pattern(128, 1));
        fixture.media.stall();
        int copying = send(0, 1, 128, new Source(0, 0, 128));
        greed.begin();
        fixture.media.resume();
        fixture.settle();
        assertThat(io.completion(copying)).isNull();
        return copying;
    }

    @Test
    void standsInLineAnewForEachPiece() {
        Greed greed = new Greed();
        int copying = copyInLine(greed);

        greed.end();

        assertThat(io.ended(copying).status()).isZero();
        assertThat(read(1, 128, 128)).isEqualTo(pattern(128, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void leavesTheLineForABuffer(boolean aborted) {
        Greed greed = new Greed();
        int copying = copyInLine(greed);

        if (aborted) {
            admin.send(
                    TestQueue.admin(AdminOpcode.ABORT)
                            .andThen(sqe -> sqe.u32(Sqe.CDW10, 1 | copying << 16)),
                    0,
                    new byte[0]);
        } else {
            io.close("lost");
        }
        fixture.settle();

        Status expected = aborted ? Status.ABORT_REQUESTED : Status.ABORTED_SQ_DELETION;
        assertThat(io.ended(copying).is(expected)).isTrue();
        greed.end();
    }

    @Test
    void answersABugWithAnError() {
        write(1, 0, pattern(128, 1));
        fixture.media.stall();
        int copying = send(0, 1, 128, new Source(0, 0, 128));
        fixture.media.throwing = true;
        fixture.media.resume();
        fixture.settle();

        assertThat(io.ended(copying).is(Status.INTERNAL_ERROR)).isTrue();
        fixture.media.throwing = false;
    }
}
