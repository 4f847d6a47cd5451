package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IoCommandsTest {
    private static final int BLOCK = CoreFixture.BLOCK;
    private static final int FUA = 1 << 30;
    private static final int DEAC = 1 << 25;

    private final CoreFixture fixture = new CoreFixture();
    private final TestQueue admin = fixture.admin();
    private final TestQueue io = fixture.io(admin, 1);

    @AfterEach
    void close() {
        fixture.close();
    }

    private static byte[] pattern(int blocks, int seed) {
        byte[] data = new byte[blocks * BLOCK];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 31 + seed + (i >> 12));
        }
        return data;
    }

    private TestQueue.Completion write(long lba, byte[] data) {
        return io.write(CoreFixture.io(IoOpcode.WRITE, 1, lba, data.length / BLOCK), data);
    }

    private byte[] read(long lba, int blocks) {
        return io.read(CoreFixture.io(IoOpcode.READ, 1, lba, blocks), blocks * BLOCK).data();
    }

    private TestQueue.Completion compare(long lba, byte[] data) {
        return io.write(CoreFixture.io(IoOpcode.COMPARE, 1, lba, data.length / BLOCK), data);
    }

    @Test
    void readsWhatWasWritten() {
        byte[] data = pattern(5, 1);

        assertThat(write(251, data).is(Status.SUCCESS)).isTrue();

        assertThat(read(251, 5)).isEqualTo(data);
        assertThat(read(250, 1)).containsOnly(0);
    }

    @Test
    void tellsAHostToTakeAnotherPathWhenTheControllerIsBeingDeleted() {
        CoreFixture.controller(admin).delete("a test");

        TestQueue.Completion late = io.run(CoreFixture.io(IoOpcode.FLUSH, 1, 0, 0));

        assertThat(late.is(Status.INTERNAL_PATH_ERROR)).as(late.toString()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "256, 1",
        "255, 2",
        "0, 257",
        "0x7fffffffffffffff, 1",
        "-1, 1",
        "-1, 65536",
        "-256, 256"
    })
    void refusesBlocksThatDoNotExist(String lba, int blocks) {
        long start = Long.decode(lba);
        for (int opcode : new int[] {IoOpcode.READ, IoOpcode.WRITE, IoOpcode.COMPARE}) {
            TestQueue.Completion completion =
                    io.run(
                            CoreFixture.io(opcode, 1, start, blocks),
                            Math.min(blocks, 16) * BLOCK,
                            new byte[16 * BLOCK]);
            assertThat(completion.is(Status.LBA_OUT_OF_RANGE)).isTrue();
        }
        assertThat(
                        io.run(CoreFixture.io(IoOpcode.WRITE_ZEROES, 1, start, blocks))
                                .is(Status.LBA_OUT_OF_RANGE))
                .isTrue();
    }

    @Test
    void refusesMoreThanATransferAndKeepsTheQueue() {
        fixture.namespace(2, "null:16M");
        int most = fixture.port.maxTransferBytes() / BLOCK;

        TestQueue.Completion tooMuch =
                io.read(CoreFixture.io(IoOpcode.READ, 2, 0, most + 1), (most + 1) * BLOCK);
        TestQueue.Completion enough =
                io.read(CoreFixture.io(IoOpcode.READ, 2, 0, most), most * BLOCK);

        assertThat(tooMuch.is(Status.INVALID_FIELD)).isTrue();
        assertThat(enough.is(Status.SUCCESS)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {IoOpcode.READ, IoOpcode.WRITE, IoOpcode.COMPARE})
    void refusesADescriptorOfAnotherLength(int opcode) {
        for (int bytes : new int[] {0, BLOCK - 4, BLOCK + 4}) {
            assertThat(
                            io.run(CoreFixture.io(opcode, 1, 0, 1), bytes, new byte[2 * BLOCK])
                                    .is(Status.SGL_DATA_LENGTH_INVALID))
                    .isTrue();
        }
    }

    @Test
    void refusesDataForACommandWithout() {
        assertThat(
                        io.write(CoreFixture.io(IoOpcode.FLUSH, 1, 0, 1), new byte[512])
                                .is(Status.SGL_DATA_LENGTH_INVALID))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x80, 0xc0, 0x41, 0x42, 0x43})
    void takesOneSglAndNoFusedCommands(int flags) {
        TestQueue.Completion completion =
                io.read(
                        CoreFixture.io(IoOpcode.READ, 1, 0, 1)
                                .andThen(sqe -> sqe.u8(Sqe.FLAGS, flags)),
                        BLOCK);

        assertThat(completion.is(Status.INVALID_FIELD)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 00b", "2, 00b", "-1, 00b"})
    void refusesNamespacesThatDoNotExist(int nsid, String code) {
        for (int opcode : new int[] {0, 1, 2, 5, 8, 9}) {
            TestQueue.Completion completion =
                    io.run(CoreFixture.io(opcode, nsid, 0, 1), BLOCK, new byte[BLOCK]);
            assertThat(completion.status()).isEqualTo(Integer.parseInt(code, 16) | Status.DNR);
        }
    }

    @Test
    void sendsAHostToAnotherPathWhenTheNamespaceIsDisabled() {
        fixture.subsystem.namespaces().getFirst().disable();

        TestQueue.Completion completion = io.read(CoreFixture.io(IoOpcode.READ, 1, 0, 1), BLOCK);

        assertThat(completion.status()).isEqualTo(0x300); // without DNR
    }

    @ParameterizedTest
    @EnumSource(AnaState.class)
    void obeysTheAnaState(AnaState state) {
        fixture.port.anaState(1, state);
        int expected =
                switch (state) {
                    case OPTIMIZED, NON_OPTIMIZED -> 0;
                    case PERSISTENT_LOSS -> 0x301;
                    case INACCESSIBLE -> 0x302;
                    case CHANGE -> 0x303;
                };

        assertThat(write(0, pattern(1, 0)).status()).isEqualTo(expected);
        assertThat(io.run(CoreFixture.io(IoOpcode.FLUSH, 1, 0, 1)).status()).isEqualTo(expected);
    }

    @Test
    void looksAgainWhenTheDataHasArrived() {
        io.holdData = true;
        int late = io.send(CoreFixture.io(IoOpcode.WRITE, 1, 0, 1), BLOCK, new byte[BLOCK]);
        fixture.subsystem.namespaces().getFirst().disable(); // does not wait for the host

        io.releaseHeld();

        assertThat(io.ended(late).is(Status.INTERNAL_PATH_ERROR)).isTrue();
    }

    @Test
    void refusesDataOfOtherBlocksThanThoseOfTheMedium() {
        io.holdData = true;
        int late = io.send(CoreFixture.io(IoOpcode.WRITE, 1, 0, 1), BLOCK, new byte[BLOCK]);
        Namespace namespace = fixture.subsystem.namespaces().getFirst();
        namespace.disable();
        namespace.devicePath("mem:1M,bs=512");
        namespace.enable();

        io.releaseHeld();

        assertThat(io.ended(late).is(Status.INTERNAL_PATH_ERROR)).isTrue();
    }

    @Test
    void passesForceUnitAccessOn() {
        fixture.media.stall();
        io.send(
                CoreFixture.io(IoOpcode.WRITE, 1, 0, 1).andThen(sqe -> sqe.u32(Sqe.CDW12, FUA)),
                BLOCK,
                new byte[BLOCK]);
        io.send(CoreFixture.io(IoOpcode.WRITE, 1, 0, 1), BLOCK, new byte[BLOCK]);
        io.send(
                CoreFixture.io(IoOpcode.WRITE_ZEROES, 1, 0, 1)
                        .andThen(sqe -> sqe.u32(Sqe.CDW12, FUA | DEAC)),
                0,
                new byte[0]);

        assertThat(fixture.media.flags).containsExactly("FUA", "", "FUA DEAC");
    }

    @Test
    void flushesTheMedium() {
        assertThat(io.run(CoreFixture.io(IoOpcode.FLUSH, 1, 0, 1)).is(Status.SUCCESS)).isTrue();

        assertThat(fixture.media.operations).containsExactly(Kind.FLUSH);
    }

    @Test
    void zeroesBlocks() {
        write(0, pattern(4, 3));

        assertThat(io.run(CoreFixture.io(IoOpcode.WRITE_ZEROES, 1, 1, 2)).is(Status.SUCCESS))
                .isTrue();

        byte[] data = pattern(4, 3);
        Arrays.fill(data, BLOCK, 3 * BLOCK, (byte) 0);
        assertThat(read(0, 4)).isEqualTo(data);
    }

    @Test
    void comparesBlocks() {
        byte[] data = pattern(64, 9); // four pieces of the scratch memory
        write(10, data);

        assertThat(compare(10, data).is(Status.SUCCESS)).isTrue();
        data[data.length - 1]++;
        assertThat(compare(10, data).status()).isEqualTo(0x285 | Status.DNR);
        data[data.length - 1]--;
        data[0]++;
        assertThat(compare(10, data).is(Status.COMPARE_FAILURE)).isTrue();
    }

    @Test
    void comparesOneAfterTheOther() {
        byte[] data = pattern(20, 9);
        write(0, data);
        fixture.media.stall();
        int[] ids = new int[4];
        for (int i = 0; i < ids.length; i++) {
            byte[] compared = i == 1 ? pattern(20, 8) : data;
            ids[i] = io.send(CoreFixture.io(IoOpcode.COMPARE, 1, 0, 20), 20 * BLOCK, compared);
        }
        assertThat(fixture.media.stalled()).isEqualTo(1);

        fixture.media.resume();
        fixture.settle();

        assertThat(io.ended(ids[0]).is(Status.SUCCESS)).isTrue();
        assertThat(io.ended(ids[1]).is(Status.COMPARE_FAILURE)).isTrue();
        assertThat(io.ended(ids[2]).is(Status.SUCCESS)).isTrue();
        assertThat(io.ended(ids[3]).is(Status.SUCCESS)).isTrue();
    }

    @Test
    void endsComparesInLineWithTheirQueue() {
        fixture.media.stall();
        int running =
                io.send(CoreFixture.io(IoOpcode.COMPARE, 1, 0, 32), 32 * BLOCK, pattern(32, 0));
        int waiting =
                io.send(CoreFixture.io(IoOpcode.COMPARE, 1, 0, 32), 32 * BLOCK, pattern(32, 0));
        io.close("lost");

        fixture.media.resume();
        fixture.settle();

        assertThat(io.completion(running)).isNotNull();
        assertThat(io.ended(waiting).is(Status.ABORTED_SQ_DELETION)).isTrue();
        assertThat(io.queue.outstanding()).isZero();
    }

    private TestQueue.Completion deallocate(int dataBytes, long... lbasAndCounts) {
        byte[] data = new byte[4096];
        var segment = MemorySegment.ofArray(data);
        for (int i = 0; i < lbasAndCounts.length / 2; i++) {
            segment.set(Le.U32, i * 16L + 4, (int) lbasAndCounts[2 * i + 1]);
            segment.set(Le.U64, i * 16L + 8, lbasAndCounts[2 * i]);
        }
        return io.run(
                sqe ->
                        sqe.u8(Sqe.OPCODE, IoOpcode.DATASET_MANAGEMENT)
                                .u32(Sqe.NSID, 1)
                                .u32(Sqe.CDW10, lbasAndCounts.length / 2 - 1)
                                .u32(Sqe.CDW11, 4),
                dataBytes,
                data);
    }

    @Test
    void deallocatesRanges() {
        write(0, pattern(8, 3));

        assertThat(deallocate(48, 1, 2, 0, 0, 5, 1).is(Status.SUCCESS)).isTrue();

        byte[] data = pattern(8, 3);
        Arrays.fill(data, BLOCK, 3 * BLOCK, (byte) 0);
        Arrays.fill(data, 5 * BLOCK, 6 * BLOCK, (byte) 0);
        assertThat(read(0, 8)).isEqualTo(data);
    }

    @Test
    void takesThePaddedRangesOfLinux() {
        assertThat(deallocate(4096, 1, 2).is(Status.SUCCESS)).isTrue();
        assertThat(deallocate(4112, 1, 2).is(Status.SGL_DATA_LENGTH_INVALID)).isTrue();
        assertThat(deallocate(16, 1, 2, 3, 4).is(Status.SGL_DATA_LENGTH_INVALID)).isTrue();
    }

    @Test
    void deallocatesTheMostRangesThereCanBe() {
        long[] ranges = new long[512];
        for (int i = 0; i < 256; i++) {
            ranges[2 * i] = i;
            ranges[2 * i + 1] = 1;
        }
        write(0, pattern(256, 1));

        assertThat(deallocate(4096, ranges).is(Status.SUCCESS)).isTrue();

        assertThat(read(0, 256)).containsOnly(0);
    }

    @Test
    void deallocatesNothingWhenOneRangeIsWrong() {
        write(0, pattern(4, 3));

        assertThat(deallocate(32, 0, 4, 250, 0xffff_ffffL).is(Status.LBA_OUT_OF_RANGE)).isTrue();
        assertThat(deallocate(32, 0, 4, -1, 1).is(Status.LBA_OUT_OF_RANGE)).isTrue();

        assertThat(read(0, 4)).isEqualTo(pattern(4, 3));
    }

    @Test
    void passesTheMediumsErrorsOn() {
        fixture.media.failure = Status.WRITE_FAULT;

        assertThat(write(0, pattern(1, 0)).status()).isEqualTo(0x280); // without DNR
        fixture.media.failure = null;
        assertThat(write(0, pattern(1, 0)).is(Status.SUCCESS)).isTrue();
    }

    @Test
    void waitsForABufferInsteadOfFailing() {
        fixture.namespace(2, "null:16M");
        fixture.media.stall();
        int most = fixture.port.maxTransferBytes();
        int[] ids = new int[20]; // there are buffers for 8
        for (int i = 0; i < ids.length; i++) {
            ids[i] = io.send(CoreFixture.io(IoOpcode.READ, 2, 0, most / BLOCK), most, new byte[0]);
        }
        assertThat(fixture.media.stalled()).isEqualTo(8);
        assertThat(CoreFixture.identify(admin, 1, 0).is(Status.SUCCESS)).isTrue();

        fixture.media.resume();
        fixture.settle();

        for (int id : ids) {
            assertThat(io.ended(id).is(Status.SUCCESS)).isTrue();
        }
    }

    @Test
    void abortsACommandThatWaitsForItsData() {
        io.holdData = true;
        int waiting = io.send(CoreFixture.io(IoOpcode.WRITE, 1, 0, 1), BLOCK, new byte[BLOCK]);

        assertThat(abort(1, waiting)).isZero();

        assertThat(io.ended(waiting).is(Status.ABORT_REQUESTED)).isTrue();
        assertThat(abort(1, waiting)).as("it is gone").isEqualTo(1);
    }

    @Test
    void leavesACommandThatRunsAlone() {
        fixture.media.stall();
        int running = io.send(CoreFixture.io(IoOpcode.WRITE, 1, 0, 1), BLOCK, new byte[BLOCK]);

        assertThat(abort(1, running)).isEqualTo(1);
        fixture.media.resume();
        fixture.settle();

        assertThat(io.ended(running).is(Status.SUCCESS)).isTrue();
    }

    @Test
    void refusesToAbortOnAQueueThatDoesNotExist() {
        TestQueue.Completion completion =
                admin.run(TestQueue.admin(AdminOpcode.ABORT).andThen(sqe -> sqe.u32(Sqe.CDW10, 9)));

        assertThat(completion.is(Status.INVALID_FIELD)).isTrue();
    }

    private long abort(int queueId, int commandId) {
        int id =
                admin.send(
                        TestQueue.admin(AdminOpcode.ABORT)
                                .andThen(sqe -> sqe.u32(Sqe.CDW10, queueId | commandId << 16)),
                        0,
                        new byte[0]);
        fixture.settle();
        return admin.ended(id).result();
    }

    @Test
    void leavesAfterDisconnect() {
        TestQueue.Completion completion =
                io.run(sqe ->
                        sqe.u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                                .u8(Sqe.FCTYPE, FabricsType.DISCONNECT));

        assertThat(completion.is(Status.SUCCESS)).isTrue();
        assertThat(
                        io.run(CoreFixture.io(IoOpcode.FLUSH, 1, 0, 1))
                                .is(Status.COMMAND_SEQUENCE_ERROR))
                .isTrue();
        fixture.ioLoop.advance(1000);
        assertThat(io.disconnects).hasSize(1);
        assertThat(admin.disconnects).isEmpty();
        fixture.io(admin, 1);
    }

    @Test
    void takesNoDisconnectOnTheAdminQueue() {
        TestQueue.Completion completion =
                admin.run(sqe ->
                        sqe.u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                                .u8(Sqe.FCTYPE, FabricsType.DISCONNECT));

        assertThat(completion.status()).isEqualTo(0x185 | Status.DNR);
    }

    @Test
    void losesAQueueButNotTheProcessToABug() {
        fixture.media.throwing = true;

        TestQueue.Completion completion = write(0, pattern(1, 0));
        fixture.media.throwing = false;
        fixture.settle();

        assertThat(completion.is(Status.INTERNAL_ERROR)).isTrue();
        assertThat(io.disconnects).hasSize(1);
        assertThat(admin.disconnects).isEmpty();
    }
}
