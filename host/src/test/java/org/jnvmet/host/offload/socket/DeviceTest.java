package org.jnvmet.host.offload.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.Requests;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadDevices;
import org.jnvmet.host.offload.OffloadTransport;
import org.jnvmet.host.offload.socket.MemoryController.Manner;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every device on kernel sockets must do, against a controller on a real socket. */
@Timeout(120)
public abstract class DeviceTest {
    private static final int ENTRIES = 33;
    private static final int SLOTS = ENTRIES - 1;
    private static final int BLOCK = MemoryController.BLOCK;
    private static final int IN_CAPSULE = 4096;
    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

    private final Arena arena = Arena.ofShared();
    private final long own = ownDescriptors();
    private @Nullable MemoryController controller;
    private @Nullable OffloadTransport transport;

    /** A device, and what ends its threads. */
    public record Opened(OffloadDevice registration, Runnable end) {}

    /** A new device. */
    protected abstract Opened open(DeviceSettings settings);

    /** Threads of the device that was opened last. */
    protected abstract int runningThreads();

    @AfterEach
    void nothingIsLeft() {
        if (transport != null) {
            transport.close();
            assertThat(runningThreads()).isZero();
        }
        if (controller != null) {
            controller.close();
        }
        assertThat(ownDescriptors()).isEqualTo(own);
        arena.close();
    }

