package org.jnvmet.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link Sqe} and of what fills it: {@link Sgl}, {@link IoCommand}. */
class SqeTest {
    private static final byte[] READ =
            Golden.hex(
                    """
                    02 40 34 12  01 02 03 84  05 06 07 08  09 0a 0b 0c
                    0d 0e 0f 10  11 12 13 14  21 22 23 24  25 26 27 28
                    31 32 33 f4  00 00 00 5a  41 42 43 44  45 46 47 48
                    07 00 00 c2  51 52 53 54  61 62 63 64  71 72 73 74
                    """);

    @Test
    void readsEachFieldWhereTheStandardPutsIt() {
        Sqe sqe = new Sqe().wrap(Golden.memory(READ), 0);
        assertThat(sqe.opcode()).isEqualTo(IoOpcode.READ);
        assertThat(sqe.fuse()).isZero();
        assertThat(sqe.psdt()).isEqualTo(1);
        assertThat(sqe.commandId()).isEqualTo(0x1234);
        assertThat(sqe.namespaceId()).isEqualTo(0x84030201);
        assertThat(sqe.fabricsType()).isEqualTo(1);
        assertThat(sqe.sglAddress()).isEqualTo(0x2827262524232221L);
        assertThat(sqe.sglLength()).isEqualTo(0xf4333231L);
        assertThat(sqe.sglType()).isEqualTo(Sgl.TRANSPORT);
        assertThat(sqe.cdw10()).isEqualTo(0x44434241);
        assertThat(sqe.cdw11()).isEqualTo(0x48474645);
        assertThat(sqe.cdw12()).isEqualTo(0xc2000007);
        assertThat(sqe.cdw13()).isEqualTo(0x54535251);
        assertThat(sqe.cdw14()).isEqualTo(0x64636261);
        assertThat(sqe.cdw15()).isEqualTo(0x74737271);
        assertThat(IoCommand.startingLba(sqe)).isEqualTo(0x4847464544434241L);
        assertThat(IoCommand.blockCount(sqe)).isEqualTo(8);
        assertThat(IoCommand.forceUnitAccess(sqe)).isTrue();
        assertThat(IoCommand.deallocate(sqe)).isTrue();
        assertThat(sqe.cdw12() & IoCommand.LIMITED_RETRY).isNotZero();
    }

    @Test
    void readsFusedBitsAndBothPrpAndSglBits() {
        Sqe sqe = new Sqe().wrap(Golden.memory(new byte[Sqe.BYTES]), 0);
        assertThat(sqe.u8(Sqe.FLAGS, 0x02).fuse()).isEqualTo(2);
        assertThat(sqe.psdt()).isZero();
        assertThat(sqe.u8(Sqe.FLAGS, 0x81).fuse()).isEqualTo(1);
        assertThat(sqe.psdt()).isEqualTo(2);
    }

    @Test
    void writesAWriteCommandByteForByte() {
        MemorySegment memory = Golden.memory(READ);
        Sqe sqe = new Sqe().wrap(memory, 0).clear();
        sqe.u8(Sqe.OPCODE, IoOpcode.WRITE).u16(Sqe.CID, 0xbeef).u32(Sqe.NSID, 7);
        Sgl.inCapsule(sqe, 4096);
        IoCommand.range(sqe, 0x0102030405060708L, 8);
        sqe.u32(Sqe.CDW12, sqe.cdw12() | IoCommand.FORCE_UNIT_ACCESS);
        assertThat(memory.toArray(Le.U8))
                .isEqualTo(
                        Golden.hex(
                                """
                                01 40 ef be  07 00 00 00  00 00 00 00  00 00 00 00
                                00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
                                00 10 00 00  00 00 00 01  08 07 06 05  04 03 02 01
                                07 00 00 40  00 00 00 00  00 00 00 00  00 00 00 00
                                """));
    }

    @Test
    void writesTheDescriptorOfTransportDataOverAnother() {
        MemorySegment memory = Golden.memory(READ);
        Sqe sqe = Sgl.transport(new Sqe().wrap(memory, 0), 0x20000);
        assertThat(Golden.hex(memory.asSlice(24), 16))
                .isEqualTo("0000000000000000000002000000005a");
        assertThat(sqe.psdt()).isEqualTo(1);
    }

