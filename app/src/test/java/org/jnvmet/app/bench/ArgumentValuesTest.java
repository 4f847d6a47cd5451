package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jnvmet.app.console.ByteCount;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of options, as fio reads them. */
final class ArgumentValuesTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "512, 512",
        "4k, 4096",
        "4K, 4096",
        "4kb, 4096",
        "512b, 512",
        "128k, 131072",
        "1m, 1048576",
        "3G, 3221225472",
        "1t, 1099511627776",
        "8191p, 9222246136947933184"
    })
    void readsSizesAsFioDoes(String text, long bytes) {
        assertThat(ByteCount.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "-1", "4.5k", "4q", "4ki", "4kk", "4 k", "8192p", "1e3"})
    void refusesWhatIsNoSize(String text) {
        assertThatThrownBy(() -> ByteCount.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + text + "' is ");
    }

    @ParameterizedTest
    @CsvSource({
        "10, 10000000000",
        "10s, 10000000000",
        "1m, 60000000000",
        "2h, 7200000000000",
        "1d, 86400000000000",
        "250ms, 250000000",
        "5us, 5000"
    })
    void readsTimesAsFioDoes(String text, long ns) {
        assertThat(Times.parse(text)).isEqualTo(ns);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "-1s", "1.5s", "1w", "999999999999999h"})
    void refusesWhatIsNoTime(String text) {
        assertThatThrownBy(() -> Times.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + text + "' is ");
    }

    @ParameterizedTest
    @CsvSource({"100%, 1000", "1%, 10", "33%, 330", "64, 64", "2k, 2048"})
    void takesAPartOfANamespace(String text, long bytes) {
        assertThat(Portion.parse(text).of(1000)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0%", "101%", "%", "x%", "1.5%"})
    void refusesWhatIsNoPart(String text) {
        assertThatThrownBy(() -> Portion.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1m      | 1048576 | 1048576 | 1048576",
                "1m,2k   | 1048576 | 2048    | 2048",
                "1m,     | 1048576 | 0       | 0",
                ",500    | 0       | 500     | 500",
                "1,2,3   | 1       | 2       | 3"
            })
    void readsARateForEachDirection(String text, long read, long write, long trim) {
        assertThat(Rates.parse(text)).isEqualTo(new Rates(read, write, trim));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1,0", "1,2,3,4", "fast"})
    void refusesWhatIsNoRate(String text) {
        assertThatThrownBy(() -> Rates.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
