package org.jnvmet.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link Cqe}, and the status field it carries. */
class CqeTest {
    private static final String REFUSED = "0807060504030201" + "2221" + "1413" + "efbe" + "0581";

    @Test
    void readsEachFieldWhereTheStandardPutsIt() {
        Cqe cqe = new Cqe().wrap(Golden.memory(Golden.hex(REFUSED)), 0);
        assertThat(cqe.result()).isEqualTo(0x0102030405060708L);
        assertThat(cqe.sqHead()).isEqualTo(0x2122);
        assertThat(cqe.sqId()).isEqualTo(0x1314);
        assertThat(cqe.commandId()).isEqualTo(0xbeef);
        assertThat(cqe.status()).isEqualTo(0x4082);
    }

    @Test
    void writesAllSixteenBytesWithThePhaseZero() {
        MemorySegment memory = Golden.memory(new byte[Cqe.BYTES]);
        memory.fill((byte) 0xff);
        new Cqe()
                .wrap(memory, 0)
                .set(0x0102030405060708L, 0x2122, 0x1314, 0xbeef, Status.INVALID_OPCODE.field());
        // DNR is bit 15, the code bits 8:1 of the last two bytes.
        assertThat(Golden.hex(memory, Cqe.BYTES))
                .isEqualTo("0807060504030201" + "2221" + "1413" + "efbe" + "0280");
    }

    @Test
    void keepsStatusCodesOfEightBits() {
        MemorySegment memory = Golden.memory(new byte[Cqe.BYTES]);
        Cqe cqe = new Cqe().wrap(memory, 0);
        cqe.set(0, 0, 0, 0, Status.COMPARE_FAILURE.field());
        assertThat(Golden.hex(memory.asSlice(14), 2)).isEqualTo("0a85");
        assertThat(Status.COMPARE_FAILURE.is(cqe.status())).isTrue();
        assertThat(Status.describe("Compare", cqe.status())).isEqualTo("compare failure");
    }
}
