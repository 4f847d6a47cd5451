package org.jnvmet.app.bench;

import java.util.List;
import java.util.Locale;

/** What an I/O does with its blocks. */
enum Direction {
    READ(0),
    WRITE(1),
    TRIM(2);

    static final List<Direction> ALL = List.of(values());

    private final int index;

    Direction(int index) {
        this.index = index;
    }

    /** Its place in arrays of all directions. */
    int index() {
        return index;
    }

    /** Its name in reports. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
