package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import java.io.IOException;
import java.util.List;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.SendCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory that a work request must not touch: who fails, and how. */
class ProtectionTest {
    private final SoftwareFabric fabric = Pair.fabric();
    private Pair pair;
    private End host;
    private End target;

    @BeforeEach
    void connect() throws IOException {
        pair = new Pair(fabric);
        host = pair.host;
        target = pair.target;
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        pair.close();
        fabric.close();
    }

    @Test
    void sendFromMemoryNobodyRegisteredFails() throws IOException {
        target.receive(1, 0, 64);
        post(host, IbvSendWR.IBV_WR_SEND, host.memory.address(), 64, 0x12345, 0, 0);
        assertThat(host.completion().getStatus()).isEqualTo(Carrier.LOCAL_PROTECTION);
        assertThat(target.polls()).isZero();
    }

    @Test
    void sendBeyondTheRegionFails() throws IOException {
        target.receive(1, 0, 64);
        long last = host.memory.address() + End.BYTES - 32;
        post(host, IbvSendWR.IBV_WR_SEND, last, 33, host.region.getLkey(), 0, 0);
        assertThat(host.completion().getStatus()).isEqualTo(Carrier.LOCAL_PROTECTION);
    }

    @Test
    void theRemoteKeyIsNoLocalKey() throws IOException {
        post(host, IbvSendWR.IBV_WR_SEND, host.memory.address(), 64, host.region.getRkey(), 0, 0);
        assertThat(host.completion().getStatus()).isEqualTo(Carrier.LOCAL_PROTECTION);
    }

    @Test
    void theLocalKeyIsNoRemoteKey() throws IOException {
        write(host.memory.address(), host.region.getLkey(), 64);
        assertRefused();
    }

    @Test
    void writeBeyondTheRegionIsRefused() throws IOException {
        write(host.memory.address() + End.BYTES - 10, host.region.getRkey(), 11);
        assertRefused();
    }

    @Test
    void writeBeforeTheRegionIsRefused() throws IOException {
        write(host.memory.address() - 1, host.region.getRkey(), 8);
        assertRefused();
    }

    @Test
    void writeOfNothingNeedsNoKey() throws IOException {
        write(0, 0, 0);
        assertThat(target.completion().getStatus()).isZero();
    }

    @Test
    void writeNeedsTheRight() throws IOException {
        MemoryRegion readable =
                register(IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_READ);
        write(host.memory.address(), readable.getRkey(), 64);
        assertRefused();
    }

    @Test
    void readNeedsTheRight() throws IOException {
        MemoryRegion writable =
                register(IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE);
        read(host.memory.address(), writable.getRkey(), 64);
        assertRefused();
    }

    @Test
    void anotherDomainHasNoRight() throws IOException {
        IbvPd other = host.verbs.allocPd(host.device);
        MemoryRegion region =
                host.verbs.registerMemory(other, host.memory.address(), End.BYTES, End.ALL_ACCESS);
        host.alsoClose(() -> {
            host.verbs.deregister(region);
            int _ = host.verbs.deallocPd(other);
        });
        write(host.memory.address(), region.getRkey(), 64);
        assertRefused();
    }

    @Test
    void whatIsDeregisteredIsRefused() throws IOException {
        MemoryRegion region =
                host.verbs.registerMemory(
                        host.domain, host.memory.address(), End.BYTES, End.ALL_ACCESS);
        write(host.memory.address(), region.getRkey(), 64);
        assertThat(target.completion().getStatus()).isZero();
        host.verbs.deregister(region);
        write(host.memory.address(), region.getRkey(), 64);
        assertRefused();
    }

    @Test
    void keysAreNotUsedAgainSoon() throws IOException {
        MemoryRegion first = host.verbs.registerMemory(host.domain, host.memory.address(), 64, 0);
        host.verbs.deregister(first);
        MemoryRegion second = host.verbs.registerMemory(host.domain, host.memory.address(), 64, 0);
        host.verbs.deregister(second);
        assertThat(second.getRkey()).isNotIn(first.getRkey(), first.getLkey());
        assertThat(second.getLkey()).isNotIn(first.getRkey(), first.getLkey());
    }

    @Test
    void readNeedsWhereToWrite() throws IOException {
        MemoryRegion readOnly =
                target.verbs.registerMemory(target.domain, target.memory.address(), End.BYTES, 0);
        target.alsoClose(() -> target.verbs.deregister(readOnly));
        post(
                target,
                IbvSendWR.IBV_WR_RDMA_READ,
                target.memory.address(),
                64,
                readOnly.getLkey(),
                host.memory.address(),
                host.region.getRkey());
        assertThat(target.completion().getStatus()).isEqualTo(Carrier.LOCAL_PROTECTION);
    }

    @Test
    void receiveWithoutTheRightFailsBoth() throws IOException {
        MemoryRegion readOnly =
                target.verbs.registerMemory(target.domain, target.memory.address(), End.BYTES, 0);
        target.alsoClose(() -> target.verbs.deregister(readOnly));
        target.receive.clear();
        int at = target.receive.add(3);
        target.receive.segment(at, target.memory.address(), 64, readOnly.getLkey());
        target.receive.on(target.queuePair).execute();
        host.send(4, 0, 64);
        assertThat(target.completion().getStatus()).isEqualTo(Carrier.LOCAL_PROTECTION);
        assertThat(host.completion().getStatus()).isEqualTo(Carrier.REMOTE_OPERATION);
    }

