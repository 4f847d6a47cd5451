package org.jnvmet.app.console;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A table for people: a line of titles, one of dashes, and columns as wide as what they hold. */
public final class TextTable {
    private final List<String> titles;
    private final List<List<String>> rows = new ArrayList<>();
    private int firstNumber = Integer.MAX_VALUE;

    public TextTable(String... titles) {
        this.titles = List.of(titles);
    }

    /** Columns from this one on hold numbers, which end below each other. */
    public TextTable numbersFrom(int column) {
        firstNumber = column;
        return this;
    }

    /** Adds a row; where it has fewer cells than there are titles, its last one runs over the columns that follow. */
    public TextTable row(String... cells) {
        rows.add(List.of(cells));
        return this;
    }

    /** All lines. */
    public String text() {
        int[] widths = IntStream.range(0, titles.size()).map(this::width).toArray();
        List<String> dashes = IntStream.of(widths).mapToObj("-"::repeat).toList();
        StringBuilder text = new StringBuilder();
        append(text, titles, widths);
        append(text, dashes, widths);
        rows.forEach(row -> append(text, row, widths));
        return text.toString();
    }

    private int width(int column) {
        int widest = titles.get(column).length();
        for (List<String> row : rows) {
            if (column < row.size() && (column + 1 < row.size() || row.size() == titles.size())) {
                widest = Math.max(widest, row.get(column).length());
            }
        }
        return widest;
    }

    private void append(StringBuilder text, List<String> cells, int[] widths) {
        String line =
                IntStream.range(0, cells.size())
                        .mapToObj(column -> cell(column, cells.get(column), widths[column]))
                        .collect(Collectors.joining(" "));
        text.append(line.stripTrailing()).append(System.lineSeparator());
    }

    private String cell(int column, String content, int width) {
        String blanks = " ".repeat(Math.max(0, width - content.length()));
        return column >= firstNumber ? blanks + content : content + blanks;
    }
}
