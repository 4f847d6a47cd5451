package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.transport.loop.LoopHostTransport;
import org.jnvmet.transport.loop.LoopTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole runs against a target in this process, whose namespace is a file of 1 MiB. */
@Timeout(60)
final class BenchRunTest {
    private static final String NQN = "nqn.2026-01.org.jnvmet:bench";
    private static final int BYTES = 1 << 20;
    private static final int RUN = 42;

    @TempDir private Path folder;

    private final LoopTransport loop = new LoopTransport();
    private final IoWorkers workers = new IoWorkers(2);
    private final Target target = new Target(List.of(loop), List.of(new Backends(workers)));
    private final Host host = new Host(List.of(new LoopHostTransport(loop)), 16);
    private final Port port = target.createPort(1);
    private final Subsystem subsystem = target.createSubsystem(NQN);
    private final List<String> progress = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // before each test
    private Path file;

    @SuppressWarnings("NullAway.Init") // before each test
    private HostNamespace namespace;

    @BeforeEach
    void connect() throws IOException {
        file = folder.resolve("disk");
        Files.write(file, new byte[BYTES]);
        port.address(new Port.Address("loop", "loop", "here", "", "not specified", ""));
        subsystem.allowAnyHost(true);
        Namespace medium = subsystem.createNamespace(1);
        medium.devicePath(file.toString());
        medium.enable();
        port.link(subsystem);
        namespace = open().namespace(1);
    }

    private HostController open() {
        return host.connect(
                ConnectOptions.to(NQN)
                        .transport("loop")
                        .address("here")
                        .ioQueues(2)
                        .reconnectDelayMs(20));
    }

    @AfterEach
    void close() {
        host.close();
        target.close();
        workers.close();
    }

    private BenchRun run(JobOptionsBuilder options) {
        return new BenchRun(options.build(), System::nanoTime, progress::add);
    }

    private JobStats execute(JobOptionsBuilder options) throws InterruptedException {
        List<JobStats> jobs = run(options).execute(namespace, RUN);
        jobs.forEach(BenchRunTest::checkEachCommandEnded);
        return RunReport.grouped(jobs, true).getFirst();
    }

    private static void checkEachCommandEnded(JobStats stats) {
        assertThat(stats.completedCommands() + stats.failedCommands())
                .isEqualTo(stats.submittedCommands());
    }

    @ParameterizedTest
    @EnumSource
    void doesAsManyIosAsItsSizeHasRoomFor(ReadWrite pattern) throws InterruptedException {
        JobStats stats = execute(new JobOptionsBuilder().pattern(pattern).size("512k").depth(8));
        long ios = 0;
        for (Direction direction : Direction.ALL) {
            ios += stats.of(direction).ios();
            assertThat(stats.of(direction).latencies().spread().count())
                    .isEqualTo(stats.of(direction).ios());
        }
        assertThat(ios).isEqualTo(128);
        assertThat(stats.submittedCommands()).isEqualTo(128);
        assertThat(stats.of(Direction.READ).ios() > 0).isEqualTo(pattern.reads());
        assertThat(stats.of(Direction.WRITE).ios() > 0).isEqualTo(pattern.writes());
        assertThat(stats.of(Direction.TRIM).ios() > 0).isEqualTo(pattern.trims());
        assertThat(stats.firstError()).isNull();
    }

    @Test
    void keepsItsDepth() throws InterruptedException {
        double[] shares = execute(new JobOptionsBuilder().depth(32)).depthPercent();
        // The first 31 of 256 find fewer outstanding.
        assertThat(shares[5]).isCloseTo(100.0 * 225 / 256, within(0.1));
        assertThat(shares[6]).isZero();
    }

    @Test
    void writesWhatItReadsBack() throws IOException, InterruptedException {
        JobStats stats =
                execute(
                        new JobOptionsBuilder()
                                .pattern(ReadWrite.WRITE)
                                .blockBytes(8192)
                                .depth(8)
                                .verify(Verification.CRC32C));
        assertThat(stats.of(Direction.WRITE).ios()).isEqualTo(BYTES / 8192);
        assertThat(stats.of(Direction.READ).ios()).as("measured reads").isZero();
        assertThat(stats.submittedCommands()).isEqualTo(2 * BYTES / 8192);
        assertThat(stats.verify().rightBlocks()).isEqualTo(BYTES / namespace.blockBytes());
        assertThat(new String(Files.readAllBytes(file), 0, 8, StandardCharsets.US_ASCII))
                .isEqualTo("NVMETBLK");
    }

    @Test
    void verifiesJobsBesideEachOther() throws InterruptedException {
        JobStats stats =
                execute(
                        new JobOptionsBuilder()
                                .pattern(ReadWrite.RANDRW)
                                .jobs(3)
                                .depth(4)
                                .verify(Verification.PATTERN));
        assertThat(stats.verify().rightBlocks()).isPositive();
        assertThat(stats.verify().wrongBlocks()).isZero();
    }

    private void flipByte(long at) throws IOException {
        try (RandomAccessFile medium = new RandomAccessFile(file.toFile(), "rw")) {
            medium.seek(at);
            int old = medium.read();
            medium.seek(at);
            medium.write(old ^ 0x10);
        }
    }

