package org.jnvmet.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** Numbers of bytes on the command line. */
final class ByteCountTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4096, 4096",
        "0x1000, 4096",
        "4k, 4096",
        "4K, 4096",
        "4KiB, 4096",
        "3m, 3145728",
        "1gb, 1073741824",
        "2t, 2199023255552",
        "9223372036854775807, 9223372036854775807"
    })
    void readsUnitsOfPowersOfTwo(String text, long bytes) {
        assertThat(new ByteCount().convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "k",
                "-1",
                "1.5k",
                "4x",
                "0xz",
                "0x-5",
                "0x",
                "4kk",
                "9223372036854775808",
                "9000000t",
                "0x10000000000000000"
            })
    void refusesWhatIsNoNumberOfBytes(String text) {
        assertThatThrownBy(() -> new ByteCount().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "'");
    }
}
