package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.tcp.DataPdu;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.R2t;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** After warm-up the host allocates nothing from submission to completion, whichever way the data goes. */
@SuppressWarnings("restricted") // the memory that the queue names is its own
class AllocationTest {
    private static final int DEPTH = 16;
    private static final int WARM_UP_ROUNDS = 2000;
    private static final int MOST_RUNS = 20;
    private static final int ROUNDS = 500;

    /** What the virtual machine itself may do on the thread meanwhile, per command. */
    private static final double TOLERANCE_BYTES = 1;

    private static final int IN_CAPSULE = 8192;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @CsvSource({
        "4096, false, 0", "4096, false, 3", "4096, true, 0", "4096, true, 3",
        "65536, false, 0", "65536, false, 3", "65536, true, 0", "65536, true, 3"
    })
    void allocatesNothingPerCommand(int bytes, boolean write, int digests) {
        var options = new QueueOptions(1, DEPTH + 1, IN_CAPSULE, true, 1000);
        try (var wire =
                        new MemoryWire(
                                TcpOptions.DEFAULTS,
                                (digests & Digest.HEADER) != 0,
                                (digests & Digest.DATA) != 0,
                                options);
                Arena arena = Arena.ofShared()) {
            wire.initialized("000%d".formatted(digests), 16384);
            Controller controller = new Controller(wire.protocol(), arena, digests);
            Load load = new Load(wire, controller, arena, bytes, write);
            load.run(WARM_UP_ROUNDS);
            double least = Double.MAX_VALUE;
            for (int run = 0; run < MOST_RUNS && least >= TOLERANCE_BYTES; run++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                load.run(ROUNDS);
                long after = threads.getCurrentThreadAllocatedBytes();
                least = Math.min(least, (double) (after - before) / (ROUNDS * DEPTH));
            }
            assertThat(load.failed).isZero();
            assertThat(least).as("bytes per command").isLessThan(TOLERANCE_BYTES);
        }
    }

    /** The same requests again and again. */
    private static final class Load {
        private final MemoryWire wire;
        private final Controller controller;
        private final HostRequest[] requests = new HostRequest[DEPTH];
        private final MemorySegment[] memory = new MemorySegment[DEPTH];
        private final int blocks;
        private final boolean write;
        private int done;
        private int failed;

        Load(MemoryWire wire, Controller controller, Arena arena, int bytes, boolean write) {
            this.wire = wire;
            this.controller = controller;
            this.write = write;
            blocks = bytes / 512;
            for (int i = 0; i < DEPTH; i++) {
                requests[i] = new HostRequest(this::onComplete);
                memory[i] =
                        i % 4 == 0
                                ? MemorySegment.ofArray(new byte[bytes])
                                : arena.allocate(bytes, 512);
            }
        }

        private void onComplete(HostRequest request) {
            done++;
            failed += request.succeeded() ? 0 : 1;
        }

        void run(int rounds) {
            for (int round = 0; round < rounds; round++) {
                done = 0;
                for (int i = 0; i < DEPTH; i++) {
                    if (write) {
                        IoCommands.write(requests[i].command(), 1, round, blocks, memory[i]);
                    } else {
                        IoCommands.read(requests[i].command(), 1, round, blocks, memory[i]);
                    }
                    wire.queue().submit(requests[i]);
                }
                while (done < DEPTH) {
                    controller.answer();
                }
            }
        }
    }

    /** Answers commands as they come; allocates nothing itself. */
    private static final class Controller {
        private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
        private static final int BUFFER_BYTES = 4 << 20;

        private final TcpQueue queue;
        private final MemorySegment vector;
        private final MemorySegment taken;
        private final MemorySegment answers;
        private final ByteBuffer answersView;
        private final boolean headerDigest;
        private final boolean dataDigest;
        private final long[] missing = new long[1 << 16];
        private final PduHeader common = new PduHeader();
        private final DataPdu dataPdu = new DataPdu();
        private final R2t r2t = new R2t();
        private final Cqe cqe = new Cqe();
        private final Digest digest = new Digest();
        private int answered;

