package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.wire.IoCommand;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transfers that are waited for: how they are split, and what is refused before anything is sent. */
class HostNamespaceTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 1 << 18;
    private static final int PER_COMMAND = 8;

    private final ScriptedSubsystem subsystem = new ScriptedSubsystem();
    private final ScriptedController a = subsystem.controller("a");
    private final byte[] medium = new byte[1 << 20];
    private final List<String> commands = new ArrayList<>();
    private HostNamespace disk;

    @BeforeEach
    void connect() {
        a.maxTransferBytes = PER_COMMAND * BLOCK;
        a.disk(1, BLOCKS, 9, new UUID(1, 1));
        a.io = this::execute;
        disk = subsystem.connect("a").namespace(1);
    }

    @AfterEach
    void close() {
        subsystem.host.close();
    }

    private int execute(HostRequest request) {
        Sqe sqe = request.sqe();
        long lba = IoCommand.startingLba(sqe);
        int blocks = IoCommand.blockCount(sqe);
        commands.add("%s %d %d".formatted(request.name(), lba, blocks));
        HostData data = request.data();
        MemorySegment at = MemorySegment.ofArray(medium);
        switch (sqe.opcode()) {
            case IoOpcode.READ -> data.copyIn(0, at, lba * BLOCK, data.bytes());
            case IoOpcode.WRITE -> data.copyOut(0, at, lba * BLOCK, data.bytes());
            case IoOpcode.COMPARE -> {
                byte[] given = new byte[(int) data.bytes()];
                data.copyOut(0, MemorySegment.ofArray(given), 0, given.length);
                return at.asSlice(lba * BLOCK, given.length).mismatch(MemorySegment.ofArray(given))
                                < 0
                        ? 0
                        : Status.COMPARE_FAILURE.field();
            }
            default -> {}
        }
        return 0;
    }

    private static byte[] random(int blocks) {
        byte[] bytes = new byte[blocks * BLOCK];
        new Random(blocks).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 9, 16, 17, 200})
    void splitsWhatIsTooLong(int blocks) {
        byte[] data = random(blocks);
        disk.write(3, data).orThrow();
        assertThat(commands).hasSize(Math.ceilDiv(blocks, PER_COMMAND));
        assertThat(disk.read(3, blocks).orThrow().bytes()).isEqualTo(data);
        ByteBuffer direct =
                ByteBuffer.allocateDirect(data.length + 10).position(5).limit(data.length + 5);
        disk.read(3, direct).orThrow();
        assertThat(MemorySegment.ofBuffer(direct).mismatch(MemorySegment.ofArray(data)))
                .isNegative();
        byte[] again = new byte[data.length];
        disk.read(3, again).orThrow();
        assertThat(again).isEqualTo(data);
        disk.compare(3, data).orThrow();
        data[data.length - 1]++;
        assertThat(disk.compare(3, data).is(Status.COMPARE_FAILURE)).isTrue();
        disk.write(3, ByteBuffer.wrap(data)).orThrow();
        disk.compare(3, data).orThrow();
    }

    @Test
    void tellsOfTheFirstPartThatFails() {
        a.io =
                request ->
                        IoCommand.startingLba(request.sqe()) == 8
                                ? Status.WRITE_FAULT.code() | Status.DNR
                                : execute(request);
        CommandResult result = disk.write(0, random(400));
        assertThat(result.is(Status.WRITE_FAULT)).isTrue();
        assertThat(commands).hasSizeLessThan(20).contains("Write 0 8", "Write 16 8");
    }

    @Test
    void marksThoroughWritesInEveryPart() {
        List<Boolean> marks = new ArrayList<>();
        a.io =
                request -> {
                    marks.add(IoCommand.forceUnitAccess(request.sqe()));
                    return 0;
                };
        disk.writeThrough(0, random(17)).orThrow();
        assertThat(marks).containsExactly(true, true, true);
    }

    @Test
    void zeroesAnyNumberOfBlocks() {
        disk.writeZeroes(1, (1 << 16) + 5, false).orThrow();
        assertThat(commands).containsExactly("Write Zeroes 1 65536", "Write Zeroes 65537 5");
    }

    @Test
    void runsCommandsWithoutWaiting() {
        byte[] data = random(4);
        disk.writeAsync(9, MemorySegment.ofArray(data)).join().orThrow();
        disk.flushAsync().join().orThrow();
        ByteBuffer read = ByteBuffer.allocate(data.length);
        disk.readAsync(9, read).join().orThrow();
        assertThat(read.array()).isEqualTo(data);
    }

    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesWhatTheNamespaceDoesNotHave() {
        refused("0 bytes are no whole blocks of 512", () -> disk.write(0, new byte[0]));
        refused("513 bytes are no whole blocks", () -> disk.write(0, new byte[513]));
        refused("1 blocks from 262144 on", () -> disk.read(BLOCKS, 1));
        refused("2 blocks from 262143 on", () -> disk.read(BLOCKS - 1, 2));
        refused("1 blocks from -1 on", () -> disk.read(-1, 1));
        refused("namespace 1 of " + HandmadeController.NQN, () -> disk.read(Long.MAX_VALUE, 1));
        refused("0 blocks", () -> disk.writeZeroes(0, 0, false));
        refused(
                "3 blocks from 262143 on",
                () -> disk.deallocate(List.of(new IoCommands.Range(BLOCKS - 1, 3))));
        refused(
                "9 blocks; one command moves 8",
                () -> disk.readAsync(0, MemorySegment.ofArray(new byte[9 * BLOCK])));
        assertThat(commands).isEmpty();
    }

    @Test
    void asksBeforeItRefuses() {
        a.disk(1, BLOCKS * 2L, 9, new UUID(1, 1));
        disk.writeZeroes(BLOCKS, 1, false).orThrow();
        assertThat(disk.blocks()).isEqualTo(BLOCKS * 2L);
    }
}
