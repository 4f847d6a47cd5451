package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jnvmet.verbs.MemoryRegion;
import org.junit.jupiter.api.Test;

/** Many threads at once: connections in use while others come and go, memory too, and a device is pulled out. */
class StressTest {
    private static final long SEED = Long.getLong("seed", 20251121);
    private static final int CONNECTIONS = 4;
    private static final int MESSAGES = 400;
    private static final int COMINGS = 40;

    @Test
    void connectionsDoNotDisturbEachOther() throws Exception {
        InetAddress[] addresses = addresses();
        try (SoftwareFabric fabric = fabric(addresses)) {
            List<Callable<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                int number = i;
                all.add(() -> exchange(fabric, addresses[number], number));
            }
            all.add(() -> comeAndGo(fabric, addresses[CONNECTIONS]));
            runAll(all);
            assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        }
    }

    /** Messages of random length, each awaited and compared on the other side. */
    private static boolean exchange(SoftwareFabric fabric, InetAddress address, int number)
            throws IOException {
        Random random = new Random(SEED + number);
        try (Pair pair = new Pair(fabric, Pair.Shape.usual(), address)) {
            for (int i = 0; i < MESSAGES; i++) {
                int bytes = 1 + random.nextInt(End.BYTES);
                byte[] data = new byte[bytes];
                random.nextBytes(data);
                boolean send = random.nextBoolean();
                boolean read = !send && random.nextBoolean();
                End source = read ? pair.target : pair.host;
                End sink = read ? pair.host : pair.target;
                MemorySegment.copy(data, 0, source.memory, JAVA_BYTE, 0, bytes);
                if (send) {
                    pair.target.receive(1, 0, End.BYTES);
                    pair.host.send(2, 0, bytes);
                    assertThat(pair.target.completion().getByte_len()).isEqualTo(bytes);
                } else {
                    int opcode = read ? IbvSendWR.IBV_WR_RDMA_READ : IbvSendWR.IBV_WR_RDMA_WRITE;
                    pair.host.transfer(2, opcode, 0, bytes, pair.target);
                }
                assertThat(pair.host.completion().getStatus()).isZero();
                assertThat(sink.memory.asSlice(0, bytes).mismatch(MemorySegment.ofArray(data)))
                        .as("seed %d, message %d", SEED, i)
                        .isNegative();
            }
        }
        return true;
    }

    private static boolean comeAndGo(SoftwareFabric fabric, InetAddress address)
            throws IOException {
        for (int i = 0; i < COMINGS; i++) {
            try (Pair pair = new Pair(fabric, Pair.Shape.usual(), address)) {
                pair.target.receive(1, 0, 64);
                pair.host.transfer(2, IbvSendWR.IBV_WR_RDMA_WRITE, 0, 64, pair.target);
                int _ = pair.cm.disconnect(pair.host.id);
            }
        }
        return true;
    }

    /** Once deregister returns nothing touches the memory: it is unmapped at once, which a late access would not survive. */
    @Test
    void deregisteredMemoryIsLeftAlone() throws Exception {
        AtomicBoolean end = new AtomicBoolean();
        try (SoftwareFabric fabric = Pair.fabric();
                ExecutorService threads = Executors.newFixedThreadPool(1)) {
            for (int i = 0; i < COMINGS; i++) {
                Pair pair = new Pair(fabric);
                Arena arena = Arena.ofShared();
                MemorySegment memory = arena.allocate(1 << 20, 4096);
                MemoryRegion region =
                        pair.target.verbs.registerMemory(
                                pair.target.domain,
                                memory.address(),
                                memory.byteSize(),
                                End.ALL_ACCESS);
                end.set(false);
                Future<Integer> last = threads.submit(() -> writeUntilRefused(pair, region, end));
                Thread.onSpinWait();
                pair.target.verbs.deregister(region);
                arena.close();
                end.set(true);
                assertThat(last.get()).isIn(0, Carrier.REMOTE_ACCESS);
                pair.close();
            }
        }
    }

    private static int writeUntilRefused(Pair pair, MemoryRegion region, AtomicBoolean end)
            throws IOException {
        int status = 0;
        while (status == 0 && !end.get()) {
            pair.host.send.clear();
            int at = pair.host.send.add(1, IbvSendWR.IBV_WR_RDMA_WRITE, End.SIGNALED);
            pair.host.send.segment(
                    at, pair.host.memory.address(), End.BYTES, pair.host.region.getLkey());
            pair.host.send.remote(at, region.getAddr() + (1 << 19), region.getRkey());
            pair.host.send.on(pair.host.queuePair).execute();
            status = pair.host.completion().getStatus();
        }
        return status;
    }

    @Test
    void deviceIsPulledOutUnderLoad() throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < COMINGS; i++) {
            try (SoftwareFabric fabric = Pair.fabric();
                    ExecutorService threads = Executors.newFixedThreadPool(1)) {
                Pair pair = new Pair(fabric);
                Future<List<IbvWC>> last = threads.submit(() -> sendUntilItFails(pair));
                for (int j = random.nextInt(2000); j > 0; j--) {
                    Thread.onSpinWait();
                }
                fabric.removeDevice(random.nextBoolean() ? "soft0" : "soft1");
                assertThat(last.get())
                        .extracting(IbvWC::getStatus)
                        .isNotEmpty()
                        .isSubsetOf(Carrier.RETRIES_EXCEEDED, Carrier.FLUSHED);
                pair.close();
                assertThat(fabric.resources()).isEqualTo(Resources.NONE);
            }
        }
    }

    /** Keeps eight messages under way; those that failed in the end. */
    private static List<IbvWC> sendUntilItFails(Pair pair) throws IOException {
        int posted = 0;
        List<IbvWC> failed = new ArrayList<>();
        while (failed.isEmpty()) {
            while (posted < 8) {
                pair.host.transfer(posted, IbvSendWR.IBV_WR_RDMA_WRITE, 0, 4096, pair.target);
                posted++;
            }
            IbvWC completion = pair.host.next();
            posted--;
            if (completion.getStatus() != 0) {
                failed.add(completion);
            }
        }
        while (posted > 0) {
            failed.add(pair.host.next());
            posted--;
        }
        return failed;
    }

    private static InetAddress[] addresses() {
        InetAddress[] addresses = new InetAddress[CONNECTIONS + 1];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = InetAddress.ofLiteral("10.0.1." + (i + 1));
        }
        return addresses;
    }

    private static SoftwareFabric fabric(InetAddress[] addresses) {
        return new SoftwareFabric(SEED).addDevice("soft0", Pair.HOST).addDevice("soft1", addresses);
    }

    private static void runAll(List<Callable<Boolean>> all) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(all.size())) {
            for (Future<Boolean> each : threads.invokeAll(all)) {
                assertThat(each.get()).isTrue();
            }
        }
    }
}
