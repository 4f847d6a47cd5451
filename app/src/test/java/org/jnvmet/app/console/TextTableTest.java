package org.jnvmet.app.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Columns of a table. */
final class TextTableTest {
    @Test
    void makesColumnsAsWideAsWhatTheyHold() {
        String text = new TextTable("A", "Title", "C").row("long one", "x", "y").text();
        assertThat(text.lines())
                .containsExactly(
                        "A        Title C",
                        "-------- ----- -", //
                        "long one x     y");
    }

    @Test
    void letsTheLastCellOfAShortRowRunOver() {
        String text =
                new TextTable("A", "B", "C")
                        .row("1", "2", "3")
                        .row("name", "a sentence that is long")
                        .text();
        assertThat(text.lines())
                .containsExactly(
                        "A    B C", //
                        "---- - -",
                        "1    2 3",
                        "name a sentence that is long");
    }

    @Test
    void putsNumbersBelowEachOther() {
        String text = new TextTable("Name", "N", "Total").numbersFrom(1).row("a", "10", "1").text();
        assertThat(text.lines())
                .containsExactly(
                        "Name  N Total", //
                        "---- -- -----",
                        "a    10     1");
    }
}