    /** Wake-ups and rings of this process; the controller sees to the sockets. */
    private static long ownDescriptors() {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(DeviceTest::isOwn).count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isOwn(Path descriptor) {
        try {
            String what = Files.readSymbolicLink(descriptor).toString();
            return what.contains("eventfd") || what.contains("io_uring");
        } catch (IOException e) {
            return false; // of another thread, which has closed it
        }
    }

    private MemoryController serve(Manner manner) {
        MemoryController started = new MemoryController(manner);
        controller = started;
        return started;
    }

    private ControllerLink link(String port, DeviceSettings settings) {
        return link(port, open(settings));
    }

    /** A link of another device to a controller that serves. */
    protected ControllerLink link(Opened opened) {
        return link(serve(Manner.SERVES).port(), opened);
    }

    /** Options of the admin queue. */
    protected static QueueOptions adminQueue() {
        return queue(0);
    }

    private ControllerLink link(String port, Opened opened) {
        return link(opened, options(port));
    }

    private static ConnectOptions options(String port) {
        return ConnectOptions.to("nqn.2014-08.org.nvmexpress:any")
                .address("127.0.0.1")
                .service(port);
    }

    private ControllerLink link(Opened opened, ConnectOptions options) {
        OffloadTransport opening =
                new OffloadTransport(
                        new OffloadDevices().register(opened.registration()), opened.end());
        transport = opening;
        return opening.route(options).setUpController();
    }

    private static QueueOptions queue(int id, int inCapsule, long timeoutMs) {
        return new QueueOptions(id, ENTRIES, inCapsule, true, timeoutMs);
    }

    private static QueueOptions queue(int id) {
        return queue(id, IN_CAPSULE, 20_000);
    }

    private MemorySegment memory(int bytes) {
        return arena.allocate(bytes, 4096);
    }

    private static HostRequest read(MemorySegment memory, int block) {
        int blocks = (int) memory.byteSize() / BLOCK;
        return Requests.of(IoCommands.read(1, block, blocks, memory));
    }

    private static HostRequest write(MemorySegment memory, int block) {
        int blocks = (int) memory.byteSize() / BLOCK;
        return Requests.of(IoCommands.write(1, block, blocks, memory));
    }

    private static void run(QueueChannel channel, Completions completions, HostRequest request)
            throws InterruptedException {
        channel.send(Requests.identify(request, 0));
        assertThat(completions.next()).isSameAs(request);
    }

    private static DeviceSettings spinning() {
        return new DeviceSettings(2, 1_000_000, 0);
    }

    private static DeviceSettings sleeping() {
        return new DeviceSettings(2, 0, 0);
    }

    // ---- data

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 8192, 128 << 10, 1 << 20})
    void readsWhatItHasWritten(int bytes) throws InterruptedException {
        ControllerLink link = link(serve(Manner.SERVES).port(), spinning());
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(1), completions);
        MemorySegment written = memory(bytes);
        byte[] random = new byte[bytes];
        new Random(bytes).nextBytes(random);
        written.copyFrom(MemorySegment.ofArray(random));
        run(channel, completions, write(written, 64));
        MemorySegment found = memory(bytes);
        run(channel, completions, read(found, 64));
        assertThat(found.mismatch(written)).isEqualTo(-1);
        channel.drain();
        channel.destroy();
        link.release();
    }

    /** Starts a reader for each slot; completions start it anew. */
    private List<RandomReader> readers(
            QueueChannel channel, Completions completions, int bytes, int times, long seed) {
        List<RandomReader> readers = new ArrayList<>();
        for (int slot = 0; slot < SLOTS; slot++) {
            readers.add(new RandomReader(channel, slot, memory(bytes), times, seed + slot));
        }
        completions.then(request -> readers.get(request.slot()).completed());
        return readers;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 50_000, 1_000_000})
    void servesManyQueuesWithManyCommands(long spinNanos) throws InterruptedException {
        MemoryController served = serve(Manner.SERVES).numberBlocks();
        ControllerLink link = link(served.port(), new DeviceSettings(2, spinNanos, 0));
        List<QueueChannel> channels = new ArrayList<>();
        List<Completions> all = new ArrayList<>();
        for (int id = 0; id < 4; id++) {
            Completions completions = new Completions();
            channels.add(link.createQueue(queue(id), completions));
            all.add(completions);
        }
        for (int id = 0; id < 4; id++) {
            readers(channels.get(id), all.get(id), 64 << 10, 40, id).forEach(RandomReader::start);
        }
        for (int id = 0; id < 4; id++) {
            for (int slot = 0; slot < SLOTS; slot++) {
                assertThat(all.get(id).next()).isNotNull();
            }
            assertThat(all.get(id).count()).isEqualTo(SLOTS * 40L);
            assertThat(all.get(id).errors()).isEmpty();
        }
        channels.forEach(QueueChannel::drain);
        channels.forEach(QueueChannel::destroy);
        link.release();
    }

    @Test
    void wakesUpForEachCommandOfAnIdleHost() throws InterruptedException {
        ControllerLink link = link(serve(Manner.SERVES).numberBlocks().port(), sleeping());
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(1), completions);
        for (int i = 0; i < 2000; i++) {
            MemorySegment memory = memory(BLOCK);
            run(channel, completions, read(memory, i));
            assertThat(memory.get(ValueLayout.JAVA_INT, 0)).isEqualTo(i);
        }
        channel.drain();
        channel.destroy();
        link.release();
    }

    @Test
    void callersMayPoll() throws InterruptedException {
        ControllerLink link = link(serve(Manner.SERVES).numberBlocks().port(), sleeping());
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(1), completions);
        AtomicBoolean finished = new AtomicBoolean();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            callers.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                while (!finished.get()) {
                                    assertThat(channel.poll()).isNotNegative();
                                }
                            }));
        }
        readers(channel, completions, 32 << 10, 50, 1).forEach(RandomReader::start);
        for (int slot = 0; slot < SLOTS; slot++) {
            assertThat(completions.next()).isNotNull();
        }
        assertThat(completions.count()).isEqualTo(SLOTS * 50L);
        finished.set(true);
        for (Thread caller : callers) {
            caller.join();
        }
        channel.drain();
        assertThat(channel.poll()).isZero();
        channel.destroy();
        link.release();
    }

    /**
     * Measures until a run stays below one small object for 1,000 commands: the compiler may take longer
     * than the warm-up on a busy machine. What every command allocates shows in every run.
     */
    @Test
    void allocatesNothing() throws InterruptedException {
        ControllerLink link = link(serve(Manner.SERVES).port(), spinning());
        Exchange exchange = new Exchange();
        QueueChannel channel = link.createQueue(queue(1), exchange);
        List<HostRequest> requests = new ArrayList<>();
        for (int slot = 0; slot < SLOTS; slot++) {
            HostRequest request =
                    slot % 2 == 0 ? read(memory(4096), slot) : write(memory(4096), slot);
            requests.add(Requests.identify(request, slot));
        }
        double best = Double.MAX_VALUE;
        for (int run = 0; run < 20 && best > 16; run++) {
            best = Math.min(best, exchange.run(channel::send, requests, 20_000));
        }
        assertThat(best).as("bytes for 1,000 commands").isLessThanOrEqualTo(16);
        channel.drain();
        channel.destroy();
        link.release();
    }

    // ---- the end

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void drainsUnderFire(long seed) throws InterruptedException {
        Random random = new Random(seed);
        MemoryController served = serve(Manner.SERVES).numberBlocks();
        ControllerLink link =
                link(served.port(), new DeviceSettings(1, random.nextInt(2) * 1_000_000L, 0));
        Completions others = new Completions();
        QueueChannel other = link.createQueue(queue(0), others);
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(1), completions);
        List<RandomReader> readers =
                readers(channel, completions, 256 << 10, Integer.MAX_VALUE, seed * 100);
        readers.forEach(RandomReader::start);
        completions.awaitCount(1 + random.nextInt(300));

        channel.drain();
        completions.end();
        readers.forEach(each -> each.memory().fill((byte) 0x5a));
        // The device goes on: with other queues, while the controller still answers this one.
        for (int i = 0; i < 200; i++) {
            run(other, others, read(memory(BLOCK), i));
        }
        channel.send(readers.getFirst().request());
        assertThat(channel.poll()).isZero();
        channel.destroy();

        readers.forEach(each -> assertUntouched(each.memory(), "seed %d".formatted(seed)));
        assertThat(completions.afterTheEnd()).isZero();
        other.drain();
        other.destroy();
        link.release();
    }

    @Test
    void drainsInTheMiddleOfData() throws InterruptedException {
        MemoryController served = serve(Manner.SERVES).numberBlocks();
        ControllerLink link = link(served.port(), new DeviceSettings(1, 0, 0));
        Completions others = new Completions();
        QueueChannel other = link.createQueue(queue(0), others);
        served.pause();
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(1), completions);
        MemorySegment memory = memory(256 << 10);
        channel.send(Requests.identify(read(memory, 1), 0));
        long half = memory.byteSize() / 2;
        while ((int) WORD.getVolatile(memory, half - Integer.BYTES) != half / BLOCK) {
            Thread.onSpinWait();
        }

        channel.drain();
        completions.end();
        memory.fill((byte) 0x5a);
        served.goOn();
        for (int i = 0; i < 200; i++) {
            run(other, others, read(memory(BLOCK), i));
        }
        channel.destroy();
        assertUntouched(memory, "the second half");
        assertThat(completions.afterTheEnd()).isZero();
        other.drain();
        other.destroy();
        link.release();
    }

    private static void assertUntouched(MemorySegment memory, String what) {
        for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
            assertThat(memory.get(ValueLayout.JAVA_LONG, at))
                    .as("%s, byte %d", what, at)
                    .isEqualTo(0x5a5a5a5a5a5a5a5aL);
        }
    }

    @Test
    void drainsWhatTheControllerDoesNotTake() throws InterruptedException {
        ControllerLink link = link(serve(Manner.DEAF).port(), sleeping());
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(1, 1 << 20, 20_000), completions);
        for (int slot = 0; slot < SLOTS; slot++) {
            channel.send(Requests.identify(write(memory(1 << 20), 0), slot));
        }
        channel.drain();
        completions.end();
        channel.destroy();
        assertThat(completions.count()).isZero();
        link.release();
    }

    @Test
    void drainsWhatWaitsForEver() throws InterruptedException {
        ControllerLink link = link(serve(Manner.SERVES).port(), sleeping());
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(0), completions);
        int asyncEventRequest = 0x0c;
        HostRequest waiting = Requests.of(HostCommand.admin(asyncEventRequest));
        channel.send(Requests.identify(waiting, 7));
        run(channel, completions, Requests.of(IoCommands.flush(1)));
        channel.drain();
        completions.end();
        channel.destroy();
        assertThat(completions.count()).isEqualTo(1);
        link.release();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100})
    void reportsThatTheConnectionIsLost(int commands) throws InterruptedException {
        MemoryController served = serve(Manner.SERVES).numberBlocks();
        ControllerLink link = link(served.port(), spinning());
        Completions others = new Completions();
        QueueChannel other = link.createQueue(queue(0), others);
        served.cutAfter(commands);
        Completions completions = new Completions();
        QueueChannel channel = link.createQueue(queue(1), completions);
        readers(channel, completions, 32 << 10, 1000, 1).forEach(RandomReader::start);

        assertThat(completions.nextError()).hasMessageContaining("I/O queue 1: ");
        assertThat(completions.count()).isLessThanOrEqualTo(commands);
        run(other, others, read(memory(BLOCK), 0));
        channel.drain();
        completions.end();
        channel.destroy();
        other.drain();
        other.destroy();
        link.release();
    }

    // ---- the beginning

    @Test
    void saysThatTheConnectionIsRefused() throws IOException {
        String port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = Integer.toString(closed.getLocalPort());
        }
        ControllerLink link = link(port, sleeping());
        assertThatThrownBy(() -> link.createQueue(queue(0), new Completions()))
                .isInstanceOf(HostException.class)
                .hasMessage("127.0.0.1:" + port + ": Connection refused");
        assertThat(runningThreads()).isZero();
        link.release();
    }

    @Test
    void connectsFromTheAddressAndTheInterfaceThatWereGiven() {
        MemoryController served = serve(Manner.SERVES);
        ConnectOptions options =
                options(served.port()).hostAddress("127.0.0.77").hostInterface("lo");
        ControllerLink link = link(open(sleeping()), options);
        QueueChannel channel = link.createQueue(queue(0), new Completions());
        assertThat(served.peers()).containsExactly(InetAddress.ofLiteral("127.0.0.77"));
        channel.drain();
        channel.destroy();
        link.release();
    }

    @Test
    void claimsNothingThatNoRouteLeadsTo() {
        MemoryController served = serve(Manner.SERVES);
        assertThatThrownBy(() ->
                        link(open(sleeping()), options(served.port()).hostInterface("nowhere7")))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("no offload device reaches 127.0.0.1");
    }

    @Test
    void waitsNoLongerThanItMayForIcResp() {
        ControllerLink link = link(serve(Manner.SILENT).port(), sleeping());
        assertThatThrownBy(() -> link.createQueue(queue(0, IN_CAPSULE, 50), new Completions()))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("no ICResp within 50 ms");
        assertThat(runningThreads()).isZero();
        link.release();
    }
}
