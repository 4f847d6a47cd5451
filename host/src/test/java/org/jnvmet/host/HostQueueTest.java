package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;

/** Identifiers, the line, deadlines and the end of {@link HostQueue}. */
class HostQueueTest {
    private final List<HostRequest> sent = new ArrayList<>();
    private final List<String> calls = new ArrayList<>();
    private final List<HostException> errors = new ArrayList<>();
    private QueueEvents events = new Nobody();
    private long now = 5_000;
    private final HostQueue queue =
            HostQueue.create(
                    new Link(), new QueueOptions(1, 4, 0, true, 1000), 2, 100, new Owner());

    private static HostCommand flush() {
        return IoCommands.flush(1);
    }

    private void complete(HostRequest request, int status) {
        events.done(request, 0, status);
    }

    @Test
    void leavesOneEntryOfTheQueueEmptyAndHasTheRestWaitInLine() {
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            results.add(queue.submit(flush()));
        }
        assertThat(queue.outstanding()).isEqualTo(3);
        assertThat(sent).hasSize(3);

        complete(sent.get(1), 0);

        assertThat(results.get(1)).isCompleted();
        assertThat(sent).hasSize(4);
        complete(sent.get(3), 0);
        assertThat(results.get(3)).isCompleted();
        assertThat(results.get(4)).isNotDone();
        complete(sent.get(4), 0);
        assertThat(results.get(4)).isCompleted();
        assertThat(queue.outstanding()).isEqualTo(2);
    }

    @Test
    void givesASlotAnotherGenerationEachTime() {
        List<Integer> identifiers = new ArrayList<>();
        for (int i = 0; i < 17; i++) {
            Submission submission = queue.start(flush());
            identifiers.add(submission.commandId());
            assertThat(submission.request().slot()).isZero();
            complete(sent.getLast(), 0);
        }
        assertThat(identifiers).startsWith(0b0000_00, 0b0001_00, 0b0010_00);
        assertThat(identifiers.subList(0, 16)).doesNotHaveDuplicates();
        assertThat(identifiers.getLast()).isZero();
    }

    @Test
    void runsARequestAgainFromItsCompletion() {
        int[] left = {1000};
        HostRequest request =
                new HostRequest(
                        flush(),
                        done -> {
                            if (--left[0] > 0) {
                                queue.submit(done);
                            }
                        });
        queue.submit(request);
        while (!sent.isEmpty()) {
            complete(sent.removeFirst(), 0);
        }
        assertThat(left[0]).isZero();
        assertThat(queue.outstanding()).isZero();
    }

    @Test
    void ignoresACompletionThatComesTwice() {
        int[] completions = {0};
        queue.submit(new HostRequest(flush(), _ -> completions[0]++));
        complete(sent.getFirst(), 0);
        complete(sent.getFirst(), 0);
        assertThat(completions[0]).isEqualTo(1);
        assertThat(queue.outstanding()).isZero();
    }

    @Test
    void tellsOfRequestsThatTakeTooLong() {
        List<String> late = new ArrayList<>();
        HostQueue.Overdue overdue =
                (_, request, times) -> late.add(request.commandId() + " x" + times);
        queue.submit(new HostRequest(flush(), _ -> {}).timeoutMs(HostQueue.NO_LIMIT));
        queue.submit(new HostRequest(flush(), _ -> {}).timeoutMs(300));
        queue.submit(new HostRequest(flush(), _ -> {}));

        queue.checkDeadlines(now + 99, overdue);
        assertThat(late).isEmpty();
        queue.checkDeadlines(now + 100, overdue);
        assertThat(late).containsExactly("2 x1");
        queue.checkDeadlines(now + 200, overdue);
        assertThat(late).containsExactly("2 x1", "2 x2");
        complete(sent.get(2), 0);
        queue.checkDeadlines(now + 10_000, overdue);
        assertThat(late).containsExactly("2 x1", "2 x2", "1 x1");
    }

    @Test
    void completesEverythingAfterTheDrainAndNothingBefore() {
        List<String> ends = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            queue.submit(new HostRequest(flush(), done -> ends.add(calls + " " + done.status())));
        }
        HostException why = new HostException("why");

        queue.drain(why);
        queue.drain(new HostException("again"));
        queue.destroy();
        queue.destroy();

        int aborted = Status.ABORTED_BY_HOST.code();
        int path = Status.HOST_PATHING_ERROR.code();
        assertThat(ends)
                .containsExactly(
                        "[drain] " + aborted,
                        "[drain] " + aborted,
                        "[drain] " + aborted,
                        "[drain] " + path,
                        "[drain] " + path);
        assertThat(calls).containsExactly("drain", "destroy");
        HostRequest late = new HostRequest(flush(), _ -> {});
        queue.submit(late);
        assertThat(late.status()).isEqualTo(path);
        assertThat(late.failure()).isSameAs(why);
        assertThatThrownBy(() -> queue.execute(flush())).isSameAs(why);
        assertThat(sent).hasSize(3);
    }

    @Test
    void refusesDataThatTheTransportCannotTake() {
        MemorySegment bytes = MemorySegment.ofArray(new byte[512]);
        HostCommand scattered = flush().send(List.of(bytes, bytes, bytes));
        assertThatThrownBy(() -> queue.submit(scattered))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("in 3 segments; the transport takes 2");
        try (Arena mine = Arena.ofConfined()) {
            MemorySegment confined = mine.allocate(512);
            HostCommand command = flush();
            assertThatThrownBy(() -> command.send(confined))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void passesErrorsOfTheConnectionOn() {
        HostException reason = new HostException("lost");
        events.reportError(reason);
        assertThat(errors).containsExactly(reason);
    }

    private final class Owner implements HostQueue.Owner {
        @Override
        public void onError(HostQueue failed, HostException reason) {
            errors.add(reason);
        }

        @Override
        public long nowMs() {
            return now;
        }
    }

    private final class Link implements ControllerLink {
        @Override
        public QueueChannel createQueue(QueueOptions options, QueueEvents queueEvents) {
            events = queueEvents;
            return new QueueChannel() {
                @Override
                public void send(HostRequest request) {
                    sent.add(request);
                }

                @Override
                public int poll() {
                    return 0;
                }

                @Override
                public void drain() {
                    calls.add("drain");
                }

                @Override
                public void destroy() {
                    calls.add("destroy");
                }
            };
        }

        @Override
        public void release() {
            calls.add("release");
        }
    }

    private static final class Nobody implements QueueEvents {
        @Override
        public void done(HostRequest request, long result, int status) {
            throw new AssertionError("no queue");
        }

        @Override
        public void reportError(HostException reason) {
            throw new AssertionError(reason);
        }
    }
}
