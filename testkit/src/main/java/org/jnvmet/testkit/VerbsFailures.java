package org.jnvmet.testkit;

import static org.jnvmet.testkit.VerbsSide.check;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.VerbsProvider;

/** The parts of {@link VerbsExercise} in which something fails, as it has to. */
@SuppressWarnings("EnumOrdinal") // DiSNI's constants stand in the order of enum ibv_wc_status
final class VerbsFailures {
    private static final int WITH_INVALIDATE = 1 << 3;
    private static final int ENODEV = 19;
    private static final int EADDRINUSE = 98;
    private static final int EADDRNOTAVAIL = 99;

    private VerbsFailures() {}

    /** With a bounded number of retries it fails. */
    static void neverReady(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = new VerbsPair(provider, address)) {
            pair.connect(
                    VerbsPair.parameters().receiverNotReadyRetries(1),
                    VerbsPair.parameters().receiverNotReadyRetries(1));
            pair.client.request(1, IbvSendWR.IBV_WR_SEND).segment(0, 100).post();
            expectStatus(pair.client.failed(1), IbvWcStatus.IBV_WC_RNR_RETRY_EXC_ERR);
        }
    }

    /**
     * A key of the receiver is gone before it learns of the message; devices that invalidate keys of the
     * kernel's memory only (rxe) fail the request or the receive instead.
     */
    static void invalidates(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            VerbsSide ours = pair.client;
            VerbsSide theirs = pair.server;
            MemoryRegion region =
                    theirs.verbs.registerMemory(
                            theirs.domain(),
                            theirs.at(8192),
                            4096,
                            IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_READ);
            theirs.keep(() -> theirs.verbs.deregister(region));
            theirs.postReceive(0, 64);
            ours.request(1, SendCall.SEND_WITH_INVALIDATE)
                    .segment(0, 16)
                    .invalidate(region.getRkey())
                    .post();
            IbvWC sent = ours.completion();
            if (sent.getStatus() != 0) {
                check(sent.getWr_id() == 1, "completion of %d", sent.getWr_id());
                return;
            }
            IbvWC received = theirs.completion();
            if (received.getStatus() != 0) {
                expectStatus(received.getStatus(), IbvWcStatus.IBV_WC_REM_INV_REQ_ERR);
                return;
            }
            check(
                    (received.getWc_flags() & WITH_INVALIDATE) != 0
                            && received.getImm_data() == region.getRkey(),
                    "flags %x, key %x of %x",
                    received.getWc_flags(),
                    received.getImm_data(),
                    region.getRkey());
            ours.request(2, IbvSendWR.IBV_WR_RDMA_READ)
                    .segment(0, 16)
                    .remote(theirs.at(8192), region.getRkey())
                    .post();
            expectStatus(ours.failed(2), IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
        }
    }

    /** The first failure has its reason; all that follows is flushed, and so is what is posted later. */
    static void wrongKey(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            VerbsSide ours = pair.client;
            VerbsSide theirs = pair.server;
            ours.postReceive(4096, 64);
            ours.request(1, IbvSendWR.IBV_WR_RDMA_WRITE)
                    .segment(0, 512)
                    .remote(theirs.at(0), theirs.key() ^ 0x5a00)
                    .post();
            expectStatus(ours.failed(1), IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
            expectStatus(ours.failed(4096), IbvWcStatus.IBV_WC_WR_FLUSH_ERR);
            ours.request(2, IbvSendWR.IBV_WR_SEND).segment(0, 1).post();
            expectStatus(ours.failed(2), IbvWcStatus.IBV_WC_WR_FLUSH_ERR);
        }
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            long beyond = pair.server.at(VerbsSide.BYTES - 256);
            pair.client
                    .request(3, IbvSendWR.IBV_WR_RDMA_READ)
                    .segment(0, 512)
                    .remote(beyond, pair.server.key())
                    .post();
            expectStatus(pair.client.failed(3), IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
        }
    }

    /** Both sides learn of it, and every receive comes back. */
    static void disconnects(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            for (int i = 0; i < 4; i++) {
                pair.server.postReceive(i * 64L, 64);
                pair.client.postReceive(i * 64L, 64);
            }
            pair.client.cm.disconnect(pair.client.id());
            pair.server.expect(EventType.RDMA_CM_EVENT_DISCONNECTED);
            pair.server.cm.disconnect(pair.server.id());
            pair.client.expect(EventType.RDMA_CM_EVENT_DISCONNECTED);
            for (int i = 0; i < 4; i++) {
                expectStatus(pair.server.failed(i * 64L), IbvWcStatus.IBV_WC_WR_FLUSH_ERR);
                expectStatus(pair.client.failed(i * 64L), IbvWcStatus.IBV_WC_WR_FLUSH_ERR);
            }
        }
    }

    /** What a queue has no room for is told: those before it are under way. */
    static void fullQueue(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            VerbsSide side = pair.server;
            int posted = 0;
            try {
                for (int before = -1; posted > before && posted < 1 << 16; ) {
                    before = posted;
                    ReceiveCall call = side.receiveCall();
                    while (!call.isFull()) {
                        call.segment(call.add(posted), side.at(0), 64, side.localKey());
                    }
                    call.on(side.queuePair()).execute();
                    posted += call.posted();
                    check(
                            call.posted() == call.size() || call.posted() > 0,
                            "nothing is posted, and no exception");
                    if (call.posted() < call.size()) {
                        break;
                    }
                }
            } catch (VerbsException e) {
                check(e.errno() > 0, "errno %d", e.errno());
            }
            check(posted >= VerbsSide.ENTRIES, "only %d receives are posted", posted);
            check(posted < 1 << 16, "a receive queue without an end");
        }
    }

    /** Foreign addresses are refused; a listener's port is its own. */
    static void binds(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = new VerbsPair(provider, address)) {
            ConnectionManager cm = pair.client.cm;
            RdmaCmId id = pair.client.newId();
            check(cm.getCmEvent(pair.client.events, 0) == null, "an event of nothing");
            VerbsException foreign =
                    refused(() -> cm.bindAddr(id, new InetSocketAddress("192.0.2.77", 0)));
            check(foreign.errno() == EADDRNOTAVAIL || foreign.errno() == ENODEV, "%s", foreign);
            VerbsException taken =
                    refused(() -> {
                        cm.bindAddr(id, pair.address);
                        cm.listen(id, 1);
                    });
            check(taken.errno() == EADDRINUSE, "%s", taken);
        }
    }

    private static VerbsException refused(Attempt attempt) throws IOException {
        try {
            attempt.run();
        } catch (VerbsException e) {
            return e;
        }
        throw new AssertionError("a call succeeded that should not");
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private static void expectStatus(int status, IbvWcStatus expected) {
        check(
                status == expected.ordinal(),
                "status %s, expected %s",
                status < IbvWcStatus.values().length ? IbvWcStatus.valueOf(status) : status,
                expected);
    }
}
