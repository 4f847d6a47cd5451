package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import org.jnvmet.target.spi.QueueChannel;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Read and write allocate nothing once requests and buffers have been made. */
class DataPathAllocationTest {
    private static final int WARM_UP = 200_000;
    private static final int MOST_RUNS = 20;
    private static final double TOLERANCE_BYTES = 0.5;
    private static final int MEASURED = 50_000;

    private final CoreFixture fixture = new CoreFixture();

    /** A transport that has its data at once and forgets what it sends. */
    private static final class SilentChannel implements QueueChannel {
        private final Cqe cqe = new Cqe().wrap(Arena.ofAuto().allocate(Cqe.BYTES), 0);
        private int completions;
        private int failures;

        @Override
        public void respond(Request request) {
            request.writeCompletion(cqe);
            completions++;
            if (!request.succeeded()) {
                failures++;
            }
            request.queue().release(request);
        }

        @Override
        public void disconnect(String reason) {}

        @Override
        public String hostAddress() {
            return "";
        }

        @Override
        public String localAddress() {
            return "";
        }

        @Override
        public String localService() {
            return "";
        }
    }

    private static final class PlainRequest extends Request {
        private PlainRequest(Queue queue) {
            super(queue, Arena.ofAuto().allocate(Sqe.BYTES), 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {IoOpcode.READ, IoOpcode.WRITE})
    void allocatesNothing(int opcode) {
        TestQueue admin = fixture.admin();
        SilentChannel channel = new SilentChannel();
        Queue queue =
                new Queue(fixture.target, fixture.port, fixture.loop, channel, PlainRequest::new);
        Controller controller = CoreFixture.controller(admin);
        controller.join(queue, 1);
        queue.bind(controller, 1, 128, false);

        fixture.media.noting = false;
        run(queue, opcode, WARM_UP);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // The compiler may take longer than the warm-up; what each command allocates shows every
        // time.
        double least = Double.MAX_VALUE;
        int runs = 0;
        while (least >= TOLERANCE_BYTES && runs < MOST_RUNS) {
            long before = threads.getCurrentThreadAllocatedBytes();
            run(queue, opcode, MEASURED);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            least = Math.min(least, (double) allocated / MEASURED);
            runs++;
        }

        assertThat(channel.completions).isEqualTo(WARM_UP + runs * MEASURED);
        assertThat(channel.failures).isZero();
        assertThat(least).as("bytes per command").isLessThan(TOLERANCE_BYTES);
        queue.onDisconnected("end of test");
        fixture.close();
    }

    private static void run(Queue queue, int opcode, int count) {
        for (int i = 0; i < count; i++) {
            Request request = Objects.requireNonNull(queue.allocate());
            Sqe sqe =
                    Sgl.transport(request.sqe(), CoreFixture.BLOCK)
                            .u8(Sqe.OPCODE, opcode)
                            .u16(Sqe.CID, i & 0xffff)
                            .u32(Sqe.NSID, 1)
                            .u64(Sqe.CDW10, i & 0xff)
                            .u32(Sqe.CDW12, 0);
            queue.onTraffic();
            if (queue.parse(request, sqe.sglLength()) && request.locate()) {
                request.attach(
                        Objects.requireNonNull(
                                request.bufferSource().tryAcquire(request.dataBytes())));
                request.execute();
            }
        }
    }
}
