package org.jnvmet.app.bench;

import java.util.Locale;

/** Numbers as fio prints them: as few digits as say enough. */
final class FioNumber {
    private static final String PREFIXES = " kMGTP";
    private static final int DIGITS = 4;

    private FioNumber() {}

    /** A number in four characters and a prefix to the base of 1,000: 9844, 23.0k. */
    static String decimal(double number) {
        return shorten(number, 1000, DIGITS, "", "");
    }

    /** As {@link #decimal}, in six characters: 1977.6k. */
    static String longDecimal(double number) {
        return shorten(number, 1000, DIGITS + 2, "", "");
    }

    /** Bytes, to the base of 1,024: 89.9MiB. */
    static String binaryBytes(double bytes, String unit) {
        return shorten(bytes, 1024, DIGITS, "i", unit);
    }

    /** Bytes, to the base of 1,000: 94.3MB. */
    static String decimalBytes(double bytes, String unit) {
        return shorten(bytes, 1000, DIGITS, "", unit);
    }

    private static String shorten(double number, int base, int digits, String binary, String unit) {
        double value = number;
        int prefix = 0;
        while (String.valueOf((long) value).length() > digits && prefix < PREFIXES.length() - 1) {
            value /= base;
            prefix++;
        }
        String whole = String.valueOf((long) value);
        int decimals = prefix == 0 ? 0 : Math.max(0, digits - whole.length() - 1);
        String text =
                prefix == 0 ? whole : String.format(Locale.ROOT, "%." + decimals + "f", value);
        return prefix == 0
                ? text + unit
                : text
                        + (binary.isEmpty() ? PREFIXES.charAt(prefix) : upper(prefix))
                        + binary
                        + unit;
    }

    private static char upper(int prefix) {
        return Character.toUpperCase(PREFIXES.charAt(prefix));
    }
}
