package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.verbs.software.QueueTest.assertErrno;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.Verbs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Devices: what they cannot do, and that they come and go. */
class DeviceTest {
    private static final Device.Limits SMALL =
            new Device.Limits(16, 2, 2, 32, 8192, 4, 2, 0, false, true);

    private static final InetAddress SMALLS_ADDRESS = InetAddress.ofLiteral("10.0.0.3");

    private final SoftwareFabric fabric = Pair.fabric();
    private final ConnectionManager cm = fabric.provider().openCm();
    private final Verbs verbs = fabric.provider().openVerbs();

    @AfterEach
    void nothingIsLeft() {
        fabric.close();
    }

    @Test
    void removalIsToldToAllWhoUseIt() throws IOException {
        Pair pair = new Pair(fabric);
        pair.target.receive(1, 0, 64);
        fabric.removeDevice("soft1");

        CmEvents.expectAll(
                cm,
                pair.targetEvents,
                EventType.RDMA_CM_EVENT_DEVICE_REMOVAL,
                pair.listener,
                pair.target.id);
        assertThat(verbs.getAsyncEvent(pair.target.device))
                .isEqualTo(new AsyncEvent(AsyncEvent.Type.DEVICE_FATAL, 0));
        assertThat(pair.target.completion().getStatus()).isEqualTo(Carrier.FLUSHED);
        assertErrno(Errno.EIO, () -> verbs.allocPd(pair.target.device));
        assertErrno(
                Errno.EIO,
                () ->
                        verbs.registerMemory(
                                pair.target.domain, pair.target.memory.address(), 64, 0));
        pair.host.send(2, 0, 64);
        assertThat(pair.host.completion().getStatus()).isEqualTo(Carrier.RETRIES_EXCEEDED);
        pair.close();
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
    }

    @Test
    void comesBackAsAnotherDevice() throws IOException {
        Pair pair = new Pair(fabric);
        Device before = pair.target.device;
        fabric.removeDevice("soft1");
        RdmaEventChannel events = cm.createEventChannel();
        RdmaCmId id = cm.createId(events, RdmaCm.RDMA_PS_TCP);
        InetSocketAddress address = new InetSocketAddress(Pair.TARGET, Pair.PORT);
        assertErrno(Errno.EADDRNOTAVAIL, () -> cm.bindAddr(id, address));
        fabric.addDevice("soft1", Pair.TARGET);
        assertErrno(Errno.EADDRINUSE, () -> cm.bindAddr(id, address)); // the listener is there yet
        pair.close();
        cm.bindAddr(id, address);
        assertThat(id.getVerbs()).isNotSameAs(before).hasToString("soft1");
        int _ = cm.destroyCmId(id);
        int _ = cm.destroyEventChannel(events);
        try (Pair again = new Pair(fabric)) {
            again.host.transfer(1, IbvSendWR.IBV_WR_RDMA_READ, 0, 64, again.target);
            assertThat(again.host.completion().getStatus()).isZero();
        }
    }

    @Test
    void movedAddressIsToldAndItsListenerHearsNoMore() throws IOException {
        Pair pair = new Pair(fabric);
        fabric.addDevice("soft2");
        fabric.moveAddress(Pair.TARGET, "soft2");
        CmEvents.expectAll(
                cm,
                pair.targetEvents,
                EventType.RDMA_CM_EVENT_ADDR_CHANGE,
                pair.listener,
                pair.target.id);
        pair.host.transfer(1, IbvSendWR.IBV_WR_RDMA_READ, 0, 64, pair.target);
        assertThat(pair.host.completion().getStatus()).isZero(); // the connection goes on

        RdmaCmId id = Pair.resolve(cm, pair.hostEvents, Pair.HOST, Pair.TARGET);
        End end = new End(fabric.provider(), id, End.Shape.USUAL);
        cm.connect(id, new ConnectParameters());
        assertThat(Pair.expect(cm, pair.hostEvents, EventType.RDMA_CM_EVENT_REJECTED).getStatus())
                .isEqualTo(Identifier.INVALID_SERVICE);
        end.close();
        int _ = cm.destroyCmId(pair.listener);
        RdmaCmId listener = Pair.listen(cm, pair.targetEvents, Pair.TARGET);
        assertThat(listener.getVerbs()).hasToString("soft2");
        pair.closeEnds();
        int _ = cm.destroyCmId(listener);
        pair.closeChannels();
    }

    @Test
    void limitsAreEnforced() throws IOException {
        fabric.addDevice("small0", SMALL, false, SMALLS_ADDRESS);
        try (Arena arena = Arena.ofConfined()) {
            long memory = arena.allocate(16384, 4096).address();
            RdmaEventChannel events = cm.createEventChannel();
            RdmaCmId id = cm.createId(events, RdmaCm.RDMA_PS_TCP);
            cm.bindAddr(id, new InetSocketAddress(SMALLS_ADDRESS, 0));
            Device device = (Device) id.getVerbs();
            IbvPd domain = verbs.allocPd(device);
            IbvCQ queue = verbs.createCQ(device, null, 32, 3);

            assertThat(device.limits()).isEqualTo(SMALL);
            assertErrno(Errno.EINVAL, () -> verbs.createCQ(device, null, 33, 0));
            assertErrno(Errno.EINVAL, () -> verbs.createCQ(device, null, 0, 0));
            assertErrno(Errno.EINVAL, () -> verbs.createCQ(device, null, 1, 4));
            assertErrno(Errno.ENOMEM, () -> verbs.registerMemory(domain, memory, 8193, 0));
            assertErrno(Errno.EINVAL, () -> verbs.registerMemory(domain, memory, 0, 0));
            assertErrno(Errno.EINVAL, () -> verbs.registerMemory(domain, memory, 64, 2));
            assertErrno(Errno.EFAULT, () -> verbs.registerMemory(domain, 4096, 64, 0));
            assertErrno(Errno.EOPNOTSUPP, () -> verbs.createSharedReceiveQueue(domain, 1, 1));
            assertErrno(Errno.EOPNOTSUPP, () -> verbs.registerDmaBuf(domain, 0, 0, 64, memory, 0));
            for (int i = 0; i < 5; i++) {
                IbvQPInitAttr attributes = new IbvQPInitAttr();
                attributes.setQp_type((byte) (i == 4 ? 4 : 2));
                attributes.setSend_cq(queue);
                attributes.setRecv_cq(queue);
                attributes.cap().setMax_send_wr(i == 0 ? 17 : 16);
                attributes.cap().setMax_recv_wr(i == 1 ? 17 : 16);
                attributes.cap().setMax_send_sge(i == 2 ? 3 : 2);
                attributes.cap().setMax_recv_sge(i == 3 ? 3 : 2);
                assertErrno(Errno.EINVAL, () -> cm.createQP(id, domain, attributes));
            }
            int _ = verbs.destroyCQ(queue);
            int _ = verbs.deallocPd(domain);
            int _ = cm.destroyCmId(id);
            int _ = cm.destroyEventChannel(events);
        }
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
    }
}