    @Test
    void findsAByteThatWasFlippedBeneathTheTarget() throws IOException, InterruptedException {
        JobStats written =
                execute(
                        new JobOptionsBuilder()
                                .pattern(ReadWrite.WRITE)
                                .depth(4)
                                .verify(Verification.CRC32C));
        assertThat(written.verify().wrongBlocks()).isZero();
        flipByte(77_777);
        JobStats read =
                execute(
                        new JobOptionsBuilder()
                                .pattern(ReadWrite.READ)
                                .depth(4)
                                .verify(Verification.CRC32C));
        assertThat(read.verify().wrongBlocks()).isEqualTo(1);
        assertThat(read.verify().rightBlocks()).isEqualTo(BYTES / namespace.blockBytes() - 1);
        assertThat(read.verify().details())
                .singleElement()
                .asString()
                .contains("requested block: offset=73728, length=4096")
                .contains("first at byte 77777: expected 0x");
    }

    @Test
    void readsOnlyWhatWasWrittenBefore() throws InterruptedException {
        JobStats stats =
                execute(
                        new JobOptionsBuilder()
                                .pattern(ReadWrite.READ)
                                .size("8k")
                                .verify(Verification.CRC32C));
        assertThat(stats.verify().details().getFirst()).endsWith("got no sealed block");
    }

    /** Ends all connections again and again until the run is over; the host comes back each time. */
    private void cutWhile(Thread running) throws InterruptedException {
        while (running.isAlive()) {
            port.unlink(subsystem);
            port.link(subsystem);
            running.join(50);
        }
    }

    @Test
    void findsNothingWrongWhenConnectionsAreCut() throws InterruptedException {
        List<JobStats> stats = new ArrayList<>();
        JobOptionsBuilder options =
                new JobOptionsBuilder()
                        .pattern(ReadWrite.RANDRW)
                        .jobs(2)
                        .depth(8)
                        .time(new JobOptions.Duration(1_500_000_000L, true, 0))
                        .verify(Verification.CRC32C);
        Thread running =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                stats.add(execute(options));
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        cutWhile(running);
        assertThat(stats).hasSize(1);
        assertThat(stats.getFirst().firstError()).isNull();
        assertThat(stats.getFirst().verify().rightBlocks()).isPositive();
        assertThat(stats.getFirst().verify().wrongBlocks()).isZero();
    }

    @Test
    void endsAtTheFirstErrorOrCountsThem() throws IOException, InterruptedException {
        try (RandomAccessFile medium = new RandomAccessFile(file.toFile(), "rw")) {
            medium.setLength(BYTES / 2); // the namespace still has all its blocks
        }
        JobOptionsBuilder options =
                new JobOptionsBuilder().pattern(ReadWrite.READ).blockBytes(8192);
        JobStats ended = execute(options);
        assertThat(ended.failedCommands()).isEqualTo(1);
        assertThat(ended.of(Direction.READ).ios()).isEqualTo(BYTES / 2 / 8192);
        assertThat(ended.firstError()).startsWith("Read: ");
        assertThat(FioErrors.of(ended, options.build())).isEqualTo(5);

        JobStats wentOn = execute(options.onError(JobOptions.OnError.CONTINUE));
        assertThat(wentOn.failedCommands()).isEqualTo(BYTES / 2 / 8192);
        assertThat(wentOn.submittedCommands()).isEqualTo(BYTES / 8192);
        assertThat(FioErrors.of(wentOn, options.build())).isZero();
    }

    @Test
    void endsInOrderWhenStopped() throws InterruptedException {
        JobOptionsBuilder options =
                new JobOptionsBuilder()
                        .pattern(ReadWrite.RANDWRITE)
                        .depth(4)
                        .time(new JobOptions.Duration(3_600_000_000_000L, true, 0))
                        .verify(Verification.CRC32C);
        CountDownLatch first = new CountDownLatch(1);
        BenchRun run = new BenchRun(options.build(), System::nanoTime, _ -> first.countDown());
        Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    try {
                        first.await();
                        run.stop();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
        JobStats stats = run.execute(namespace, RUN).getFirst();
        checkEachCommandEnded(stats);
        assertThat(stats.of(Direction.WRITE).ios()).isPositive();
        assertThat(stats.verify().rightBlocks()).as("read back").isZero();
    }

    @Test
    void keepsItsRate() throws InterruptedException {
        JobStats stats =
                execute(
                        new JobOptionsBuilder()
                                .depth(4)
                                .limits(Rates.UNLIMITED, Rates.parse("500"))
                                .time(new JobOptions.Duration(1_000_000_000L, true, 0)));
        assertThat(stats.of(Direction.READ).ios()).isBetween(1L, 501L);
    }

    /** By a clock on which a millisecond passes whenever somebody looks. */
    @Test
    void leavesTheRampOutAndEndsInTime() throws InterruptedException {
        AtomicLong clock = new AtomicLong();
        JobOptions options =
                new JobOptionsBuilder()
                        .time(new JobOptions.Duration(300_000_000L, true, 700_000_000L))
                        .build();
        JobStats stats =
                new BenchRun(options, () -> clock.addAndGet(1_000_000), progress::add)
                        .execute(namespace, RUN)
                        .getFirst();
        DirectionStats reads = stats.of(Direction.READ);
        assertThat(stats.runtimeMs())
                .isLessThanOrEqualTo(300 + reads.latencies().spread().max() / 1_000_000);
        assertThat(reads.ios()).isBetween(1L, 301L);
        assertThat(reads.iosSoFar())
                .isEqualTo(stats.submittedCommands())
                .isBetween(reads.ios() + 1, 1001L);
    }

    @Test
    void refusesWhatOneCommandCannotMove() {
        assertThatThrownBy(() -> execute(new JobOptionsBuilder().blockBytes(1 << 21)))
                .isInstanceOf(CommandFailure.class)
                .hasMessage(
                        "--bs=2097152 is more than the 1048576 bytes that one command may transfer");
    }
}
