package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.SelectStrategy;
import org.junit.jupiter.api.Test;

/** When an idle loop polls and when it sleeps. */
class BusyPollTest {
    private static final int READY = 7;

    private long now = 1_000_000;

    @Test
    void pollsForAWhileAfterTrafficAndThenSleeps() throws Exception {
        BusyPoll poll = new BusyPoll(50, () -> now);
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
        poll.active(now);
        now += 49_999;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.BUSY_WAIT);
        now += 1;
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void sleepsAtOnceWhenItIsSwitchedOff() throws Exception {
        BusyPoll poll = new BusyPoll(0, () -> now);
        poll.active(now);
        assertThat(idle(poll)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void neverWaitsWhileThereAreTasks() throws Exception {
        BusyPoll poll = new BusyPoll(50, () -> now);
        assertThat(poll.calculateStrategy(() -> READY, true)).isEqualTo(READY);
    }

    @Test
    void servesAHostWhilePolling() {
        TcpSettings polling =
                TcpFixture.SETTINGS.withSockets(new TcpSettings.Sockets(16, 16, 0, 0, 1000));
        try (TcpFixture target = new TcpFixture(polling);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            for (int cid = 0; cid < 100; cid++) {
                assertThat(io.read(cid, cid, 1)).hasSize(Pdus.BLOCK);
            }
        }
    }

    private static int idle(BusyPoll poll) throws Exception {
        return poll.calculateStrategy(() -> READY, false);
    }
}
