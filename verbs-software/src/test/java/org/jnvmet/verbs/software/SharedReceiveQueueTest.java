package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jnvmet.verbs.AsyncEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Receives that do not belong to one queue pair. */
class SharedReceiveQueueTest {
    private static final End.Shape SHARED = new End.Shape(8, 64, 0, true);

    private final SoftwareFabric fabric = Pair.fabric();
    private Pair pair;

    @BeforeEach
    void connect() throws IOException {
        pair = new Pair(fabric, Pair.Shape.of(End.Shape.USUAL, SHARED));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        pair.close();
        fabric.close();
    }

    @Test
    void fillsInTheOrderOfPosts() throws IOException {
        pair.target.receive(1, 0, 64);
        pair.target.receive(2, 64, 64);
        pair.host.send(8, 0, 10);
        pair.host.send(9, 0, 20);
        List<IbvWC> received = pair.target.completions(2);
        assertThat(received).extracting(IbvWC::getWr_id).containsExactly(1L, 2L);
        assertThat(received).extracting(IbvWC::getByte_len).containsExactly(10, 20);
        assertThat(received)
                .extracting(IbvWC::getQp_num)
                .containsOnly(pair.target.queuePair.getQp_num());
        assertThat(pair.host.completions(2)).hasSize(2);
    }

    @Test
    void senderWaitsForAPost() throws IOException {
        pair.host.send(8, 0, 10);
        pair.host.transfer(9, IbvSendWR.IBV_WR_RDMA_WRITE, 0, 10, pair.target);
        assertThat(pair.host.polls()).isZero();
        pair.target.receive(1, 0, 64);
        assertThat(pair.target.completion().getWr_id()).isEqualTo(1);
        assertThat(pair.host.completions(2)).hasSize(2);
    }

    @Test
    void isFullUntilCompletionsArePolled() throws IOException {
        for (int i = 0; i < 8; i++) {
            pair.target.receive(i, 0, 64);
        }
        QueueTest.assertErrno(Errno.ENOMEM, () -> pair.target.receive.execute());
        pair.host.send(1, 0, 64);
        assertThat(pair.target.completion().getWr_id()).isZero();
        assertThat(pair.target.receive.execute().posted()).isEqualTo(1);
        assertThat(pair.host.completion().getStatus()).isZero();
    }

    @Test
    void queuePairHasNoReceivesOfItsOwn() {
        int _ = pair.target.receive.clear().add(1);
        QueueTest.assertErrno(
                Errno.EINVAL, () -> pair.target.receive.on(pair.target.queuePair).execute());
    }

    @Test
    void isNotFlushedWithAQueuePair() throws IOException {
        pair.target.receive(1, 0, 64);
        int _ = pair.cm.disconnect(pair.target.id);
        AsyncEvent event = null;
        while (event == null) {
            event = pair.target.verbs.getAsyncEvent(pair.target.device);
        }
        assertThat(event)
                .isEqualTo(
                        new AsyncEvent(
                                AsyncEvent.Type.QP_LAST_WQE_REACHED,
                                pair.target.queuePair.getQp_num()));
        assertThat(pair.target.polls()).isZero();
    }

    @Test
    void isBusyWhileAQueuePairUsesIt() {
        QueueTest.assertErrno(
                Errno.EBUSY,
                () ->
                        pair.target.verbs.destroySharedReceiveQueue(
                                Objects.requireNonNull(pair.target.shared)));
    }
}
