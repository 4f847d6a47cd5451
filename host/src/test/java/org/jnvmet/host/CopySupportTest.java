package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jnvmet.host.IoCommands.Source;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused, and how what is not is cut into commands, without any controller. */
class CopySupportTest {
    private static final List<Source> OWN = List.of(new Source(3, 10, 5));
    private static final List<Source> OTHERS = List.of(new Source(3, 10, 5), new Source(4, 0, 1));

    private static CopySupport support(int formats) {
        return new CopySupport(3, formats, 100, 250, 4);
    }

    @ParameterizedTest
    @CsvSource({"15, 0, 2", "14, 1, 2", "12, 2, 2", "9, 0, 3"})
    void takesTheSimplestFormat(int formats, int own, int others) {
        assertThat(support(formats).format(OWN, -1)).isEqualTo(own);
        assertThat(support(formats).format(OTHERS, -1)).isEqualTo(others);
    }

    @Test
    void saysWhatTheControllersCannotDo() {
        assertThatThrownBy(() -> support(0).format(OWN, -1))
                .isInstanceOf(HostException.class)
                .hasMessage("the controllers of namespace 3 cannot copy");
        assertThatThrownBy(() -> support(3).format(OTHERS, -1))
                .isInstanceOf(HostException.class)
                .hasMessage("the controllers of namespace 3 cannot copy from others");
        assertThatThrownBy(() -> support(1).format(OWN, 2))
                .isInstanceOf(HostException.class)
                .hasMessage("the controllers of namespace 3 cannot copy with format 2");
        assertThatThrownBy(() -> support(15).format(OWN, 4)).isInstanceOf(HostException.class);
        assertThatThrownBy(() -> support(15).format(OTHERS, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("format 1 is for sources of the same namespace");
    }

    @ParameterizedTest
    @CsvSource({"6", "10", "14"})
    void refusesSourcesThatOverlapTheirCopy(long destination) {
        assertThatThrownBy(() -> support(15).check(destination, OWN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("overlap");
    }

    @Test
    void countsBlocksThatDoNotOverlap() {
        assertThat(support(15).check(5, OWN)).isEqualTo(5);
        assertThat(support(15).check(15, OTHERS)).isEqualTo(6);
        assertThat(support(15).check(0, List.of(new Source(4, 0, 9)))).isEqualTo(9);
    }

    @Test
    void refusesNothingAndLess() {
        assertThatThrownBy(() -> support(15).check(0, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> support(15).check(0, List.of(new Source(4, 0, 0))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> support(15).check(0, List.of(new Source(4, -1, 1))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void cutsWhatIsMoreThanACommandCanDo() {
        assertThat(support(15).split(List.of(new Source(4, 7, 620))))
                .containsExactly(
                        List.of(
                                new Source(4, 7, 100),
                                new Source(4, 107, 100),
                                new Source(4, 207, 50)),
                        List.of(
                                new Source(4, 257, 100),
                                new Source(4, 357, 100),
                                new Source(4, 457, 50)),
                        List.of(new Source(4, 507, 100), new Source(4, 607, 20)));
        Source one = new Source(4, 1, 1);
        assertThat(support(15).split(List.of(one, one, one, one, one)))
                .containsExactly(List.of(one, one, one, one), List.of(one));
    }
}
