package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.verbs.software.QueueTest.assertErrno;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The connection manager: addresses, requests, answers and ends. */
class ConnectionTest {
    private static final InetAddress SIX = InetAddress.ofLiteral("fd00::2");
    private static final InetAddress ANY4 = InetAddress.ofLiteral("0.0.0.0");
    private static final InetAddress ANY6 = InetAddress.ofLiteral("::");
    private static final InetAddress NOBODY = InetAddress.ofLiteral("10.0.0.99");

    private final SoftwareFabric fabric =
            new SoftwareFabric(5)
                    .addDevice("soft0", Pair.HOST)
                    .addDevice("soft1", Pair.TARGET, SIX);
    private final ConnectionManager cm = fabric.provider().openCm();
    private RdmaEventChannel host;
    private RdmaEventChannel target;

    @BeforeEach
    void channels() throws IOException {
        host = cm.createEventChannel();
        target = cm.createEventChannel();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        assertThat(cm.getCmEvent(host, 0)).isNull();
        assertThat(cm.getCmEvent(target, 0)).isNull();
        int _ = cm.destroyEventChannel(host);
        int _ = cm.destroyEventChannel(target);
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        fabric.close();
    }

    @Test
    void addressesAreThoseOfDevices() throws IOException {
        RdmaCmId id = newId();
        assertErrno(
                Errno.EADDRNOTAVAIL, () -> cm.bindAddr(id, new InetSocketAddress(NOBODY, 4420)));
        cm.bindAddr(id, new InetSocketAddress(SIX, 4420));
        assertThat(id.getVerbs()).hasToString("soft1");
        assertThat(cm.getSrcAddr(id)).isEqualTo(new InetSocketAddress(SIX, 4420));
        destroy(id);
    }

    @Test
    void anAddressIsBoundOnce() throws IOException {
        RdmaCmId first = bound(Pair.TARGET);
        RdmaCmId second = newId();
        InetSocketAddress taken = new InetSocketAddress(Pair.TARGET, Pair.PORT);
        assertErrno(Errno.EADDRINUSE, () -> cm.bindAddr(second, taken));
        assertErrno(
                Errno.EADDRNOTAVAIL,
                () -> cm.bindAddr(second, new InetSocketAddress(ANY4, Pair.PORT)));
        destroy(first);
        cm.bindAddr(second, taken);
        destroy(second);
    }

    @Test
    void wildcardOfIpv6LeavesIpv4AloneWhenToldSo() throws IOException {
        RdmaCmId four = bound(ANY4);
        RdmaCmId six = newId();
        InetSocketAddress any = new InetSocketAddress(ANY6, Pair.PORT);
        assertErrno(Errno.EADDRNOTAVAIL, () -> cm.bindAddr(six, any));
        cm.onlyItsFamily(six);
        cm.bindAddr(six, any);
        destroy(four);
        cm.listen(six, 4);
        RdmaCmId id = Pair.resolve(cm, host, null, Pair.TARGET);
        assertRefused(id);
        destroy(six);
    }

    @Test
    void addressIsUsedAgainButNotByTwoWhoListen() throws IOException {
        RdmaCmId first = newId();
        RdmaCmId second = newId();
        cm.reuseAddress(first);
        cm.reuseAddress(second);
        cm.bindAddr(first, new InetSocketAddress(Pair.TARGET, Pair.PORT));
        cm.bindAddr(second, new InetSocketAddress(Pair.TARGET, Pair.PORT));
        cm.listen(first, 1);
        assertErrno(Errno.EADDRINUSE, () -> cm.listen(second, 1));
        destroy(first);
        cm.listen(second, 1);
        destroy(second);
    }

    @Test
    void wildcardHearsAllAddressesOfItsFamilies() throws IOException {
        RdmaCmId listener = bound(ANY6);
        cm.listen(listener, 4);
        assertThat(listener.getVerbs()).isNull();
        for (InetAddress each : new InetAddress[] {Pair.TARGET, SIX}) {
            RdmaCmId id = Pair.resolve(cm, host, null, each);
            try (End end = new End(fabric.provider(), id, End.Shape.USUAL)) {
                cm.connect(end.id, new ConnectParameters());
                CmEvent request = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
                assertThat(request.id().getVerbs()).hasToString("soft1");
                assertThat(cm.getSrcAddr(request.id()))
                        .isEqualTo(new InetSocketAddress(each, Pair.PORT));
                assertThat(cm.getDstAddr(request.id())).isEqualTo(cm.getSrcAddr(id));
                destroy(request.id());
                CmEvent _ = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
            }
        }
        destroy(listener);
    }

