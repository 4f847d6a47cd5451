package org.jnvmet.host.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.LooseQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** After warm-up the queue's thread allocates nothing from submission to completion. */
class RdmaAllocationTest {
    private static final int DEPTH = 8;
    private static final int WARM_UP = 4000;
    private static final int COMMANDS = 1000;
    private static final int MOST_RUNS = 20;

    /** What the virtual machine itself may do on the thread meanwhile, per command. */
    private static final double TOLERANCE_BYTES = 1;

    /** Room for the data of four of the longest. */
    private static final RdmaSettings SETTINGS = new RdmaSettings(1 << 20, 1 << 20, 1 << 20, 4096);

    private final RdmaFixture fixture = new RdmaFixture(SETTINGS);
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @AfterEach
    void close() {
        fixture.close();
    }

    /** In the capsule, through registered memory, and with many that wait for some of it. */
    @ParameterizedTest
    @CsvSource({"4096, true", "4096, false", "65536, true", "262144, false"})
    void allocatesNothingPerCommand(int bytes, boolean write) throws InterruptedException {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(DEPTH + 1));
                Arena arena = Arena.ofShared()) {
            RawTarget.Connection target = fixture.target.next();
            Load load = new Load(queue, arena.allocate(bytes, 4096), write);
            load.run(target, WARM_UP);
            double least = Double.MAX_VALUE;
            for (int run = 0; run < MOST_RUNS && least >= TOLERANCE_BYTES; run++) {
                long before = threads.getThreadAllocatedBytes(load.thread);
                load.run(target, COMMANDS);
                long after = threads.getThreadAllocatedBytes(load.thread);
                least = Math.min(least, (double) (after - before) / COMMANDS);
            }
            assertThat(load.failed).hasValue(0);
            assertThat(least).as("bytes per command").isLessThan(TOLERANCE_BYTES);
        }
    }

    /** The same requests again and again, each from its completion. */
    private static final class Load {
        private final LooseQueue queue;
        private final MemorySegment data;
        private final boolean write;
        private final HostRequest[] requests = new HostRequest[DEPTH];
        private final AtomicInteger left = new AtomicInteger();
        private final AtomicInteger failed = new AtomicInteger();
        private volatile CountDownLatch ended = new CountDownLatch(0);
        private volatile long thread;

        Load(LooseQueue queue, MemorySegment data, boolean write) {
            this.queue = queue;
            this.data = data;
            this.write = write;
            for (int i = 0; i < DEPTH; i++) {
                requests[i] = new HostRequest(this::onComplete);
            }
        }

        void run(RawTarget.Connection target, int commands) throws InterruptedException {
            ended = new CountDownLatch(DEPTH);
            left.set(commands - DEPTH);
            for (HostRequest request : requests) {
                submit(request);
            }
            for (int i = 0; i < commands; i++) {
                target.respond(Capsule.of(target.capsule()).commandId(), 0, 0);
            }
            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        }

        private void submit(HostRequest request) {
            int blocks = (int) (data.byteSize() / 512);
            if (write) {
                IoCommands.write(request.command(), 1, 0, blocks, data);
            } else {
                IoCommands.read(request.command(), 1, 0, blocks, data);
            }
            queue.queue().submit(request);
        }

        private void onComplete(HostRequest request) {
            if (!request.succeeded()) {
                failed.incrementAndGet();
            }
            thread = Thread.currentThread().threadId();
            if (left.decrementAndGet() >= 0) {
                submit(request);
            } else {
                ended.countDown();
            }
        }
    }
}
