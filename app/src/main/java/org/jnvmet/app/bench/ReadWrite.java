package org.jnvmet.app.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The I/O pattern of a job, by fio's names. */
enum ReadWrite {
    READ('R', "read"),
    WRITE('W', "write"),
    TRIM('D', "trim"),
    RANDREAD('r', "randread"),
    RANDWRITE('w', "randwrite"),
    RANDTRIM('d', "randtrim"),
    RW('M', "rw", "readwrite"),
    RANDRW('m', "randrw");

    private final char letter;
    private final String text;
    private final String alias;

    ReadWrite(char letter, String text) {
        this(letter, text, text);
    }

    ReadWrite(char letter, String text, String alias) {
        this.letter = letter;
        this.text = text;
        this.alias = alias;
    }

    /**
     * The pattern of this name.
     *
     * @throws IllegalArgumentException if there is none; the message lists those there are
     */
    static ReadWrite parse(String text) {
        String name = text.toLowerCase(Locale.ROOT);
        for (ReadWrite each : values()) {
            if (name.equals(each.text) || name.equals(each.alias)) {
                return each;
            }
        }
        throw new IllegalArgumentException(
                "'%s' is none of %s"
                        .formatted(
                                text,
                                Arrays.stream(values())
                                        .map(ReadWrite::text)
                                        .collect(Collectors.joining(", "))));
    }

    String text() {
        return text;
    }

    /** How a running job shows in the progress line. */
    char letter() {
        return letter;
    }

    boolean random() {
        return this == RANDREAD || this == RANDWRITE || this == RANDTRIM || this == RANDRW;
    }

    boolean mixed() {
        return this == RW || this == RANDRW;
    }

    boolean reads() {
        return mixed() || this == READ || this == RANDREAD;
    }

    boolean writes() {
        return mixed() || this == WRITE || this == RANDWRITE;
    }

    boolean trims() {
        return this == TRIM || this == RANDTRIM;
    }

    /** The only direction there is, unless {@link #mixed}. */
    Direction direction() {
        if (trims()) {
            return Direction.TRIM;
        }
        return reads() ? Direction.READ : Direction.WRITE;
    }
}
