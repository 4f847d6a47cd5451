package org.jnvmet.app.bench;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times, as fio reads them. */
final class Times {
    private static final Pattern NUMBER = Pattern.compile("(\\d{1,18})([a-z]*)");
    private static final long NS_PER_MS = 1_000_000;

    private Times() {}

    /**
     * Nanoseconds: a number and us, ms, s, m, h or d; seconds without.
     *
     * @throws IllegalArgumentException when it is none
     */
    static long parse(String text) {
        Matcher number = NUMBER.matcher(text.toLowerCase(Locale.ROOT));
        if (!number.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no time");
        }
        long unit =
                switch (number.group(2)) {
                    case "us" -> NS_PER_MS / 1000;
                    case "ms" -> NS_PER_MS;
                    case "", "s" -> 1000 * NS_PER_MS;
                    case "m" -> 60_000 * NS_PER_MS;
                    case "h" -> 3_600_000 * NS_PER_MS;
                    case "d" -> 86_400_000 * NS_PER_MS;
                    default ->
                            throw new IllegalArgumentException(
                                    "'"
                                            + text
                                            + "' is no time: a number and us, ms, s, m, h or d, like 10s");
                };
        try {
            return Math.multiplyExact(Long.parseLong(number.group(1)), unit);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is too long", e);
        }
    }
}