    @Test
    void writesAndReadsKeyedDescriptors() {
        MemorySegment memory = Golden.memory(READ);
        Sqe sqe = new Sqe().wrap(memory, 0);
        Sgl.keyed(sqe, 0x1122334455667788L, 0xabcdef, 0xa1b2c3d4, true);
        assertThat(Golden.hex(memory.asSlice(24), 16))
                .isEqualTo("8877665544332211efcdabd4c3b2a14f");
        assertThat(sqe.psdt()).isEqualTo(1);
        assertThat(Sgl.keyedLength(memory, Sqe.SGL_ADDRESS)).isEqualTo(0xabcdef);
        assertThat(Sgl.key(memory, Sqe.SGL_ADDRESS)).isEqualTo(0xa1b2c3d4);
        Sgl.keyed(sqe, 1, 2, 3, false);
        assertThat(Golden.hex(memory.asSlice(24), 16))
                .isEqualTo("01000000000000000200000300000040");
        assertThatThrownBy(() -> Sgl.keyed(sqe, 0, 1 << 24, 0, false))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void countsBlocksAndRangesFromOne() {
        Sqe sqe = new Sqe().wrap(Golden.memory(new byte[Sqe.BYTES]), 0);
        assertThat(IoCommand.blockCount(sqe)).isEqualTo(1);
        assertThat(IoCommand.rangeCount(sqe)).isEqualTo(1);
        assertThat(IoCommand.forceUnitAccess(sqe)).isFalse();
        assertThat(IoCommand.deallocate(sqe)).isFalse();
        sqe.u32(Sqe.CDW10, -1).u32(Sqe.CDW12, -1);
        assertThat(IoCommand.blockCount(sqe)).isEqualTo(65_536);
        assertThat(IoCommand.rangeCount(sqe)).isEqualTo(256);
    }

    @Test
    void takesTheDirectionFromTheOpcodeOrTheFabricsType() {
        Sqe sqe = new Sqe().wrap(Golden.memory(new byte[Sqe.BYTES]), 0);
        assertThat(direction(sqe, IoOpcode.FLUSH, 0)).isEqualTo(DataDirection.NONE);
        assertThat(direction(sqe, IoOpcode.WRITE, 0)).isEqualTo(DataDirection.HOST_TO_CONTROLLER);
        assertThat(direction(sqe, IoOpcode.READ, 1)).isEqualTo(DataDirection.CONTROLLER_TO_HOST);
        assertThat(direction(sqe, IoOpcode.DATASET_MANAGEMENT, 0))
                .isEqualTo(DataDirection.HOST_TO_CONTROLLER);
        assertThat(direction(sqe, 0x7f, FabricsType.CONNECT))
                .isEqualTo(DataDirection.HOST_TO_CONTROLLER);
        assertThat(direction(sqe, 0x7f, FabricsType.PROPERTY_GET)).isEqualTo(DataDirection.NONE);
        assertThat(direction(sqe, 0x7f, FabricsType.AUTHENTICATION_RECEIVE))
                .isEqualTo(DataDirection.CONTROLLER_TO_HOST);
        assertThat(direction(sqe, 0xff, 0)).isEqualTo(DataDirection.BIDIRECTIONAL);
    }

    private static DataDirection direction(Sqe sqe, int opcode, int fabricsType) {
        return DataDirection.of(sqe.u8(Sqe.OPCODE, opcode).u8(Sqe.FCTYPE, fabricsType));
    }

    @Test
    void namesCommandsAsTheStandardDoes() {
        assertThat(AdminOpcode.name(0x0c)).isEqualTo("Asynchronous Event Request");
        assertThat(AdminOpcode.name(0xc0)).isEqualTo("admin opcode c0h");
        assertThat(IoOpcode.name(0x08)).isEqualTo("Write Zeroes");
        assertThat(IoOpcode.name(0x90)).isEqualTo("I/O opcode 90h");
        assertThat(FabricsType.name(0x04)).isEqualTo("Property Get");
        assertThat(FabricsType.name(0x33)).isEqualTo("fabrics type 33h");
    }
}
