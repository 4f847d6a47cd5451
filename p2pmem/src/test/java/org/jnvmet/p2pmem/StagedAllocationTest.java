package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.target.PeerMemory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Staged reads and writes allocate nothing once warm, also when they wait in line. */
@Timeout(120)
class StagedAllocationTest {
    private static final int DEPTH = 16;
    private static final int COMMANDS = 20_000;
    private static final int BYTES = 16 << 10;

    /** What a timer or a task of the loop's own may cost. */
    private static final double TOLERANCE_BYTES = 1;

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allocatesNothing(boolean strict) throws InterruptedException {
        // Memory for half of the depth: the others wait, or fall back.
        try (StagingFixture fixture =
                new StagingFixture(directory, (long) DEPTH / 2 * BYTES, 1, SelfCheck.LIMIT_NANOS)) {
            fixture.enabled(1, fixture.file("disk", 16 << 20));
            fixture.port.allowedPeerMemory(PeerMemory.AUTO);
            fixture.port.strictPeerMemory(strict);
            fixture.port.link(fixture.subsystem);
            HostNamespace disk = fixture.connect(1, 32).namespace(1);
            double least = Double.MAX_VALUE;
            for (int round = 0; round < 6 && least >= TOLERANCE_BYTES; round++) {
                long before = allocated();
                new Run(disk).run();
                least = Math.min(least, (double) (allocated() - before) / COMMANDS);
            }
            assertThat(least).as("bytes per command").isLessThan(TOLERANCE_BYTES);
        }
    }

    /** What the target's threads have allocated: loop and I/O workers. */
    private static long allocated() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] ids =
                Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                        .filter(info -> info != null)
                        .filter(info ->
                                info.getThreadName().startsWith("jnvmet-tcp")
                                        || info.getThreadName().startsWith("jnvmet-io"))
                        .mapToLong(info -> info.getThreadId())
                        .toArray();
        return Arrays.stream(threads.getThreadAllocatedBytes(ids)).sum();
    }

    /** The same commands again and again. */
    private static final class Run {
        private final HostNamespace disk;
        private final AtomicInteger left = new AtomicInteger(COMMANDS);
        private final Semaphore ended = new Semaphore(0);

        private Run(HostNamespace disk) {
            this.disk = disk;
        }

        private void run() throws InterruptedException {
            List<HostRequest> requests = IntStream.range(0, DEPTH).mapToObj(this::request).toList();
            requests.forEach(this::next);
            ended.acquire(DEPTH);
        }

        private HostRequest request(int number) {
            MemorySegment data = Arena.ofAuto().allocate(BYTES);
            int blocks = BYTES / StagingFixture.BLOCK;
            long lba = (long) number * blocks;
            return new HostRequest(this::next)
                    .command(
                            number % 2 == 0
                                    ? IoCommands.read(1, lba, blocks, data)
                                    : IoCommands.write(1, lba, blocks, data));
        }

        private void next(HostRequest request) {
            if (left.getAndDecrement() > 0) {
                disk.submit(request, 0);
            } else {
                ended.release();
            }
        }
    }
}
