package org.jnvmet.testkit;

import static org.jnvmet.testkit.VerbsSide.check;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.IbvWC.IbvWcOpcode;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.VerbsProvider;

/**
 * What every {@link VerbsProvider} must do, over a device that has the given address: both sides of each
 * connection are in this process. The failure of each is an {@link AssertionError}.
 */
@SuppressWarnings(
        "EnumOrdinal") // DiSNI's constants stand in the order of the numbers of ibv_wc_status
public final class VerbsExercise {
    private static final int REQUEST_PADDED = 56;
    private static final int REPLY_PADDED = 196;
    private static final int REJECT_PADDED = 148;
    private static final int SRQ_ENTRIES = 8;
    private static final int CYCLES = 5;
    private static final int WARM_ROUNDS = 400;
    private static final int MEASURED_ROUNDS = 400;
    private static final long ROUND_NANOS = 10_000_000_000L;

    /** Each part, by the sentence that it proves. */
    public static final Map<String, Part> PARTS = parts();

    private VerbsExercise() {}

    /** One thing that a provider must do. */
    @FunctionalInterface
    public interface Part {
        void run(VerbsProvider provider, InetAddress address) throws IOException;
    }

    private static Map<String, Part> parts() {
        Map<String, Part> parts = new LinkedHashMap<>();
        parts.put("connects with private data and depths both ways", VerbsExercise::connects);
        parts.put("rejects with private data", VerbsExercise::rejects);
        parts.put("sends and receives", VerbsExercise::sends);
        parts.put("reads and writes remote memory with several segments", VerbsExercise::remote);
        parts.put("waits for a receiver that is not ready", VerbsExercise::notReady);
        parts.put("gives up on a receiver that is never ready", VerbsFailures::neverReady);
        parts.put("receives for many from a shared queue", VerbsExercise::shared);
        parts.put("sends and invalidates a key", VerbsFailures::invalidates);
        parts.put("refuses a wrong key and flushes the rest", VerbsFailures::wrongKey);
        parts.put("flushes what is posted on disconnect", VerbsFailures::disconnects);
        parts.put("wakes up by the completion channel", VerbsExercise::wakesUp);
        parts.put("answers posts beyond the queue", VerbsFailures::fullQueue);
        parts.put("binds to addresses of devices only", VerbsFailures::binds);
        parts.put("names limits of one device object", VerbsExercise::device);
        parts.put("allocates nothing on the data path", VerbsExercise::allocatesNothing);
        parts.put("leaves nothing behind", VerbsExercise::leavesNothing);
        return parts;
    }

    /** Request and reply carry private data, padded perhaps, and the depths as the other side sees them. */
    public static void connects(VerbsProvider provider, InetAddress address) throws IOException {
        byte[] question = bytes("a question of 32 bytes, all used.");
        byte[] answer = bytes("an answer");
        try (VerbsPair pair = new VerbsPair(provider, address)) {
            CmEvent request =
                    pair.request(
                            VerbsPair.parameters()
                                    .privateData(question)
                                    .responderResources(3)
                                    .initiatorDepth(2));
            checkData(request.parameters(), question, REQUEST_PADDED);
            check(
                    request.parameters().initiatorDepth() == 3
                            && request.parameters().responderResources() == 2,
                    "initiator depth %d, responder resources %d",
                    request.parameters().initiatorDepth(),
                    request.parameters().responderResources());
            InetSocketAddress from =
                    (InetSocketAddress) pair.server.cm.getDstAddr(pair.server.id());
            check(from.getAddress().equals(address), "a request from %s", from);
            check(
                    pair.server.cm.getSrcAddr(pair.server.id()).equals(pair.address),
                    "a request to another address");
            pair.server.prepare(null, null);
            CmEvent established = pair.accept(VerbsPair.parameters().privateData(answer));
            checkData(established.parameters(), answer, REPLY_PADDED);
            exchange(pair, 1);
        }
    }

    /** The client gets the reason. */
    public static void rejects(VerbsProvider provider, InetAddress address) throws IOException {
        byte[] reason = bytes("no");
        try (VerbsPair pair = new VerbsPair(provider, address)) {
            pair.request(VerbsPair.parameters());
            pair.server.cm.reject(pair.server.id(), reason);
            CmEvent rejected = pair.client.expect(EventType.RDMA_CM_EVENT_REJECTED);
            checkData(rejected.parameters(), reason, REJECT_PADDED);
            check(rejected.getStatus() == 28, "rejected with status %d", rejected.getStatus());
        }
    }

    private static void checkData(ConnectParameters parameters, byte[] expected, int most) {
        byte[] got = parameters.privateData();
        check(
                got.length >= expected.length && got.length <= most,
                "%d bytes of private data for %d",
                got.length,
                expected.length);
        check(
                Arrays.equals(got, Arrays.copyOf(expected, got.length)),
                "private data %s, expected %s",
                Arrays.toString(got),
                Arrays.toString(expected));
    }

