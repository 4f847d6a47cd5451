package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jnvmet.wire.Le;
import org.junit.jupiter.api.Test;

/** Golden bytes of the commands a host makes. */
class CommandBytesTest {
    private static String hex(MemorySegment memory) {
        return HexFormat.of().formatHex(memory.toArray(Le.U8));
    }

    /** The entry without its SGL: bytes 0 to 7, and 40 to 63. */
    private static void is(HostCommand command, String first, String dwords) {
        String entry = hex(command.sqe().memory());
        assertThat(entry.substring(0, 16)).isEqualTo(first.replace(" ", ""));
        assertThat(entry.substring(80)).isEqualTo(dwords.replace(" ", ""));
    }

    @Test
    void makesConnect() {
        UUID host = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        ConnectOptions options = ConnectOptions.to("nqn.s").host("nqn.h", host).keepAliveMs(5000);
        HostCommand command =
                AdminCommands.connect(options, new QueueOptions(0, 32, 8192, true, 1000), 0xffff);
        is(command, "7f000000 01000000", "00000000 1f000000 88130000 000000000000000000000000");
        String data = hex(command.data().segment(0));
        assertThat(data)
                .isEqualTo(
                        "00112233445566778899aabbccddeeff"
                                + "ffff"
                                + "00".repeat(238)
                                + "6e716e2e73"
                                + "00".repeat(251)
                                + "6e716e2e68"
                                + "00".repeat(251)
                                + "00".repeat(256));
        is(
                AdminCommands.connect(options, new QueueOptions(3, 128, 8192, false, 1000), 9),
                "7f000000 01000000",
                "00000300 7f000400 00000000 000000000000000000000000");
    }

    @Test
    void makesPropertyCommands() {
        is(
                AdminCommands.propertyGet(0, 8),
                "7f000000 04000000",
                "01000000 00000000 00000000 000000000000000000000000");
        is(
                AdminCommands.propertySet(0x14, 0x460061),
                "7f000000 00000000",
                "00000000 14000000 61004600 000000000000000000000000");
    }

    @Test
    void makesAdminCommands() {
        is(
                AdminCommands.identify(6, 0, 2),
                "06000000 00000000",
                "06000000 00000002 00000000 000000000000000000000000");
        is(
                AdminCommands.getLogPage(0x70, true, 4096, 1024),
                "02000000 ffffffff",
                "7080ff03 00000000 00040000 000000000000000000000000");
        is(
                AdminCommands.getFeature(0x0f, 3),
                "0a000000 00000000",
                "0f030000 00000000 00000000 000000000000000000000000");
        is(
                AdminCommands.setFeature(0x0b, 0x80000900),
                "09000000 00000000",
                "0b000000 00090080 00000000 000000000000000000000000");
        is(
                AdminCommands.abort(1, 0xf002),
                "08000000 00000000",
                "010002f0 00000000 00000000 000000000000000000000000");
        is(AdminCommands.keepAlive(), "18000000 00000000", "00".repeat(24));
        is(AdminCommands.asyncEventRequest(), "0c000000 00000000", "00".repeat(24));
    }

    @Test
    void makesIoCommands() {
        MemorySegment data = MemorySegment.ofArray(new byte[1024]);
        is(
                IoCommands.read(7, 0x0102030405060708L, 2, data),
                "02000000 07000000",
                "08070605 04030201 01000000 000000000000000000000000");
        is(
                IoCommands.forceUnitAccess(IoCommands.write(7, 1, 65_536, data)),
                "01000000 07000000",
                "01000000 00000000 ffff0040 000000000000000000000000");
        is(
                IoCommands.compare(7, 1, 2, data),
                "05000000 07000000",
                "01000000 00000000 01000000 000000000000000000000000");
        is(
                IoCommands.writeZeroes(7, 1, 2, true),
                "08000000 07000000",
                "01000000 00000000 01000002 000000000000000000000000");
        is(
                IoCommands.writeZeroes(7, 1, 2, false),
                "08000000 07000000",
                "01000000 00000000 01000000 000000000000000000000000");
        is(IoCommands.flush(7), "00000000 07000000", "00".repeat(24));
    }

    @Test
    void makesDatasetManagement() {
        HostCommand command =
                IoCommands.deallocate(
                        7,
                        List.of(
                                new IoCommands.Range(0x10, 2),
                                new IoCommands.Range(5, 0x80000000L)));
        is(command, "09000000 07000000", "01000000 04000000 00000000 000000000000000000000000");
        assertThat(hex(command.data().segment(0)))
                .isEqualTo(
                        "00000000 02000000 1000000000000000 00000000 00000080 0500000000000000"
                                .replace(" ", ""));
        assertThatIllegalArgumentException().isThrownBy(() -> IoCommands.deallocate(7, List.of()));
    }
}
