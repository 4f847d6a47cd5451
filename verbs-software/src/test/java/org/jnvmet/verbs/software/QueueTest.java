package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import java.io.IOException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.VerbsException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Queues: their order, their bounds, what waits and what is flushed. */
class QueueTest {
    private static final int ENTRIES = End.Shape.USUAL.entries();

    private final SoftwareFabric fabric = Pair.fabric();

    @AfterEach
    void nothingIsLeft() {
        fabric.close();
    }

    @Test
    void segmentsAreGatheredAndScattered() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            End host = pair.host;
            End target = pair.target;
            for (int i = 0; i < 256; i++) {
                host.memory.set(JAVA_BYTE, i, (byte) i);
            }
            target.receive.clear();
            int receive = target.receive.add(1);
            long into = target.memory.address();
            target.receive.segment(receive, into, 10, target.region.getLkey());
            target.receive.segment(receive, into + 100, 0, target.region.getLkey());
            target.receive.segment(receive, into + 200, 90, target.region.getLkey());
            target.receive.on(target.queuePair).execute();
            host.send.clear();
            int send = host.send.add(2, IbvSendWR.IBV_WR_SEND, End.SIGNALED);
            host.send.segment(send, host.memory.address() + 50, 3, host.region.getLkey());
            host.send.segment(send, host.memory.address(), 20, host.region.getLkey());
            host.send.segment(send, host.memory.address() + 100, 7, host.region.getLkey());
            host.send.on(host.queuePair).execute();

