package org.jnvmet.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What all structures have from {@link Struct}. */
class StructTest {
    private final MemorySegment memory = Golden.memory(new byte[64]);
    private final Sample sample = new Sample().wrap(memory, 0);

    private static final class Sample extends Struct<Sample> {
        static final Field BYTE = number(0, 1);
        static final Field LONG = number(8, 8);
        static final Field WIDE = number(16, 16);
        static final Text PADDED = ascii(32, 4);
        static final Text ENDED = terminated(36, 4);
        static final Raw ID = raw(40, 16);
        static final Field FIRST = number(56, 2);

        Sample() {
            super(64);
        }

        @Override
        protected Sample self() {
            return this;
        }
    }

    @Test
    void refusesANumberThatDoesNotFitItsField() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sample.set(Sample.BYTE, 0x100))
                .withMessage("100 does not fit the 1 bytes at offset 0");
        assertThatIllegalArgumentException().isThrownBy(() -> sample.set(Sample.BYTE, -1));
        assertThat(sample.set(Sample.BYTE, 0xff).get(Sample.BYTE)).isEqualTo(0xff);
    }

    @Test
    void takesAllSixtyFourBits() {
        assertThat(sample.set(Sample.LONG, -1).get(Sample.LONG)).isEqualTo(-1);
    }

    @Test
    void zeroesTheHighHalfOfSixteenByteNumbers() {
        memory.fill((byte) 0xff);
        sample.set(Sample.WIDE, 5);
        assertThat(Golden.hex(memory.asSlice(16), 16)).isEqualTo("05" + "00".repeat(15));
    }

    @Test
    void readsAllBytesOfANumber() {
        memory.fill((byte) 0xff);
        MemorySegment.copy(
                Golden.memory(Golden.hex("01" + "00".repeat(14) + "80")), 0, memory, 16, 16);
        assertThat(sample.unsigned(Sample.WIDE))
                .isEqualTo(new BigInteger("80" + "00".repeat(14) + "01", 16));
        assertThat(sample.unsigned(Sample.BYTE)).isEqualTo(255);
        assertThat(sample.unsigned(Sample.LONG)).isEqualTo(new BigInteger("18446744073709551615"));
    }

    @Test
    void padsTextsAndRefusesThoseThatAreTooLong() {
        memory.fill((byte) 0xff);
        sample.set(Sample.PADDED, "ab").set(Sample.ENDED, "cd");
        assertThat(Golden.hex(memory.asSlice(32), 8)).isEqualTo("61622020" + "63640000");
        sample.set(Sample.PADDED, "abcd");
        assertThat(sample.get(Sample.PADDED)).isEqualTo("abcd");
        assertThatIllegalArgumentException().isThrownBy(() -> sample.set(Sample.PADDED, "abcde"));
        assertThatIllegalArgumentException().isThrownBy(() -> sample.set(Sample.ENDED, "abcd"));
        assertThatIllegalArgumentException().isThrownBy(() -> sample.set(Sample.ENDED, "äö"));
    }

    @Test
    void readsTextsOfPeersThatPadDifferently() {
        MemorySegment.copy(Golden.hex("61200000 61620062"), 0, memory, Le.U8, 32, 8);
        assertThat(sample.get(Sample.PADDED)).isEqualTo("a");
        assertThat(sample.get(Sample.ENDED)).isEqualTo("ab");
        MemorySegment.copy(Golden.hex("61626364 00000000"), 0, memory, Le.U8, 32, 8);
        assertThat(sample.get(Sample.PADDED)).isEqualTo("abcd");
        assertThat(sample.get(Sample.ENDED)).isEmpty();
    }

    @Test
    void writesUuidsInTheOrderOfTheirText() {
        UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        sample.uuid(Sample.ID, uuid);
        assertThat(Golden.hex(memory.asSlice(40), 16))
                .isEqualTo("00112233445566778899aabbccddeeff");
        assertThat(sample.uuid(Sample.ID)).isEqualTo(uuid);
    }

    @Test
    void refusesIdentifiersOfAnotherLength() {
        assertThatIllegalArgumentException().isThrownBy(() -> sample.set(Sample.ID, new byte[15]));
    }

    @Test
    void reachesElementsByIndexAndStride() {
        sample.set(Sample.FIRST.element(2, 3), 0x1234);
        assertThat(Golden.hex(memory.asSlice(56), 8)).isEqualTo("0000000000003412");
    }

    @Test
    void keepsBitFieldsWithinTheirBits() {
        BitField field = new BitField(20, 4);
        assertThat(field.of(0xffffffff_ff9fffffL)).isEqualTo(9);
        assertThat(field.put(0xf)).isEqualTo(0xf00000);
        assertThat(field.replace(-1L, 0)).isEqualTo(~0xf00000L);
        assertThat(field.isSet(~0xf00000L)).isFalse();
        assertThat(new BitField(59, 1).put(1)).isEqualTo(1L << 59);
        assertThatIllegalArgumentException().isThrownBy(() -> field.put(16));
        assertThatIllegalArgumentException().isThrownBy(() -> new BitField(60, 5));
    }
}