        Controller(TcpQueue queue, Arena arena, int digests) {
            this.queue = queue;
            headerDigest = (digests & Digest.HEADER) != 0;
            dataDigest = (digests & Digest.DATA) != 0;
            vector = arena.allocate(TcpQueue.MAX_VECTOR_ENTRIES * 16L, 8);
            taken = arena.allocate(BUFFER_BYTES);
            answers = arena.allocate(BUFFER_BYTES);
            answersView = Digest.view(answers);
        }

        void answer() {
            int bytes = 0;
            int entries = queue.gather(vector, TcpQueue.MAX_VECTOR_ENTRIES);
            while (entries > 0) {
                int before = bytes;
                for (int i = 0; i < entries; i++) {
                    long address = vector.get(ValueLayout.JAVA_LONG, i * 16L);
                    long length = vector.get(ValueLayout.JAVA_LONG, i * 16L + 8);
                    MemorySegment.copy(ALL, address, taken, bytes, length);
                    bytes += (int) length;
                }
                queue.onSent(bytes - before);
                entries = queue.gather(vector, TcpQueue.MAX_VECTOR_ENTRIES);
            }
            answered = 0;
            int position = 0;
            while (position < bytes) {
                common.wrap(taken, position);
                answerTo(position);
                position += (int) common.wrap(taken, position).length();
            }
            feed();
        }

        private void answerTo(int position) {
            if (common.type() == PduHeader.H2C_DATA) {
                dataPdu.wrap(taken, position);
                int id = dataPdu.commandId();
                missing[id] -= dataPdu.dataLength();
                if (missing[id] == 0) {
                    complete(id);
                }
                return;
            }
            int id = Short.toUnsignedInt(taken.get(Le.U16, position + 10));
            int opcode = taken.get(Le.U8, position + 8);
            int length = taken.get(Le.U32, position + 40);
            if (opcode == 2) {
                dataPdu.wrap(answers, answered).set(id, 0, 0, length);
                send(PduHeader.C2H_DATA, PduHeader.LAST_PDU, length);
                complete(id);
            } else if (common.dataOffset() > 0) {
                complete(id);
            } else {
                missing[id] = length;
                r2t.wrap(answers, answered).set(id, id, 0, length);
                send(PduHeader.R2T, 0, 0);
            }
        }

        private void complete(int id) {
            cqe.wrap(answers, answered + PduHeader.BYTES).set(0, 0, 1, id, 0);
            send(PduHeader.CAPSULE_RESP, 0, 0);
        }

        private void send(int type, int flags, int dataLength) {
            int offset = PduHeader.HLEN_24 + (headerDigest ? Digest.BYTES : 0);
            boolean withDigest = dataDigest && dataLength > 0;
            int length = offset + dataLength + (withDigest ? Digest.BYTES : 0);
            int all =
                    flags
                            | (headerDigest ? PduHeader.HDGSTF : 0)
                            | (withDigest ? PduHeader.DDGSTF : 0);
            int pdo = dataLength > 0 ? offset : 0;
            common.wrap(answers, answered).set(type, all, PduHeader.HLEN_24, pdo, length);
            if (headerDigest) {
                int value = digest.of(answersView, answered, PduHeader.HLEN_24);
                Digest.write(answers, answered + PduHeader.HLEN_24, value);
            }
            if (withDigest) {
                int value = digest.of(answersView, answered + offset, dataLength);
                Digest.write(answers, answered + offset + dataLength, value);
            }
            answered += length;
        }

        private void feed() {
            int position = 0;
            while (position < answered) {
                int part = Math.min(queue.receiveBytes(), answered - position);
                MemorySegment.copy(answers, position, ALL, queue.receiveAddress(), part);
                queue.onReceived(part);
                position += part;
            }
        }
    }
}