    /** Messages in both directions, in order, with lengths and numbers of queue pairs. */
    public static void sends(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            for (int round = 0; round < 2 * VerbsSide.ENTRIES; round++) {
                exchange(pair, 1 + round * 97);
            }
        }
    }

    /** One message each way. */
    private static void exchange(VerbsPair pair, int bytes) throws IOException {
        send(pair.client, pair.server, bytes);
        send(pair.server, pair.client, bytes);
    }

    private static void send(VerbsSide from, VerbsSide to, int bytes) throws IOException {
        fill(from.memory.asSlice(0, bytes), bytes);
        to.postReceive(32768, bytes);
        from.request(7, IbvSendWR.IBV_WR_SEND).segment(0, bytes).post();
        IbvWC received = to.succeeded(32768);
        check(
                received.getByte_len() == bytes,
                "%d bytes came, not %d",
                received.getByte_len(),
                bytes);
        check(
                received.getOpcode() == IbvWcOpcode.IBV_WC_RECV.getOpcode(),
                "opcode %d of a receive",
                received.getOpcode());
        check(
                received.getQp_num() == to.queuePair().getQp_num(),
                "a receive of queue pair %d",
                received.getQp_num());
        same(from.memory.asSlice(0, bytes), to.memory.asSlice(32768, bytes));
        IbvWC sent = from.succeeded(7);
        check(sent.getOpcode() == IbvWcOpcode.IBV_WC_SEND.getOpcode(), "opcode of a send");
    }

    /** RDMA READ and WRITE, gathered and scattered. */
    public static void remote(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            VerbsSide ours = pair.client;
            VerbsSide theirs = pair.server;
            fill(theirs.memory, 1);
            ours.request(1, IbvSendWR.IBV_WR_RDMA_READ)
                    .segment(0, 4096)
                    .segment(8192, 512)
                    .segment(20000, 9000)
                    .remote(theirs.at(100), theirs.key())
                    .post();
            IbvWC read = ours.succeeded(1);
            check(read.getOpcode() == IbvWcOpcode.IBV_WC_RDMA_READ.getOpcode(), "opcode of a READ");
            same(ours.memory.asSlice(0, 4096), theirs.memory.asSlice(100, 4096));
            same(ours.memory.asSlice(8192, 512), theirs.memory.asSlice(4196, 512));
            same(ours.memory.asSlice(20000, 9000), theirs.memory.asSlice(4708, 9000));
            fill(ours.memory, 2);
            ours.request(2, IbvSendWR.IBV_WR_RDMA_WRITE)
                    .segment(1, 4095)
                    .segment(9000, 8)
                    .segment(30000, 12000)
                    .remote(theirs.at(40000), theirs.key())
                    .post();
            IbvWC written = ours.succeeded(2);
            check(
                    written.getOpcode() == IbvWcOpcode.IBV_WC_RDMA_WRITE.getOpcode(),
                    "opcode of a WRITE");
            // The data is there for certain when a message that follows it is.
            theirs.postReceive(0, 64);
            ours.request(3, IbvSendWR.IBV_WR_SEND).segment(0, 1).post();
            theirs.succeeded(0);
            same(ours.memory.asSlice(1, 4095), theirs.memory.asSlice(40000, 4095));
            same(ours.memory.asSlice(9000, 8), theirs.memory.asSlice(44095, 8));
            same(ours.memory.asSlice(30000, 12000), theirs.memory.asSlice(44103, 12000));
            ours.succeeded(3);
        }
    }

    /** With endless retries a message waits for its receive. */
    public static void notReady(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            fill(pair.client.memory, 3);
            pair.client.request(1, IbvSendWR.IBV_WR_SEND).segment(0, 100).post();
            check(pair.client.polled().isEmpty(), "sent without a receive");
            pair.server.postReceive(4096, 4096);
            pair.server.succeeded(4096);
            pair.client.succeeded(1);
            same(pair.client.memory.asSlice(0, 100), pair.server.memory.asSlice(4096, 100));
        }
    }

    /** Two connections draw from one queue of receives, and the completions tell whose they are. */
    public static void shared(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair one = new VerbsPair(provider, address);
                VerbsPair two = new VerbsPair(provider, address)) {
            one.request(VerbsPair.parameters());
            Device device = (Device) one.server.id().getVerbs();
            if (device.limits().sharedReceiveEntries() == 0) {
                return;
            }
            IbvPd domain = one.server.verbs.allocPd(device);
            one.server.keep(() -> one.server.verbs.deallocPd(domain));
            SharedReceiveQueue queue =
                    one.server.verbs.createSharedReceiveQueue(domain, SRQ_ENTRIES, 1);
            one.server.keep(() -> one.server.verbs.destroySharedReceiveQueue(queue));
            one.server.prepare(queue, domain);
            one.accept(VerbsPair.parameters());
            two.request(VerbsPair.parameters());
            two.server.prepare(queue, domain);
            two.accept(VerbsPair.parameters());
            ReceiveCall receives = one.server.receiveCall();
            for (int i = 0; i < 2; i++) {
                long offset = i * 4096L;
                receives.segment(
                        receives.add(offset), one.server.at(offset), 4096, one.server.localKey());
            }
            receives.on(queue).execute();
            check(receives.posted() == 2, "%d of 2 receives are posted", receives.posted());
            checkShared(one, one, 0);
            checkShared(two, one, 4096);
        }
    }

    private static void checkShared(VerbsPair pair, VerbsPair owner, long receive)
            throws IOException {
        fill(pair.client.memory, receive + 1);
        pair.client.request(1, IbvSendWR.IBV_WR_SEND).segment(0, 300).post();
        IbvWC received = pair.server.succeeded(receive);
        check(
                received.getQp_num() == pair.server.queuePair().getQp_num(),
                "a receive of queue pair %d",
                received.getQp_num());
        same(pair.client.memory.asSlice(0, 300), owner.server.memory.asSlice(receive, 300));
        pair.client.succeeded(1);
    }

    /** An armed queue tells of its next completion, once. */
    public static void wakesUp(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            VerbsSide theirs = pair.server;
            for (int round = 0; round < 3; round++) {
                theirs.postReceive(0, 64);
                theirs.arm();
                check(theirs.polled().isEmpty(), "a completion before the message");
                check(!wakes(theirs, 0), "woken without a completion");
                pair.client.request(1, IbvSendWR.IBV_WR_SEND).segment(0, 64).post();
                check(wakes(theirs, 10_000), "not woken by a completion");
                theirs.verbs.ackCqEvents(theirs.queue(), 1);
                theirs.succeeded(0);
                check(!wakes(theirs, 20), "woken twice by one completion");
                pair.client.succeeded(1);
            }
        }
    }

    private static boolean wakes(VerbsSide side, int timeoutMs) throws IOException {
        return side.verbs.getCqEvent(side.channel(), side.queue(), timeoutMs);
    }

    /** One object for one device, with sane limits, and nothing to report. */
    public static void device(VerbsProvider provider, InetAddress address) throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            Device device = pair.client.device();
            check(device.equals(pair.server.device()), "two objects for %s", device);
            Device.Limits limits = device.limits();
            check(
                    limits.queuePairEntries() >= VerbsSide.ENTRIES
                            && limits.scatterEntries() >= 1
                            && limits.readScatterEntries() >= 1
                            && limits.completionEntries() >= 2 * VerbsSide.ENTRIES
                            && limits.memoryRegionBytes() >= VerbsSide.BYTES
                            && limits.responderDepth() >= 1
                            && limits.initiatorDepth() >= 1,
                    "%s",
                    limits);
            check(!device.name().isEmpty(), "a device without a name");
            for (int i = 0; pair.client.verbs.getAsyncEvent(device) != null; i++) {
                check(i < 64, "asynchronous events without an end");
            }
        }
    }

    /** Once warm, posting and polling make no garbage. */
    public static void allocatesNothing(VerbsProvider provider, InetAddress address)
            throws IOException {
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            for (int i = 0; i < WARM_ROUNDS; i++) {
                round(pair);
            }
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE; // the JIT may be at work during one
            for (int attempt = 0; attempt < 3 && least > 0; attempt++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < MEASURED_ROUNDS; i++) {
                    round(pair);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            check(least < MEASURED_ROUNDS, "%d bytes in %d rounds", least, MEASURED_ROUNDS);
        }
    }

    /** A message, by the calls that the data path uses. */
    private static void round(VerbsPair pair) throws IOException {
        ReceiveCall receive = pair.server.receiveCall();
        receive.segment(receive.add(1), pair.server.at(0), 64, pair.server.localKey());
        receive.on(pair.server.queuePair()).execute();
        SendCall send = pair.client.sendCall();
        int at = send.add(2, IbvSendWR.IBV_WR_SEND, VerbsSide.SIGNALED);
        send.segment(at, pair.client.at(0), 64, pair.client.localKey());
        send.on(pair.client.queuePair()).execute();
        await(pair.server);
        await(pair.client);
    }

    private static void await(VerbsSide side) throws IOException {
        side.arm();
        long end = System.nanoTime() + ROUND_NANOS;
        while (side.pollCall().execute().getPolls() == 0) {
            Thread.onSpinWait();
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("no completion");
            }
        }
    }

    /** Descriptors of this process are the same before and after. */
    public static void leavesNothing(VerbsProvider provider, InetAddress address)
            throws IOException {
        sends(provider, address);
        long before = descriptors();
        for (int i = 0; i < CYCLES; i++) {
            rejects(provider, address);
            VerbsFailures.disconnects(provider, address);
        }
        long after = descriptors();
        check(after <= before, "%d descriptors, %d before", after, before);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void fill(MemorySegment memory, long seed) {
        byte[] data = new byte[(int) memory.byteSize()];
        new Random(seed).nextBytes(data);
        memory.copyFrom(MemorySegment.ofArray(data));
    }

    private static void same(MemorySegment expected, MemorySegment got) {
        long at = expected.mismatch(got);
        check(at < 0, "byte %d differs of %d", at, expected.byteSize());
    }
}
