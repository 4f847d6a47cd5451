package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Left what fio 3.39 prints for the number on the right. */
final class FioNumberTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "255, 255",
        "9844, 9844",
        "23000, 23.0k",
        "195124, 195k",
        "1683000, 1683k",
        "11200000, 11.2M",
        "3646000, 3646k"
    })
    void printsNumbersInFourCharacters(double number, String text) {
        assertThat(FioNumber.decimal(number)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"911, 911", "389891, 389891", "1977600, 1977.6k", "17869000, 17869k"})
    void printsLatenciesInSixCharacters(double number, String text) {
        assertThat(FioNumber.longDecimal(number)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "512, 512B/s, 512B/s",
        "1048576, 1024KiB/s, 1049kB/s",
        "94266982, 89.9MiB/s, 94.3MB/s",
        "6401556480, 6105MiB/s, 6402MB/s",
        "14938688959, 13.9GiB/s, 14.9GB/s"
    })
    void printsBytesToBothBases(double bytes, String binary, String decimal) {
        assertThat(FioNumber.binaryBytes(bytes, "B/s")).isEqualTo(binary);
        assertThat(FioNumber.decimalBytes(bytes, "B/s")).isEqualTo(decimal);
    }
}