    @Test
    void messageLongerThanTheReceiveFailsBoth() throws IOException {
        target.receive(1, 0, 63);
        target.receive(2, 0, 64);
        host.send(3, 0, 64);
        List<IbvWC> received = target.completions(2);
        assertThat(received.getFirst().getStatus()).isEqualTo(Carrier.LOCAL_LENGTH);
        assertThat(received.getLast().getStatus()).isEqualTo(Carrier.FLUSHED);
        assertThat(host.completion().getStatus()).isEqualTo(Carrier.REMOTE_INVALID_REQUEST);
        assertThat(target.verbs.getAsyncEvent(target.device))
                .isEqualTo(
                        new AsyncEvent(AsyncEvent.Type.QP_REQ_ERR, target.queuePair.getQp_num()));
    }

    @Test
    void invalidateTakesTheKeyAway() throws IOException {
        MemoryRegion region = register(End.ALL_ACCESS);
        host.receive(1, 0, 64);
        target.send.clear();
        int at = target.send.add(2, SendCall.SEND_WITH_INVALIDATE, End.SIGNALED);
        target.send.invalidate(at, region.getRkey());
        target.send.segment(at, target.memory.address(), 64, target.region.getLkey());
        target.send.on(target.queuePair).execute();

        IbvWC received = host.completion();
        assertThat(received.getWc_flags()).isEqualTo(Carrier.WITH_INVALIDATE);
        assertThat(received.getImm_data()).isEqualTo(region.getRkey());
        assertThat(target.completion().getStatus()).isZero();

        write(host.memory.address(), region.getRkey(), 64);
        assertRefused();
    }

    @Test
    void invalidateOfNoKeyFailsBoth() throws IOException {
        host.receive(1, 0, 64);
        target.send.clear();
        int at = target.send.add(2, SendCall.SEND_WITH_INVALIDATE, End.SIGNALED);
        target.send.invalidate(at, 0x999999);
        target.send.segment(at, target.memory.address(), 64, target.region.getLkey());
        target.send.on(target.queuePair).execute();
        assertThat(host.completion().getStatus()).isNotZero();
        assertThat(target.completion().getStatus()).isEqualTo(Carrier.REMOTE_ACCESS);
    }

    @Test
    void onIwarpReadsFillMemoryThatOthersMayWrite() throws IOException {
        Device.Limits iwarp = new Device.Limits(64, 4, 4, 128, 1 << 20, 8, 8, 0, true, false);
        try (SoftwareFabric other =
                        new SoftwareFabric(3)
                                .addDevice("iwarp0", iwarp, false, Pair.HOST, Pair.TARGET);
                Pair connected = new Pair(other)) {
            End end = connected.target;
            MemoryRegion local =
                    end.verbs.registerMemory(
                            end.domain, end.memory.address(), 64, IbvMr.IBV_ACCESS_LOCAL_WRITE);
            end.alsoClose(() -> end.verbs.deregister(local));
            end.transfer(1, IbvSendWR.IBV_WR_RDMA_READ, 0, 64, connected.host);
            assertThat(end.completion().getStatus()).isZero();
            post(
                    end,
                    IbvSendWR.IBV_WR_RDMA_READ,
                    end.memory.address(),
                    64,
                    local.getLkey(),
                    connected.host.memory.address(),
                    connected.host.region.getRkey());
            assertThat(end.completion().getStatus()).isEqualTo(Carrier.LOCAL_PROTECTION);
        }
    }

    private MemoryRegion register(int access) throws IOException {
        MemoryRegion region =
                host.verbs.registerMemory(host.domain, host.memory.address(), End.BYTES, access);
        host.alsoClose(() -> host.verbs.deregister(region));
        return region;
    }

    /** The target's access was refused: both ends are in error, and the host's device says why. */
    private void assertRefused() throws IOException {
        assertThat(target.completion().getStatus()).isEqualTo(Carrier.REMOTE_ACCESS);
        assertThat(host.verbs.getAsyncEvent(host.device))
                .isEqualTo(
                        new AsyncEvent(AsyncEvent.Type.QP_ACCESS_ERR, host.queuePair.getQp_num()));
        host.receive(77, 0, 64);
        assertThat(host.completion().getStatus()).isEqualTo(Carrier.FLUSHED);
        target.send(78, 0, 64);
        assertThat(target.completion().getStatus()).isEqualTo(Carrier.FLUSHED);
    }

    private void write(long address, int key, int bytes) throws IOException {
        post(
                target,
                IbvSendWR.IBV_WR_RDMA_WRITE,
                target.memory.address(),
                bytes,
                target.region.getLkey(),
                new long[] {address, key});
    }

    private void read(long address, int key, int bytes) throws IOException {
        post(
                target,
                IbvSendWR.IBV_WR_RDMA_READ,
                target.memory.address(),
                bytes,
                target.region.getLkey(),
                new long[] {address, key});
    }

    private static void post(End end, int opcode, long address, int bytes, int key, long... remote)
            throws IOException {
        end.send.clear();
        int at = end.send.add(9, opcode, End.SIGNALED);
        end.send.segment(at, address, bytes, key);
        end.send.remote(at, remote[0], (int) remote[1]);
        end.send.on(end.queuePair).execute();
    }
}
