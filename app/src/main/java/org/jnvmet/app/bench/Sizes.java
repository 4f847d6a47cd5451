package org.jnvmet.app.bench;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes and times, as fio reads them. */
final class Sizes {
    private static final Pattern NUMBER = Pattern.compile("(\\d{1,18})([a-z]*)");
    private static final String PREFIXES = "kmgtp";
    private static final long NS_PER_MS = 1_000_000;

    private Sizes() {}

    /**
     * Bytes: a number and k, m, g, t or p, in either case and with or without a b, to the base of 1,024.
     *
     * @throws IllegalArgumentException when it is none
     */
    static long bytes(String text) {
        Matcher number = match(text, "size");
        String unit = number.group(2);
        if (unit.endsWith("b")) {
            unit = unit.substring(0, unit.length() - 1);
        }
        int power = unit.isEmpty() ? 0 : PREFIXES.indexOf(unit) + 1;
        if (unit.length() > 1 || (power == 0 && !unit.isEmpty())) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no size: a number and k, m, g, t or p, like 4k or 1m");
        }
        long value = Long.parseLong(number.group(1));
        long most = Long.MAX_VALUE >> (10 * power);
        if (value > most) {
            throw new IllegalArgumentException("'" + text + "' is too large");
        }
        return value << (10 * power);
    }

    /**
     * Nanoseconds: a number and us, ms, s, m, h or d; seconds without.
     *
     * @throws IllegalArgumentException when it is none
     */
    static long time(String text) {
        Matcher number = match(text, "time");
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

    private static Matcher match(String text, String what) {
        Matcher number = NUMBER.matcher(text.toLowerCase(Locale.ROOT));
        if (!number.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no " + what);
        }
        return number;
    }
}
