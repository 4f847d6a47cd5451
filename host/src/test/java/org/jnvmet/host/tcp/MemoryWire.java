package org.jnvmet.host.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostQueue;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.host.spi.Route;
import org.jspecify.annotations.Nullable;

/**
 * A queue whose socket is the test: what is fed is received in exactly those pieces, and nothing is
 * sent unless the test takes it. Bytes are in hexadecimal. A lock stands for the ownership of the
 * queue.
 */
@SuppressWarnings("restricted") // the memory that the queue names is its own
final class MemoryWire implements Route, ControllerLink, QueueChannel, AutoCloseable {
    static final int IN_CAPSULE = 4096;
    private static final int IOVEC_BYTES = 16;
    private static final long COMMAND_LIMIT_MS = 20_000;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment vector =
            arena.allocate(TcpQueue.MAX_VECTOR_ENTRIES * (long) IOVEC_BYTES, 8);
    private final ReentrantLock ownership = new ReentrantLock();
    private final List<HostException> errors = new ArrayList<>();
    private final TcpQueue queue;
    private final LooseQueue host;
    private @Nullable QueueEvents listener;

    /** I/O queue 1 with 4 entries and flow control. */
    MemoryWire(TcpOptions tcp) {
        this(tcp, false, false, new QueueOptions(1, 4, IN_CAPSULE, true, 1000));
    }

    MemoryWire(TcpOptions tcp, boolean headerDigest, boolean dataDigest, QueueOptions options) {
        queue = new TcpQueue(options, tcp, headerDigest, dataDigest, new Recorder());
        host = new LooseQueue(this, options, COMMAND_LIMIT_MS);
    }

    /** Where the host submits. */
    HostQueue queue() {
        return host.queue();
    }

    /** The protocol itself. */
    TcpQueue protocol() {
        return queue;
    }

    /** What was reported; the host does not hear of it before {@link #passErrorsOn}. */
    List<HostException> errors() {
        return errors;
    }

    /** Tells the host of the errors, which then drains the queue. */
    void passErrorsOn() {
        errors.forEach(Objects.requireNonNull(listener)::reportError);
    }

    /** Takes ICReq and answers: no alignment, no digests, 128 KiB of H2CData. */
    MemoryWire initialized() {
        return initialized("00 00", 131_072);
    }

    /** Takes ICReq and answers with CPDA and DGST, and MAXH2CDATA. */
    MemoryWire initialized(String alignmentAndDigests, int maxData) {
        assertThat(sent()).hasSize(256).startsWith("0000800080000000");
        feed(icResp(alignmentAndDigests, maxData));
        assertThat(queue.negotiated()).isTrue();
        return this;
    }

    static String icResp(String alignmentAndDigests, int maxData) {
        return "01 00 80 00 80000000 0000"
                + alignmentAndDigests
                + ScriptedController.le32(maxData)
                + "00".repeat(112);
    }

    /** Feeds a CapsuleResp without digest for the command with this identifier. */
    void complete(String commandId, String status) {
        feed("05 00 18 00 18000000 0000000000000000 0000 0000" + commandId + status);
    }

    /** Lets the queue receive this, as fast as it can. */
    void feed(String hex) {
        feed(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
    }

    void feed(byte[] bytes) {
        ownership.lock();
        try {
            int position = 0;
            while (position < bytes.length) {
                int part = Math.min(queue.receiveBytes(), bytes.length - position);
                if (part == 0) {
                    return; // the queue does not receive any more
                }
                MemorySegment target =
                        MemorySegment.ofAddress(queue.receiveAddress()).reinterpret(part);
                MemorySegment.copy(bytes, position, target, ValueLayout.JAVA_BYTE, 0, part);
                queue.onReceived(part);
                position += part;
            }
        } finally {
            ownership.unlock();
        }
    }

    /** The controller closes the connection. */
    void feedEnd() {
        ownership.lock();
        try {
            queue.onReceived(-1);
        } finally {
            ownership.unlock();
        }
    }

    /** Takes everything that the queue has to send. */
    String sent() {
        return sent(Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    /** Takes up to {@code limit} bytes, in calls of up to {@code most} bytes. */
    String sent(int limit, int most) {
        ByteArrayOutputStream taken = new ByteArrayOutputStream();
        ownership.lock();
        try {
            int entries = queue.gather(vector, TcpQueue.MAX_VECTOR_ENTRIES);
            while (entries > 0 && taken.size() < limit) {
                byte[] bytes = gathered(entries, Math.min(most, limit - taken.size()));
                taken.writeBytes(bytes);
                queue.onSent(bytes.length);
                entries = queue.gather(vector, TcpQueue.MAX_VECTOR_ENTRIES);
            }
        } finally {
            ownership.unlock();
        }
        return HexFormat.of().formatHex(taken.toByteArray());
    }

    private byte[] gathered(int entries, int limit) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < entries && all.size() < limit; i++) {
            long at = (long) i * IOVEC_BYTES;
            long address = vector.get(ValueLayout.JAVA_LONG, at);
            long length = vector.get(ValueLayout.JAVA_LONG, at + Long.BYTES);
            MemorySegment piece =
                    MemorySegment.ofAddress(address)
                            .reinterpret(Math.min(length, limit - all.size()));
            all.writeBytes(piece.toArray(ValueLayout.JAVA_BYTE));
        }
        return all.toByteArray();
    }

    /** The vector's entries of what is to be sent next. */
    int pieces() {
        ownership.lock();
        try {
            return queue.gather(vector, TcpQueue.MAX_VECTOR_ENTRIES);
        } finally {
            ownership.unlock();
        }
    }

    /** Expects this to be sent, and nothing else. */
    void expectSent(String... hex) {
        assertThat(sent()).isEqualTo(String.join("", Arrays.asList(hex)).replaceAll("\\s", ""));
    }

    // ---- what the host calls

    @Override
    public int maxTransferBytes() {
        return 1 << 30;
    }

    @Override
    public int maxSegments() {
        return 1024;
    }

    @Override
    public int vectors() {
        return 1;
    }

    @Override
    public ControllerLink setUpController() {
        return this;
    }

    @Override
    public QueueChannel createQueue(QueueOptions options, QueueEvents events) {
        listener = events;
        return this;
    }

    @Override
    public void send(HostRequest request) {
        ownership.lock();
        try {
            queue.send(request);
        } finally {
            ownership.unlock();
        }
    }

    @Override
    public int poll() {
        return 0;
    }

    @Override
    public void drain() {
        ownership.lock();
        try {
            queue.stop();
        } finally {
            ownership.unlock();
        }
    }

    @Override
    public void destroy() {
        queue.close();
    }

    @Override
    public void release() {
        // The test closes what is left.
    }

    @Override
    public void close() {
        host.close();
        arena.close();
    }

    /** Notes errors, and passes the rest on. */
    private final class Recorder implements QueueEvents {
        @Override
        public void done(HostRequest request, long result, int status) {
            Objects.requireNonNull(listener).done(request, result, status);
        }

        @Override
        public void reportError(HostException reason) {
            errors.add(reason);
        }
    }
}
