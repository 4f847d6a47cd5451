package org.jnvmet.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.SelectStrategy;
import org.junit.jupiter.api.Test;

/** When an idle loop polls and when it sleeps. */
class BusyPollTest {
    private static final int READY = 7;

    private long now = 1_000_000;
    private final Work work = new Work();

    @Test
    void pollsForAWhileAfterTrafficAndThenSleeps() throws Exception {
        BusyPoll poll = new BusyPoll(50, () -> now, Poller.NONE);
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
        poll.active(now);
        now += 49_999;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.BUSY_WAIT);
        now += 1;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void sleepsAtOnceWhenItIsSwitchedOff() throws Exception {
        BusyPoll poll = new BusyPoll(0, () -> now, Poller.NONE);
        poll.active(now);
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void neverWaitsWhileThereAreTasks() throws Exception {
        BusyPoll poll = new BusyPoll(50, () -> now, Poller.NONE);
        assertThat(poll.calculateStrategy(() -> READY, true)).isEqualTo(READY);
    }

    @Test
    void aPollerSparesTheSystemCallButNotForEver() throws Exception {
        BusyPoll poll = new BusyPoll(0, () -> now, work);
        work.units = 10 * BusyPoll.ROUNDS_PER_SELECT;
        int selects = 0;
        for (int round = 0; work.units > 0; round++) {
            int strategy = poll.calculateStrategy(() -> READY, round % 2 == 0);
            assertThat(strategy).isIn(SelectStrategy.CONTINUE, READY);
            selects += strategy == READY ? 1 : 0;
        }
        assertThat(selects).isEqualTo(10);
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void aLoopWithAPollerSpinsAfterWorkAndSleepsWhenItMay() throws Exception {
        BusyPoll poll = new BusyPoll(50, () -> now, work);
        work.units = 1;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.CONTINUE);
        now += 49_999;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.CONTINUE);
        assertThat(work.askedToRest).isZero();
        now += 1;
        work.comesLate = true;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.CONTINUE);
        assertThat(work.askedToRest).isEqualTo(1);
        assertThat(idle(poll)).isEqualTo(SelectStrategy.CONTINUE);
        now += 50_000;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
    }

    private static int idle(BusyPoll poll) throws Exception {
        return poll.calculateStrategy(() -> READY, false);
    }

    /** Units of work; one may come between the last look and the sleep. */
    private static final class Work implements Poller {
        private int units;
        private boolean comesLate;
        private int askedToRest;

        @Override
        public boolean poll() {
            if (units == 0) {
                return false;
            }
            units--;
            return true;
        }

        @Override
        public boolean mayRest() {
            askedToRest++;
            if (comesLate) {
                comesLate = false;
                units++;
                return false;
            }
            return true;
        }
    }
}
