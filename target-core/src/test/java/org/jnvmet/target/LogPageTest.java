package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.LogPageCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogPageTest {
    private final CoreFixture fixture = new CoreFixture();
    private final TestQueue admin = fixture.admin();

    @AfterEach
    void close() {
        fixture.close();
    }

    static TestQueue.Completion read(TestQueue queue, int logId, int bytes, long offset) {
        return read(queue, logId, bytes, offset, _ -> {});
    }

    static TestQueue.Completion read(
            TestQueue queue, int logId, int bytes, long offset, Consumer<Sqe> change) {
        return queue.read(
                TestQueue.admin(AdminOpcode.GET_LOG_PAGE)
                        .andThen(sqe -> LogPageCommand.set(sqe, logId, false, bytes, offset))
                        .andThen(change),
                bytes);
    }

    @Test
    void listsThePagesThatThereAre() {
        TestQueue.Completion page = read(admin, LogPage.SUPPORTED_PAGES, 1024, 0);

        for (int logId = 0; logId < 256; logId++) {
            boolean listed = page.u32(logId * 4) == 1;
            int status = read(admin, logId, 64, 0).status();
            assertThat(status)
                    .as("page %02xh", logId)
                    .isEqualTo(listed ? 0 : Status.INVALID_LOG_PAGE.field());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1024", "1, 8192", "2, 512", "3, 512", "4, 4096", "5, 4096", "12, 52"})
    void readsPiecesThatFitTheWhole(int logId, int length) {
        byte[] whole = read(admin, logId, length, 0).data();

        assertThat(whole).hasSize(length);
        for (int offset = 0; offset < length; offset += 20) {
            byte[] piece = read(admin, logId, 44, offset).data();
            assertThat(piece).isEqualTo(Arrays.copyOfRange(whole, offset, offset + 44));
        }
        assertThat(read(admin, logId, 64, length).data()).containsOnly(0);
        assertThat(read(admin, logId, 64, length + 4).is(Status.INVALID_FIELD)).isTrue();
        assertThat(read(admin, logId, 64, -4).is(Status.INVALID_FIELD)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void refusesAnOffsetThatIsNoDword(int offset) {
        assertThat(read(admin, LogPage.ERROR, 64, offset).is(Status.INVALID_FIELD)).isTrue();
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        TestQueue.Completion index =
                read(admin, LogPage.ERROR, 64, 0, sqe -> sqe.u32(Sqe.CDW14, 1 << 23));
        TestQueue.Completion parameter =
                read(admin, LogPage.ERROR, 64, 0, sqe -> sqe.u8(LogPageCommand.LSP, 1));
        TestQueue.Completion perNamespace =
                read(admin, LogPage.SMART, 64, 0, sqe -> sqe.u32(Sqe.NSID, 1));

        assertThat(index.is(Status.INVALID_FIELD)).isTrue();
        assertThat(parameter.is(Status.INVALID_FIELD)).isTrue();
        assertThat(perNamespace.is(Status.INVALID_FIELD)).isTrue();
    }

    @Test
    void refusesMoreThanATransferAndKeepsTheQueue() {
        int tooMuch = fixture.port.maxTransferBytes() + 4;

        assertThat(read(admin, LogPage.ERROR, tooMuch, 0).is(Status.INVALID_FIELD)).isTrue();
        assertThat(read(admin, LogPage.ERROR, tooMuch - 4, 0).is(Status.SUCCESS)).isTrue();
    }

    @Test
    void remembersErrorsNewestFirst() {
        admin.run(TestQueue.admin(0x99));
        TestQueue io = fixture.io(admin, 3);
        TestQueue.Completion failed =
                io.write(CoreFixture.io(IoOpcode.WRITE, 1, 0x1234_5678_9abcL, 1), new byte[4096]);

        TestQueue.Completion log = read(admin, LogPage.ERROR, 192, 0);

        assertThat(log.u64(0)).as("count").isEqualTo(2);
        assertThat(log.u16(8)).as("SQID").isEqualTo(3);
        assertThat(log.u16(10)).as("CID").isEqualTo(failed.commandId());
        assertThat(log.u16(12)).as("status").isEqualTo(0x8000 | 0x80 << 1);
        assertThat(log.u16(14)).as("location").isEqualTo(40);
        assertThat(log.u64(16)).as("LBA").isEqualTo(0x1234_5678_9abcL);
        assertThat(log.u32(24)).as("NSID").isEqualTo(1);
        assertThat(log.u64(64)).isEqualTo(1);
        assertThat(log.u16(64 + 14)).isZero();
        assertThat(log.u64(128)).isZero();
    }

    @Test
    void keepsTheLatest128Errors() {
        for (int i = 0; i < 200; i++) {
            admin.run(TestQueue.admin(0x99));
        }

        TestQueue.Completion log = read(admin, LogPage.ERROR, 8192, 0);

        assertThat(log.u64(0)).isEqualTo(200);
        assertThat(log.u64(127 * 64)).isEqualTo(73);
    }

    @Test
    void countsWhatWasMoved() {
        TestQueue io = fixture.io(admin, 1);
        for (int i = 0; i < 130; i++) {
            io.write(CoreFixture.io(IoOpcode.WRITE, 1, i, 1), new byte[4096]);
        }
        io.read(CoreFixture.io(IoOpcode.READ, 1, 0, 2), 8192);
        io.close("lost");
        fixture.settle();

        TestQueue.Completion smart = read(admin, LogPage.SMART, 512, 0);

        assertThat(smart.u64(32)).as("data units read").isEqualTo(1);
        assertThat(smart.u64(48)).as("data units written").isEqualTo(2); // 532,480 bytes
        assertThat(smart.u64(64)).as("reads").isEqualTo(1);
        assertThat(smart.u64(80)).as("writes").isEqualTo(130);
        assertThat(smart.u8(0)).as("critical warning").isZero();
    }

    @Test
    void namesTheFirmware() {
        TestQueue.Completion page = read(admin, LogPage.FIRMWARE_SLOT, 512, 0);

        assertThat(page.u8(0)).isEqualTo(1);
        assertThat(page.text(8, 8)).isEqualTo("%-8s".formatted(fixture.subsystem.firmware()));
    }

    @Test
    void tellsWhichCommandsThereAre() {
        TestQueue.Completion page = read(admin, LogPage.COMMAND_EFFECTS, 4096, 0);
        TestQueue io = fixture.io(admin, 1);

        for (int opcode = 0; opcode < 256; opcode++) {
            if (opcode != AdminOpcode.FABRICS) {
                boolean supported = (page.u32(1024 + opcode * 4) & 1) != 0;
                TestQueue.Completion completion = io.run(TestQueue.admin(opcode));
                assertThat(completion.is(Status.INVALID_OPCODE))
                        .as("opcode %02xh", opcode)
                        .isEqualTo(!supported);
            }
        }
        assertThat(page.u32(1024 + 4)).as("write changes blocks").isEqualTo(3);
    }

    @Test
    void tellsThatItHasNoCommandsOfAnotherCommandSet() {
        TestQueue.Completion zoned =
                read(admin, LogPage.COMMAND_EFFECTS, 4096, 0, sqe -> sqe.u8(Sqe.CDW14 + 3, 2));

        assertThat(zoned.u32(AdminOpcode.IDENTIFY * 4)).isEqualTo(1);
        for (int opcode = 0; opcode < 256; opcode++) {
            assertThat(zoned.u32(1024 + opcode * 4)).as("opcode %02xh", opcode).isZero();
        }
    }

    @Test
    void describesAnaGroups() {
        fixture.namespace(5, "mem:4K").anaGroup(2);
        fixture.subsystem.createNamespace(6);
        fixture.port.createAnaGroup(2);
        fixture.port.anaState(2, AnaState.NON_OPTIMIZED);

        TestQueue.Completion log = read(admin, LogPage.ANA, 128, 0);

        assertThat(log.u64(0)).isEqualTo(fixture.target.anaChangeCount());
        assertThat(log.u16(8)).as("groups").isEqualTo(2);
        assertThat(log.u32(16)).as("group").isEqualTo(1);
        assertThat(log.u32(20)).as("namespaces").isEqualTo(1);
        assertThat(log.u8(32)).as("state").isEqualTo(1);
        assertThat(log.u32(48)).as("member").isEqualTo(1);
        assertThat(log.u32(52)).as("group").isEqualTo(2);
        assertThat(log.u32(56)).as("namespaces").isEqualTo(1);
        assertThat(log.u8(68)).as("state").isEqualTo(2);
        assertThat(log.u32(84)).as("member").isEqualTo(5);
    }

    @Test
    void describesAnaGroupsWithoutTheirMembers() {
        TestQueue.Completion log =
                read(admin, LogPage.ANA, 64, 0, sqe -> sqe.u8(LogPageCommand.LSP, 1));

        assertThat(log.u16(8)).isEqualTo(1);
        assertThat(log.u32(20)).isZero();
    }
}
