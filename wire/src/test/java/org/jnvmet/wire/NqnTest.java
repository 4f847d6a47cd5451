package org.jnvmet.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fields, limits and form of {@link Nqn}. */
class NqnTest {
    private final MemorySegment memory = Golden.memory(new byte[300]);

    @Test
    void writesTheNameAndZeroesTheRestOfItsField() {
        memory.fill((byte) 0xff);
        Nqn.write(memory, 10, "nqn.2014-08.org:a");
        assertThat(Golden.hex(memory.asSlice(9), 20))
                .isEqualTo("ff" + "6e716e2e323031342d30382e6f72673a61" + "0000");
        assertThat(memory.asSlice(27, 239).toArray(Le.U8)).containsOnly(0);
        assertThat(memory.get(Le.U8, 266)).isEqualTo((byte) 0xff);
        assertThat(Nqn.read(memory, 10)).isEqualTo("nqn.2014-08.org:a");
    }

    @Test
    void readsANameOf223BytesAndRefusesOneOf224() {
        memory.asSlice(0, 223).fill((byte) 'x');
        assertThat(Nqn.read(memory, 0)).hasSize(223);
        memory.set(Le.U8, 223, (byte) 'x');
        assertThat(Nqn.read(memory, 0)).isNull();
    }

    @Test
    void refusesFieldsThatAreEmptyOrNotUtf8() {
        assertThat(Nqn.read(memory, 0)).isNull();
        MemorySegment.copy(Golden.hex("6e71c328"), 0, memory, Le.U8, 0, 4);
        assertThat(Nqn.read(memory, 0)).isNull();
    }

    @Test
    void refusesToWriteNamesThatDoNotFit() {
        assertThatIllegalArgumentException().isThrownBy(() -> Nqn.write(memory, 0, ""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Nqn.write(memory, 0, "n".repeat(224)));
        assertThatIllegalArgumentException().isThrownBy(() -> Nqn.write(memory, 0, "nqn\0x"));
        assertThat(Nqn.fits("n".repeat(223))).isTrue();
        assertThat(Nqn.fits("ä".repeat(112))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nqn.2014-08.org.nvmexpress:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
                "nqn.2014-08.org.nvmexpress.discovery",
                "nqn.2019-12.com.example:disk one/2"
            })
    void acceptsTheFormsOfTheStandard(String nqn) {
        assertThat(Nqn.isWellFormed(nqn)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "testnqn",
                "nqn.2014-13.org:a",
                "nqn.14-08.org:a",
                "nqn.2014-08.org:",
                "iqn.2014-08.a:b"
            })
    void knowsNamesOfAnotherForm(String nqn) {
        assertThat(Nqn.isWellFormed(nqn)).isFalse();
        assertThat(Nqn.fits(nqn)).isTrue();
    }
}
