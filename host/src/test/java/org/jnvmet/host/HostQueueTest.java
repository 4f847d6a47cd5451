package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.wire.Sqe;
import org.junit.jupiter.api.Test;

/** Slots and identifiers of {@link HostQueue}. */
class HostQueueTest {
    private final List<HostRequest> submitted = new ArrayList<>();
    private final HostQueue queue =
            HostQueue.open(
                    _ ->
                            new HostQueueChannel() {
                                @Override
                                public void submit(HostRequest request) {
                                    submitted.add(request);
                                }

                                @Override
                                public void close() {
                                    submitted.forEach(r -> r.fail(new HostException("closed")));
                                }
                            },
                    new QueueOptions(1, 4, 0, true),
                    50);

    private static HostCommand flush() {
        return IoCommands.flush(1);
    }

    @Test
    void leavesOneEntryOfTheQueueEmpty() {
        for (int i = 0; i < 3; i++) {
            assertThat(queue.submit(flush())).isNotDone();
        }
        assertThat(queue.outstanding()).isEqualTo(3);
        assertThatThrownBy(() -> queue.submit(flush()))
                .isInstanceOf(HostException.class)
                .hasMessage("I/O queue 1: no room for Flush, all 3 commands are outstanding");
        submitted.get(1).complete(0, 0, 0, 1);
        assertThat(queue.submit(flush())).isNotDone();
    }

    @Test
    void givesASlotAnotherGenerationEachTime() {
        List<Integer> identifiers = new ArrayList<>();
        for (int i = 0; i < 3 * 16 + 1; i++) {
            HostRequest request = queue.start(flush());
            identifiers.add(request.commandId());
            assertThat(request.sqe().u16(Sqe.CID)).isEqualTo(request.commandId());
            request.complete(0, 0, 0, 1);
        }
        assertThat(identifiers).startsWith(0x0000, 0x0001, 0x0002, 0x1000, 0x1001);
        assertThat(identifiers.subList(0, 48)).doesNotHaveDuplicates();
        assertThat(identifiers.getLast()).isZero();
    }

    @Test
    void submitsACommandTwiceWithoutMixingItsEntries() {
        HostCommand command = flush();
        HostRequest first = queue.start(command);
        HostRequest second = queue.start(command);
        assertThat(first.sqe().u16(Sqe.CID)).isNotEqualTo(second.sqe().u16(Sqe.CID));
        second.complete(0, 9, 0, 1);
        assertThat(first.future()).isNotDone();
        assertThat(second.future().join().result()).isEqualTo(9);
    }

    @Test
    void closesTheQueueWhenACommandIsNotAnswered() {
        assertThatThrownBy(() -> queue.execute(flush()))
                .isInstanceOf(HostException.class)
                .hasMessage("I/O queue 1: Flush was not answered within 50 ms");
        assertThat(queue.outstanding()).isZero();
    }
}