            assertThat(target.completion().getByte_len()).isEqualTo(30);
            assertThat(target.memory.asSlice(0, 10).toArray(JAVA_BYTE))
                    .containsExactly(50, 51, 52, 0, 1, 2, 3, 4, 5, 6);
            assertThat(target.memory.asSlice(200, 21).toArray(JAVA_BYTE))
                    .containsExactly(
                            7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 100, 101, 102, 103,
                            104, 105, 106, 0);
            assertThat(host.completion().getStatus()).isZero();
        }
    }

    @Test
    void completionsComeInTheOrderOfPosts() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            for (int i = 0; i < ENTRIES; i++) {
                pair.target.receive(i, i * 64L, 64);
            }
            for (int i = 0; i < ENTRIES; i++) {
                pair.host.send(100 + i, 0, 64);
            }
            List<IbvWC> sent = pair.host.completions(ENTRIES);
            List<IbvWC> received = pair.target.completions(ENTRIES);
            for (int i = 0; i < ENTRIES; i++) {
                assertThat(sent.get(i).getWr_id()).isEqualTo(100 + i);
                assertThat(received.get(i).getWr_id()).isEqualTo(i);
            }
        }
    }

    @Test
    void onlySignaledSendsCompleteAndFreeThoseBefore() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            for (int round = 0; round < 3; round++) {
                pair.host.send.clear();
                for (int i = 0; i < ENTRIES; i++) {
                    int flags = i == ENTRIES - 1 ? End.SIGNALED : 0;
                    int at = pair.host.send.add(i, IbvSendWR.IBV_WR_RDMA_WRITE, flags);
                    pair.host.send.remote(
                            at, pair.target.memory.address(), pair.target.region.getRkey());
                }
                pair.host.send.on(pair.host.queuePair).execute();
                assertThat(pair.host.send.posted()).isEqualTo(ENTRIES);
                assertThat(pair.host.completion().getWr_id()).isEqualTo(ENTRIES - 1);
            }
        }
    }

    @Test
    void sendQueueIsFullUntilACompletionIsPolled() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            pair.host.send.clear();
            for (int i = 0; i < ENTRIES + 1; i++) {
                int at = pair.host.send.add(i, IbvSendWR.IBV_WR_RDMA_WRITE, End.SIGNALED);
                pair.host.send.remote(at, 0, 0);
            }
            pair.host.send.on(pair.host.queuePair).execute();
            assertThat(pair.host.send.posted()).isEqualTo(ENTRIES);
            assertThat(pair.host.completions(ENTRIES)).hasSize(ENTRIES);
            pair.host.post(1, IbvSendWR.IBV_WR_RDMA_WRITE, End.SIGNALED, 0, 0);
            assertThat(pair.host.completion().getStatus()).isZero();
        }
    }

    @Test
    void receiveQueueIsFull() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            pair.target.receive.clear();
            for (int i = 0; i < ENTRIES + 1; i++) {
                int at = pair.target.receive.add(i);
                pair.target.receive.segment(
                        at, pair.target.memory.address(), 64, pair.target.region.getLkey());
            }
            pair.target.receive.on(pair.target.queuePair).execute();
            assertThat(pair.target.receive.posted()).isEqualTo(ENTRIES);
            assertErrno(Errno.ENOMEM, () -> pair.target.receive.execute());
        }
    }

    @Test
    void inlineDataIsTakenAtOnce() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            pair.host.memory.fill((byte) 7);
            pair.host.send.clear();
            int at =
                    pair.host.send.add(
                            1, IbvSendWR.IBV_WR_SEND, End.SIGNALED | IbvSendWR.IBV_SEND_INLINE);
            pair.host.send.segment(at, pair.host.memory.address(), 30, 0);
            pair.host.send.segment(at, pair.host.memory.address() + 30, 34, 0);
            pair.host.send.on(pair.host.queuePair).execute();
            pair.host.memory.fill((byte) 9); // while it waits for a receive
            pair.target.receive(2, 0, 64);
            assertThat(pair.target.completion().getByte_len()).isEqualTo(64);
            assertThat(pair.target.memory.asSlice(0, 64).toArray(JAVA_BYTE)).containsOnly((byte) 7);
            assertThat(pair.host.completion().getStatus()).isZero();

            assertErrno(
                    Errno.EINVAL,
                    () ->
                            pair.host.post(
                                    1, IbvSendWR.IBV_WR_SEND, IbvSendWR.IBV_SEND_INLINE, 0, 65));
        }
    }

    @Test
    void opcodesNobodyKnowsAreRefused() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            assertErrno(Errno.EINVAL, () -> pair.host.post(1, 5, 0, 0, 8));
        }
    }

    @Test
    void sendWaitsForAReceive() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            pair.host.send(1, 0, 64);
            pair.host.send(2, 0, 64);
            pair.host.transfer(3, IbvSendWR.IBV_WR_RDMA_WRITE, 0, 8, pair.target);
            pair.target.receive(4, 0, 64);
            assertThat(pair.host.completion().getWr_id()).isEqualTo(1);
            assertThat(pair.host.polls()).isZero();
            pair.target.receive(5, 0, 64);
            assertThat(pair.host.completions(2))
                    .extracting(IbvWC::getWr_id)
                    .containsExactly(2L, 3L);
            assertThat(pair.target.completions(2)).hasSize(2);
        }
    }

    @Test
    void sendGivesUpAfterItsRetries() throws IOException {
        ConnectParameters few = Pair.Shape.depths().receiverNotReadyRetries(3);
        Pair.Shape shape =
                new Pair.Shape(End.Shape.USUAL, End.Shape.USUAL, Pair.Shape.depths(), few);
        try (Pair pair = new Pair(fabric, shape)) {
            long before = System.nanoTime();
            pair.host.send(1, 0, 64);
            pair.host.send(2, 0, 64);
            List<IbvWC> sent = pair.host.completions(2);
            assertThat(System.nanoTime() - before).isGreaterThan(3_000_000);
            assertThat(sent.getFirst().getStatus()).isEqualTo(Carrier.RECEIVER_NOT_READY);
            assertThat(sent.getLast().getStatus()).isEqualTo(Carrier.FLUSHED);
        }
    }

    @Test
    void retriesCountForTheOtherSide() throws IOException {
        ConnectParameters none = Pair.Shape.depths().receiverNotReadyRetries(0);
        Pair.Shape shape =
                new Pair.Shape(End.Shape.USUAL, End.Shape.USUAL, none, Pair.Shape.depths());
        try (Pair pair = new Pair(fabric, shape)) {
            pair.target.send(1, 0, 64);
            assertThat(pair.target.completion().getStatus()).isEqualTo(Carrier.RECEIVER_NOT_READY);
        }
    }

    @Test
    void allThatIsPostedIsFlushedAfterAnError() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            pair.host.receive(1, 0, 64);
            pair.host.receive(2, 0, 64);
            pair.host.send(3, 0, 64); // waits
            pair.host.post(4, IbvSendWR.IBV_WR_SEND, 0, 0, 64);
            int _ = pair.cm.disconnect(pair.host.id);
            List<IbvWC> flushed = pair.host.completions(4);
            assertThat(flushed).extracting(IbvWC::getStatus).containsOnly(Carrier.FLUSHED);
            assertThat(flushed)
                    .extracting(IbvWC::getWr_id)
                    .containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
            pair.host.receive(5, 0, 64);
            pair.host.send(6, 0, 64);
            assertThat(pair.host.completions(2)).extracting(IbvWC::getStatus).containsOnly(5);
        }
    }

    @Test
    void nobodyAcknowledgesForAQueuePairInError() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            int _ = pair.cm.disconnect(pair.host.id);
            pair.target.receive(1, 0, 64);
            pair.target.send(2, 0, 64);
            List<IbvWC> all = pair.target.completions(2);
            assertThat(all.getFirst().getStatus()).isEqualTo(Carrier.RETRIES_EXCEEDED);
            assertThat(all.getLast().getStatus()).isEqualTo(Carrier.FLUSHED);
        }
    }

    @Test
    void readWithoutDepthIsNeverSent() throws IOException {
        ConnectParameters swapped =
                Pair.Shape.depths().initiatorDepth(0).receiverNotReadyRetries(7);
        Pair.Shape shape =
                new Pair.Shape(End.Shape.USUAL, End.Shape.USUAL, Pair.Shape.depths(), swapped);
        try (Pair pair = new Pair(fabric, shape)) {
            pair.target.transfer(1, IbvSendWR.IBV_WR_RDMA_READ, 0, 64, pair.host);
            pair.host.transfer(2, IbvSendWR.IBV_WR_RDMA_READ, 0, 64, pair.target);
            assertThat(pair.host.completion().getStatus()).isZero(); // the worker came past both
            assertThat(pair.target.polls()).isZero();
        }
    }

    @Test
    void completionQueueOverflows() throws IOException {
        End.Shape small = new End.Shape(16, 4, 0, false);
        try (Pair pair = new Pair(fabric, Pair.Shape.of(small, End.Shape.USUAL))) {
            for (int i = 0; i < 5; i++) {
                pair.host.transfer(i, IbvSendWR.IBV_WR_RDMA_WRITE, 0, 8, pair.target);
            }
            AsyncEvent event = null;
            while (event == null) {
                event = pair.host.verbs.getAsyncEvent(pair.host.device);
            }
            assertThat(event.type()).isEqualTo(AsyncEvent.Type.CQ_ERR);
            assertThat(pair.host.verbs.getAsyncEvent(pair.host.device))
                    .isEqualTo(
                            new AsyncEvent(
                                    AsyncEvent.Type.QP_FATAL, pair.host.queuePair.getQp_num()));
            assertThat(pair.host.completions(4)).extracting(IbvWC::getStatus).containsOnly(0);
            pair.host.send(9, 0, 8);
            pair.target.send(1, 0, 8);
            assertThat(pair.target.completion().getStatus()).isEqualTo(Carrier.RETRIES_EXCEEDED);
            assertThat(pair.host.polls()).isZero();
        }
    }

    static void assertErrno(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VerbsException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }
}
