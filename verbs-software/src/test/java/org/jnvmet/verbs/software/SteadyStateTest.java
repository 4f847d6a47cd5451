package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvSendWR;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import org.junit.jupiter.api.Test;

/** What the data path costs once everything is made. */
class SteadyStateTest {
    private static final int BATCH = 16;
    private static final int WARM_UP = 1_000;
    private static final int BATCHES = 1_000;

    /** Posts and polls of both sides run on this thread, so its allocations are theirs; the worker makes none either. */
    @Test
    void postsAndPollsAllocateNothing() throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (SoftwareFabric fabric = Pair.fabric();
                Pair pair = new Pair(fabric)) {
            exchange(pair, WARM_UP);
            long worker = worker(threads);
            long before = allocated(threads, worker);
            exchange(pair, BATCHES);
            long allocated = allocated(threads, worker) - before;

            // The bean's own answer is an object; one byte of each message would be 16,000.
            assertThat(allocated).isLessThan(BATCHES);
        }
    }

    private static void exchange(Pair pair, int batches) throws IOException {
        End host = pair.host;
        End target = pair.target;
        for (int i = 0; i < batches; i++) {
            target.receive.clear();
            host.send.clear();
            for (int j = 0; j < BATCH; j++) {
                if (opcode(j) == IbvSendWR.IBV_WR_SEND) {
                    int receive = target.receive.add(j);
                    target.receive.segment(
                            receive,
                            target.memory.address() + j * 64L,
                            64,
                            target.region.getLkey());
                }
                int send = host.send.add(j, opcode(j), End.SIGNALED);
                host.send.segment(send, host.memory.address() + j * 64L, 64, host.region.getLkey());
                host.send.remote(send, target.memory.address(), target.region.getRkey());
            }
            target.receive.on(target.queuePair).execute();
            host.send.on(host.queuePair).execute();
            await(host, BATCH);
            await(target, BATCH / 2);
        }
    }

    private static long worker(ThreadMXBean threads) {
        for (ThreadInfo each : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (each != null && each.getThreadName().equals("verbs-software")) {
                return each.getThreadId();
            }
        }
        throw new AssertionError("there is no worker");
    }

    private static long allocated(ThreadMXBean threads, long worker) {
        return threads.getCurrentThreadAllocatedBytes() + threads.getThreadAllocatedBytes(worker);
    }

    private static int opcode(int j) {
        return switch (j % 4) {
            case 0, 1 -> IbvSendWR.IBV_WR_SEND;
            case 2 -> IbvSendWR.IBV_WR_RDMA_READ;
            default -> IbvSendWR.IBV_WR_RDMA_WRITE;
        };
    }

    private static void await(End end, int count) throws IOException {
        int got = 0;
        while (got < count) {
            got += end.polls();
            End.pause();
        }
    }
}
