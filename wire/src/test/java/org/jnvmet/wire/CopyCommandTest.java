package org.jnvmet.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.admin.HostBehavior;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link CopyCommand}, {@link CopyRange} and what a host enables for them. */
class CopyCommandTest {
    private static final byte[] COPY =
            Golden.hex(
                    """
                    19 40 34 12  01 00 00 00  00 00 00 00  00 00 00 00
                    00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
                    e0 1f 00 00  00 00 00 5a  41 42 43 44  45 46 47 48
                    fe a3 00 d4  00 00 00 00  00 00 00 00  00 00 00 00
                    """);

    private static final String RANGE =
            """
            000: 0102 0304 0000 0000 0506 0708 090a 0b0c
            010: 0d0e 0000 0000 0f10 0000 0000 0000 0000
            """;

    @Test
    void readsEachFieldWhereTheStandardPutsIt() {
        Sqe sqe = new Sqe().wrap(Golden.memory(COPY), 0);
        assertThat(IoOpcode.name(sqe.opcode())).isEqualTo("Copy");
        assertThat(DataDirection.of(sqe)).isEqualTo(DataDirection.HOST_TO_CONTROLLER);
        assertThat(CopyCommand.destination(sqe)).isEqualTo(0x4847464544434241L);
        assertThat(CopyCommand.rangeCount(sqe)).isEqualTo(255);
        assertThat(CopyCommand.format(sqe)).isEqualTo(3);
        assertThat(CopyCommand.readProtection(sqe)).isEqualTo(0xa);
        assertThat(CopyCommand.writeProtection(sqe)).isEqualTo(5);
        assertThat(IoCommand.forceUnitAccess(sqe)).isTrue();
        assertThat(sqe.cdw12() & IoCommand.LIMITED_RETRY).isNotZero();
    }

    @Test
    void locatesErrorsAtTheByteThatHoldsTheField() {
        assertThat(CopyCommand.SDLBA).isEqualTo(40);
        assertThat(CopyCommand.NR).isEqualTo(48);
        assertThat(CopyCommand.FORMAT).isEqualTo(49);
        assertThat(CopyCommand.PRINFOW).isEqualTo(51);
    }

    @Test
    void writesACommandByteForByte() {
        MemorySegment memory = Golden.memory(COPY);
        Sqe sqe = new Sqe().wrap(memory, 0).clear().u8(Sqe.OPCODE, IoOpcode.COPY);
        CopyCommand.set(sqe, 0x0102030405060708L, 256, 2);
        assertThat(memory.toArray(Le.U8))
                .isEqualTo(
                        Golden.hex(
                                """
                                19 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
                                00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
                                00 00 00 00  00 00 00 00  08 07 06 05  04 03 02 01
                                ff 02 00 00  00 00 00 00  00 00 00 00  00 00 00 00
                                """));
        for (int ranges : new int[] {0, 257}) {
            assertThatThrownBy(() -> CopyCommand.set(sqe, 0, ranges, 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void putsEachFieldOfARangeWhereTheStandardPutsIt() {
        Golden.of(CopyRange.BYTES, RANGE)
                .with(CopyRange.SNSID, 0x4030201)
                .with(CopyRange.SLBA, 0xc0b0a0908070605L)
                .with(CopyRange.NLB, 0xe0d)
                .with(CopyRange.SOPT, 0x100f)
                .verify(new CopyRange());
    }

    @Test
    void knowsHowLongRangesAreAndWhichNameNamespaces() {
        assertThat(new int[] {CopyRange.bytes(0), CopyRange.bytes(1), CopyRange.bytes(2)})
                .containsExactly(32, 40, 32);
        assertThat(CopyRange.bytes(3)).isEqualTo(40);
        assertThat(CopyCommand.namesNamespaces(0)).isFalse();
        assertThat(CopyCommand.namesNamespaces(1)).isFalse();
        assertThat(CopyCommand.namesNamespaces(2)).isTrue();
        assertThat(CopyCommand.namesNamespaces(3)).isTrue();
        CopyRange range = new CopyRange().wrap(Golden.memory(new byte[CopyRange.BYTES]), 0);
        assertThat(range.blocks()).isEqualTo(1);
        assertThat(range.set(CopyRange.NLB, 0xffff).blocks()).isEqualTo(65_536);
    }

    @Test
    void putsEachFieldOfHostBehaviorWhereTheStandardPutsIt() {
        Golden.of(HostBehavior.BYTES, "000: 0102 0304 0506")
                .with(HostBehavior.ACRE, 1)
                .with(HostBehavior.ETDAS, 2)
                .with(HostBehavior.LBAFEE, 3)
                .with(HostBehavior.HDISNS, 4)
                .with(HostBehavior.CDFE, 0x605)
                .verify(new HostBehavior());
    }
}
