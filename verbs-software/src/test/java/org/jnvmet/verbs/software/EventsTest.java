package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCReqNotify;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ReadableDescriptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Channels tell through descriptors of the kernel's that any epoll can watch. */
class EventsTest {
    private final SoftwareFabric fabric = Pair.fabric();
    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final IoEventLoop loop = group.next();
    private final Semaphore told = new Semaphore(0);
    private Pair pair;
    private SVCReqNotify any;
    private SVCReqNotify solicited;

    @BeforeEach
    void connect() throws IOException {
        pair = new Pair(fabric);
        any = pair.target.verbs.reqNotifyCQ(pair.target.queue, false);
        solicited = pair.target.verbs.reqNotifyCQ(pair.target.queue, true);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        pair.close();
        fabric.close();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    @Test
    void channelOfCompletionsIsReadableUntilItsEventIsTaken() throws Exception {
        int descriptor = pair.target.channel.getFd();
        assertThat(isReadable(descriptor)).isFalse();
        any.execute();
        message(0);
        assertThat(isReadable(descriptor)).isTrue();
        assertThat(isReadable(descriptor)).isTrue();
        assertThat(take(0)).isTrue();
        assertThat(isReadable(descriptor)).isFalse();
        assertThat(take(0)).isFalse();
        pair.target.verbs.ackCqEvents(pair.target.queue, 1);
    }

    @Test
    void nobodyIsToldWhoDidNotAsk() throws Exception {
        message(0);
        assertThat(take(0)).isFalse();
        any.execute(); // what is there already does not count
        assertThat(take(0)).isFalse();
        message(0);
        message(0);
        assertThat(take(10_000)).isTrue();
        assertThat(take(0)).isFalse();
        pair.target.verbs.ackCqEvents(pair.target.queue, 1);
    }

    @Test
    void solicitedMessagesOnly() throws Exception {
        solicited.execute();
        message(0);
        assertThat(take(0)).isFalse();
        message(IbvSendWR.IBV_SEND_SOLICITED);
        assertThat(take(10_000)).isTrue();
        solicited.execute();
        pair.target.receive(1, 0, 64);
        int _ = pair.cm.disconnect(pair.target.id); // its flush is an error
        assertThat(take(10_000)).isTrue();
        pair.target.verbs.ackCqEvents(pair.target.queue, 2);
    }

    @Test
    void queueWithUnacknowledgedEventsWaitsForEver() throws Exception {
        any.execute();
        message(0);
        assertThat(take(10_000)).isTrue();
        assertThatThrownBy(() -> pair.target.verbs.ackCqEvents(pair.target.queue, 2))
                .isInstanceOf(IllegalStateException.class);
        int _ = pair.cm.destroyQP(pair.target.id);
        assertThatThrownBy(() -> pair.target.verbs.destroyCQ(pair.target.queue))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("1 events");
        pair.target.verbs.ackCqEvents(pair.target.queue, 1);
        pair.target.isWithoutQueuePair();
    }

    @Test
    void eventsNobodyTookAreGoneWithTheirQueue() throws Exception {
        any.execute();
        message(0);
        assertThat(isReadable(pair.target.channel.getFd())).isTrue();
        int _ = pair.cm.destroyQP(pair.target.id);
        int _ = pair.target.verbs.destroyCQ(pair.target.queue);
        assertThat(isReadable(pair.target.channel.getFd())).isFalse();
        pair.target.isWithoutQueue();
    }

    @Test
    void channelOfEventsIsReadable() throws Exception {
        int descriptor = pair.hostEvents.getFd();
        assertThat(isReadable(descriptor)).isFalse();
        RdmaCmId id = pair.cm.createId(pair.hostEvents, RdmaCm.RDMA_PS_TCP);
        pair.cm.resolveAddr(id, null, new InetSocketAddress(Pair.TARGET, 1), 1);
        assertThat(isReadable(descriptor)).isTrue();
        CmEvent event = pair.cm.getCmEvent(pair.hostEvents, 0);
        assertThat(event).isNotNull();
        assertThat(isReadable(descriptor)).isFalse();
        int _ = pair.cm.ackCmEvent(event);
        int _ = pair.cm.destroyCmId(id);
    }

    @Test
    void destructionWaitsForAcknowledgement() throws Exception {
        RdmaCmId id = pair.cm.createId(pair.hostEvents, RdmaCm.RDMA_PS_TCP);
        pair.cm.resolveAddr(id, null, new InetSocketAddress(Pair.TARGET, 1), 1);
        CmEvent event = pair.cm.getCmEvent(pair.hostEvents, 0);
        Semaphore destroyed = new Semaphore(0);
        Thread other =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                int _ = pair.cm.destroyCmId(id);
                                destroyed.release();
                            } catch (IOException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        while (other.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertThat(destroyed.tryAcquire()).isFalse();
        assertThat(event).isNotNull();
        int _ = pair.cm.ackCmEvent(event);
        assertThat(destroyed.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void asynchronousEventsAreReadable() throws Exception {
        int descriptor = pair.host.device.asyncDescriptor();
        assertThat(isReadable(descriptor)).isFalse();
        fabric.removeDevice("soft0");
        assertThat(isReadable(descriptor)).isTrue();
        assertThat(pair.host.verbs.getAsyncEvent(pair.host.device)).isNotNull();
        assertThat(isReadable(descriptor)).isFalse();
    }

    private void message(int flags) throws IOException {
        pair.target.receive(1, 0, 64);
        pair.host.post(2, IbvSendWR.IBV_WR_SEND, flags | End.SIGNALED, 0, 64);
        assertThat(pair.target.completion().getStatus()).isZero();
        assertThat(pair.host.completion().getStatus()).isZero();
    }

    private boolean take(int timeoutMs) throws IOException {
        return pair.target.verbs.getCqEvent(pair.target.channel, pair.target.queue, timeoutMs);
    }

    /** Whether an epoll loop finds it readable; it is told again and again as long as it is. */
    private boolean isReadable(int descriptor) throws Exception {
        told.drainPermits();
        ReadableDescriptor watched = new ReadableDescriptor(descriptor, told::release);
        ReadableDescriptor _ = watched.register(loop);
        boolean readable = told.tryAcquire(3, 50, TimeUnit.MILLISECONDS);
        loop.submit(watched::close).get();
        return readable;
    }
}
