package org.jnvmet.app.console;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of bytes on the command line: {@code 4096}, {@code 0x1000}, {@code 4k}; units are powers of 1,024. */
public final class ByteCount implements ITypeConverter<Long> {
    private static final Pattern DECIMAL = Pattern.compile("(\\d{1,19})([kmgtp]?)(i?b)?");
    private static final Pattern HEXADECIMAL = Pattern.compile("0x[0-9a-f]+");
    private static final String UNITS = "kmgtp";
    private static final int BITS_PER_UNIT = 10;

    @Override
    public Long convert(String text) {
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException with a sentence, when it is none or too large
     */
    public static long parse(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        try {
            if (HEXADECIMAL.matcher(lower).matches()) {
                return Long.parseLong(lower.substring(2), 16);
            }
            Matcher decimal = DECIMAL.matcher(lower);
            if (decimal.matches()) {
                int unit = UNITS.indexOf(decimal.group(2)) + 1;
                long factor = decimal.group(2).isEmpty() ? 1 : 1L << (BITS_PER_UNIT * unit);
                return Math.multiplyExact(Long.parseLong(decimal.group(1)), factor);
            }
        } catch (ArithmeticException | NumberFormatException tooLarge) {
            throw new IllegalArgumentException("'" + text + "' is too large", tooLarge);
        }
        throw new IllegalArgumentException(
                "'" + text + "' is no number of bytes, such as 4096, 0x1000 or 4k");
    }
}