    @Test
    void nobodyHasTheAddress() throws IOException {
        RdmaCmId id = newId();
        cm.resolveAddr(id, null, new InetSocketAddress(NOBODY, 4420), 10);
        CmEvent event = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_ADDR_ERROR);
        assertThat(event.getStatus()).isEqualTo(-Errno.EHOSTUNREACH);
        destroy(id);
    }

    @Test
    void nobodyListens() throws IOException {
        RdmaCmId id = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        assertRefused(id);
    }

    private void assertRefused(RdmaCmId id) throws IOException {
        End end = new End(fabric.provider(), id, End.Shape.USUAL);
        cm.connect(id, new ConnectParameters());
        CmEvent event = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
        assertThat(event.getStatus()).isEqualTo(Identifier.INVALID_SERVICE);
        end.close();
    }

    @Test
    void privateDataAndDepthsReachTheOtherSide() throws IOException {
        RdmaCmId listener = Pair.listen(cm, target, Pair.TARGET);
        RdmaCmId id = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        byte[] asked = {1, 2, 3, 4};
        byte[] answered = {9, 8, 7};
        ConnectParameters ask =
                new ConnectParameters()
                        .privateData(asked)
                        .initiatorDepth(3)
                        .responderResources(5)
                        .retries(6)
                        .receiverNotReadyRetries(4);
        try (End one = new End(fabric.provider(), id, End.Shape.USUAL)) {
            cm.connect(one.id, ask);
            CmEvent request = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
            assertThat(request.getListenIdPriv()).isSameAs(listener);
            assertThat(request.parameters().privateData()).isEqualTo(Arrays.copyOf(asked, 56));
            assertThat(request.parameters().initiatorDepth()).isEqualTo(5);
            assertThat(request.parameters().responderResources()).isEqualTo(3);
            assertThat(request.parameters().getRetry_count()).isEqualTo((byte) 6);
            assertThat(request.parameters().getRnr_retry_count()).isEqualTo((byte) 4);
            try (End other = new End(fabric.provider(), request.id(), End.Shape.USUAL)) {
                cm.accept(
                        other.id,
                        new ConnectParameters()
                                .privateData(answered)
                                .initiatorDepth(ConnectParameters.MAX_DEPTH)
                                .responderResources(2));
                CmEvent reply = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_ESTABLISHED);
                assertThat(reply.parameters().privateData())
                        .isEqualTo(Arrays.copyOf(answered, 196));
                assertThat(reply.parameters().initiatorDepth()).isEqualTo(2);
                assertThat(reply.parameters().responderResources()).isEqualTo(16);
                CmEvent ready = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_ESTABLISHED);
                assertThat(ready.id()).isSameAs(other.id);
            }
            CmEvent _ = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_DISCONNECTED);
        }
        destroy(listener);
    }

    @Test
    void tooMuchIsRefused() throws IOException {
        RdmaCmId listener = Pair.listen(cm, target, Pair.TARGET);
        RdmaCmId id = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        try (End end = new End(fabric.provider(), id, End.Shape.USUAL)) {
            assertErrno(
                    Errno.EINVAL,
                    () -> cm.connect(end.id, new ConnectParameters().privateData(new byte[57])));
            assertErrno(
                    Errno.EINVAL,
                    () -> cm.connect(end.id, new ConnectParameters().initiatorDepth(17)));
            assertErrno(
                    Errno.EINVAL,
                    () -> cm.connect(end.id, new ConnectParameters().responderResources(17)));
            cm.connect(end.id, new ConnectParameters().privateData(new byte[56]));
            CmEvent request = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
            assertErrno(Errno.EINVAL, () -> cm.reject(request.id(), new byte[149]));
            destroy(request.id());
            CmEvent _ = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
        }
        destroy(listener);
    }

    @Test
    void rejectCarriesPrivateData() throws IOException {
        RdmaCmId listener = Pair.listen(cm, target, Pair.TARGET);
        RdmaCmId id = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        try (End end = new End(fabric.provider(), id, End.Shape.USUAL)) {
            end.receive(1, 0, 64);
            cm.connect(end.id, new ConnectParameters());
            CmEvent request = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
            cm.reject(request.id(), new byte[] {0, 0, 6, 0});
            assertErrno(Errno.EINVAL, () -> cm.reject(request.id(), new byte[0]));
            destroy(request.id());
            CmEvent event = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
            assertThat(event.getStatus()).isEqualTo(Identifier.CONSUMER_DEFINED);
            assertThat(event.parameters().privateData())
                    .isEqualTo(Arrays.copyOf(new byte[] {0, 0, 6, 0}, 148));
            assertThat(end.completion().getStatus()).isEqualTo(Carrier.FLUSHED);
        }
        destroy(listener);
    }

    @Test
    void fullBacklogRefuses() throws IOException {
        RdmaCmId listener = bound(Pair.TARGET);
        cm.listen(listener, 1);
        RdmaCmId first = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        RdmaCmId second = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        try (End one = new End(fabric.provider(), first, End.Shape.USUAL);
                End two = new End(fabric.provider(), second, End.Shape.USUAL)) {
            cm.connect(one.id, new ConnectParameters());
            cm.connect(two.id, new ConnectParameters());
            CmEvent refused = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
            assertThat(refused.id()).isSameAs(second);
            destroy(listener); // with the request nobody heard
            CmEvent other = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
            assertThat(other.id()).isSameAs(first);
        }
    }

    @Test
    void answeredRequestsMakeRoomInTheBacklog() throws IOException {
        RdmaCmId listener = bound(Pair.TARGET);
        cm.listen(listener, 1);
        for (int i = 0; i < 3; i++) {
            RdmaCmId id = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
            try (End end = new End(fabric.provider(), id, End.Shape.USUAL)) {
                cm.connect(end.id, new ConnectParameters());
                CmEvent request = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
                destroy(request.id());
                CmEvent _ = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
            }
        }
        destroy(listener);
    }

    @Test
    void disconnectIsAnsweredByTheOtherSide() throws IOException {
        Pair pair = new Pair(fabric);
        int _ = cm.disconnect(pair.host.id);
        assertThat(cm.getCmEvent(pair.hostEvents, 0)).isNull();
        CmEvent _ = Pair.expect(cm, pair.targetEvents, EventType.RDMA_CM_EVENT_DISCONNECTED);
        pair.target.receive(1, 0, 64);
        assertThat(pair.target.polls()).isZero(); // nothing is flushed before it answers
        int _ = cm.disconnect(pair.target.id);
        assertThat(pair.target.completion().getStatus()).isEqualTo(Carrier.FLUSHED);
        CmEvent _ = Pair.expect(cm, pair.hostEvents, EventType.RDMA_CM_EVENT_DISCONNECTED);
        CmEvent _ = Pair.expect(cm, pair.hostEvents, EventType.RDMA_CM_EVENT_TIMEWAIT_EXIT);
        CmEvent _ = Pair.expect(cm, pair.targetEvents, EventType.RDMA_CM_EVENT_TIMEWAIT_EXIT);
        assertThat(cm.disconnect(pair.host.id)).isZero();
        pair.close();
    }

    @Test
    void hostThatGivesUpTakesItsRequestBack() throws IOException {
        RdmaCmId listener = Pair.listen(cm, target, Pair.TARGET);
        RdmaCmId id = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        End end = new End(fabric.provider(), id, End.Shape.USUAL);
        cm.connect(id, new ConnectParameters());
        CmEvent request = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
        end.close();
        CmEvent _ = Pair.expect(cm, target, EventType.RDMA_CM_EVENT_REJECTED);
        assertErrno(Errno.EINVAL, () -> cm.accept(request.id(), new ConnectParameters()));
        destroy(request.id());
        destroy(listener);
    }

    @Test
    void callsOutOfOrderAreRefused() throws IOException {
        RdmaCmId id = newId();
        assertErrno(Errno.EINVAL, () -> cm.listen(id, 1));
        assertErrno(Errno.EINVAL, () -> cm.resolveRoute(id, 1));
        assertErrno(Errno.EINVAL, () -> cm.connect(id, new ConnectParameters()));
        assertErrno(Errno.EINVAL, () -> cm.accept(id, new ConnectParameters()));
        assertErrno(Errno.EINVAL, () -> cm.disconnect(id));
        destroy(id);
    }

    @Test
    void waitsForAnEventAsLongAsItIsTold() throws Exception {
        long before = System.nanoTime();
        assertThat(cm.getCmEvent(host, 20)).isNull();
        assertThat(System.nanoTime() - before).isGreaterThan(19_000_000);
        RdmaCmId id = newId();
        Thread later =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                cm.resolveAddr(id, null, new InetSocketAddress(Pair.TARGET, 1), 1);
                            } catch (IOException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        CmEvent _ = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        later.join();
        destroy(id);
    }

    private RdmaCmId newId() throws IOException {
        return cm.createId(host, RdmaCm.RDMA_PS_TCP);
    }

    private RdmaCmId bound(InetAddress address) throws IOException {
        RdmaCmId id = cm.createId(target, RdmaCm.RDMA_PS_TCP);
        cm.bindAddr(id, new InetSocketAddress(address, Pair.PORT));
        return id;
    }

    private void destroy(RdmaCmId id) throws IOException {
        assertThat(cm.destroyCmId(id)).isZero();
    }
}
