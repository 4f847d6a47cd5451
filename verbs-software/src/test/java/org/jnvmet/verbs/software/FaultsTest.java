package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.verbs.software.QueueTest.assertErrno;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.software.Faults.Step;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Faults happen where and as often as they are asked for. */
class FaultsTest {
    private static final int EIGHT = 8; // an errno that nothing else fails with

    private final SoftwareFabric fabric = Pair.fabric();
    private final Faults faults = fabric.faults();

    @AfterEach
    void end() {
        fabric.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Step.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SEND", "RDMA_READ", "RDMA_WRITE", "RECEIVE", "REJECT"})
    void everyCallOfAConnectionFailsInItsTurn(Step step) throws IOException {
        int failures = 0;
        while (failsAt(step, failures)) {
            failures++;
        }
        try (SoftwareFabric other = Pair.fabric();
                Pair pair = new Pair(other, shared())) {
            exercise(pair);
            assertThat(failures).isEqualTo(other.faults().count(step)).isPositive();
        }
    }

    /** A fabric for each, since the test's own pair cleans nothing up when it fails half-way. */
    private static boolean failsAt(Step step, int skip) throws IOException {
        SoftwareFabric other = Pair.fabric();
        other.faults().failCall(step, skip, EIGHT);
        try (Pair pair = new Pair(other, shared())) {
            exercise(pair);
        } catch (VerbsException e) {
            assertThat(e.errno()).isEqualTo(EIGHT);
            assertThat(other.faults().pending()).isZero();
            return true;
        } finally {
            endAnyway(other);
        }
        return false;
    }

    private static void endAnyway(SoftwareFabric fabric) {
        if (fabric.resources().equals(Resources.NONE)) {
            fabric.close();
        } else {
            assertThatThrownBy(fabric::close).hasMessageContaining("not destroyed");
        }
    }

    private static Pair.Shape shared() {
        return Pair.Shape.of(End.Shape.USUAL, new End.Shape(8, 64, 0, true));
    }

    private static void exercise(Pair pair) throws IOException {
        pair.target.receive(1, 0, 64);
        pair.target.verbs.reqNotifyCQ(pair.target.queue, false).execute();
        pair.host.send(2, 0, 64);
        assertThat(pair.target.completion().getStatus()).isZero();
        assertThat(pair.host.completion().getStatus()).isZero();
    }

    @Test
    void callAfterThoseThatSucceedFailsOnce() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            faults.failCall(Step.POST_RECEIVE, 2, Errno.ENOMEM);
            pair.target.receive(1, 0, 64);
            pair.target.receive(2, 0, 64);
            assertErrno(Errno.ENOMEM, () -> pair.target.receive(3, 0, 64));
            pair.target.receive(4, 0, 64);
            assertThat(faults.count(Step.POST_RECEIVE)).isEqualTo(4);
            assertThat(faults.pending()).isZero();
        }
    }

    @Test
    void rejectFails() throws IOException {
        Pair pair = new Pair(fabric);
        RdmaCmId id = Pair.resolve(pair.cm, pair.hostEvents, Pair.HOST, Pair.TARGET);
        try (End end = new End(fabric.provider(), id, End.Shape.USUAL)) {
            pair.cm.connect(end.id, new ConnectParameters());
            CmEvent request =
                    Pair.expect(
                            pair.cm, pair.targetEvents, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
            faults.failCall(Step.REJECT, 0, EIGHT);
            assertErrno(EIGHT, () -> pair.cm.reject(request.id(), new byte[0]));
            pair.cm.reject(request.id(), new byte[0]);
            int _ = pair.cm.destroyCmId(request.id());
        }
        pair.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Step.class,
            names = {"SEND", "RDMA_READ", "RDMA_WRITE"})
    void workRequestFailsAndItsQueuePairWithIt(Step step) throws IOException {
        try (Pair pair = new Pair(fabric)) {
            pair.target.memory.fill((byte) 1);
            pair.host.memory.fill((byte) 2);
            faults.failCompletion(step, 1, 21);
            pair.target.receive(1, 0, 64);
            pair.target.receive(2, 0, 64);
            for (int i = 0; i < 3; i++) {
                pair.host.transfer(10 + i, opcode(step), i * 64L, 64, pair.target);
            }
            List<IbvWC> all = pair.host.completions(3);
            assertThat(all).extracting(IbvWC::getStatus).containsExactly(0, 21, Carrier.FLUSHED);
            assertThat(all).extracting(IbvWC::getWr_id).containsExactly(10L, 11L, 12L);
            assertThat(
                            pair.target
                                    .memory
                                    .asSlice(64, 64)
                                    .mismatch(pair.host.memory.asSlice(64, 64)))
                    .isZero();
        }
    }

    private static int opcode(Step step) {
        return switch (step) {
            case SEND -> IbvSendWR.IBV_WR_SEND;
            case RDMA_READ -> IbvSendWR.IBV_WR_RDMA_READ;
            case RDMA_WRITE -> IbvSendWR.IBV_WR_RDMA_WRITE;
            default -> throw new IllegalArgumentException(step.name());
        };
    }

    @Test
    void receiveFailsAndItsSenderToo() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            faults.failCompletion(Step.RECEIVE, 0, 21);
            pair.target.receive(1, 0, 64);
            pair.target.receive(2, 0, 64);
            pair.host.send(3, 0, 64);
            assertThat(pair.target.completions(2))
                    .extracting(IbvWC::getStatus)
                    .containsExactly(21, Carrier.FLUSHED);
            assertThat(pair.host.completion().getStatus()).isEqualTo(Carrier.REMOTE_OPERATION);
        }
    }

    @Test
    void lostCompletionIsDoneWithout() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            faults.loseCompletion(Step.SEND, 0);
            faults.loseCompletion(Step.RECEIVE, 1);
            for (int i = 0; i < 3; i++) {
                pair.target.receive(i, i * 64L, 64);
                pair.host.send(10 + i, 0, 64);
            }
            assertThat(pair.host.completions(2))
                    .extracting(IbvWC::getWr_id)
                    .containsExactly(11L, 12L);
            assertThat(pair.target.completions(2))
                    .extracting(IbvWC::getWr_id)
                    .containsExactly(0L, 2L);
            assertThat(pair.target.memory.asSlice(64, 64).mismatch(pair.host.memory.asSlice(0, 64)))
                    .isNegative();
        }
    }

    @Test
    void requestsArriveChanged() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            RdmaCmId id = Pair.resolve(pair.cm, pair.hostEvents, Pair.HOST, Pair.TARGET);
            try (End end = new End(fabric.provider(), id, End.Shape.USUAL)) {
                faults.privateData(bytes -> {
                    bytes[0] ^= 1;
                    return Arrays.copyOf(bytes, 70);
                });
                byte[] data = {4, 5};
                pair.cm.connect(end.id, new ConnectParameters().privateData(data));
                CmEvent request =
                        Pair.expect(
                                pair.cm,
                                pair.targetEvents,
                                EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
                byte[] expected = Arrays.copyOf(new byte[] {5, 5}, 56);
                assertThat(request.parameters().privateData()).isEqualTo(expected);
                assertThat(data).containsExactly(4, 5);
                int _ = pair.cm.destroyCmId(request.id());
                CmEvent _ = Pair.expect(pair.cm, pair.hostEvents, EventType.RDMA_CM_EVENT_REJECTED);
            }
        }
    }

    @Test
    void messageComesBeforeEstablished() throws IOException {
        ConnectionManager cm = fabric.provider().openCm();
        RdmaEventChannel hostEvents = cm.createEventChannel();
        RdmaEventChannel targetEvents = cm.createEventChannel();
        RdmaCmId listener = Pair.listen(cm, targetEvents, Pair.TARGET);
        RdmaCmId id = Pair.resolve(cm, hostEvents, Pair.HOST, Pair.TARGET);
        faults.lateEstablished(true);
        try (End host = new End(fabric.provider(), id, End.Shape.USUAL)) {
            cm.connect(host.id, Pair.Shape.depths());
            CmEvent request =
                    Pair.expect(cm, targetEvents, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
            try (End target = new End(fabric.provider(), request.id(), End.Shape.USUAL)) {
                target.receive(1, 0, 64);
                cm.accept(target.id, Pair.Shape.depths());
                CmEvent _ = Pair.expect(cm, hostEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
                assertThat(cm.getCmEvent(targetEvents, 0)).isNull();
                host.send(2, 0, 64);
                assertThat(target.completion().getWr_id()).isEqualTo(1);
                CmEvent _ = Pair.expect(cm, targetEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
                assertThat(host.completion().getStatus()).isZero();
            }
            CmEvent _ = Pair.expect(cm, hostEvents, EventType.RDMA_CM_EVENT_DISCONNECTED);
        }
        int _ = cm.destroyCmId(listener);
        int _ = cm.destroyEventChannel(hostEvents);
        int _ = cm.destroyEventChannel(targetEvents);
    }

    @Test
    void clearedFaultsDoNotHappen() throws IOException {
        faults.failCall(Step.CREATE_ID, 0, EIGHT);
        faults.failCompletion(Step.SEND, 0, 21);
        faults.privateData(_ -> new byte[] {9});
        faults.clear();
        try (Pair pair = new Pair(fabric)) {
            exercise(pair);
        }
        assertThat(faults.count(Step.CREATE_ID)).isEqualTo(2);
    }

    @Test
    void stepsThatCannotFailSoAreRefused() {
        assertThatThrownBy(() -> faults.failCall(Step.SEND, 0, 5))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faults.failCompletion(Step.BIND, 0, 5))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faults.failCompletion(Step.SEND, 0, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faults.failCall(Step.BIND, -1, 5))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
