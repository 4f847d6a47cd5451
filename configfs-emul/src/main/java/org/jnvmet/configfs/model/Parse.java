package org.jnvmet.configfs.model;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.KernelBoolean;
import org.jnvmet.target.posix.Errno;

/**
 * Reads values from the text of a store, as leniently and as strictly as the kernel's helpers do:
 * scripts rely on both. Every method takes the name of the attribute or directory for its refusals.
 */
final class Parse {
    private static final Pattern VERSION =
            Pattern.compile("\\s*([0-9]+)\\.\\s*([0-9]+)(?:\\.\\s*([0-9]+))?");
    private static final Pattern SCANNED = Pattern.compile("\\s*([0-9]+)");
    private static final Pattern UUID_TEXT =
            Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");
    private static final Pattern NGUID = Pattern.compile("(\\p{XDigit}{2}[-:]?){16}");
    private static final int UUID_CHARS = 36;

    private Parse() {}

    /** Looks at the first one or two characters only. */
    static boolean bool(String name, String text) {
        Boolean value = KernelBoolean.parse(text);
        if (value == null) {
            throw invalid(name, text, "is no boolean");
        }
        return value;
    }

    /** A boolean that triggers an action: false is refused. */
    static void trigger(String name, String text) {
        if (!bool(name, text)) {
            throw invalid(name, text, "must be true");
        }
    }

    /** The word of an enumeration: the whole text but for one newline at its end. */
    static String word(String name, String text) {
        String word = text(text);
        if (word.isEmpty()) {
            throw invalid(name, text, "is empty");
        }
        return word;
    }

    /** The whole text but for one newline at its end; may be empty. */
    static String text(String text) {
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    /** The text up to the first newline; may be empty. */
    static String line(String text) {
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }

    /** Refuses a text, newline included, that could not fit a field of the wire. */
    static void bytesAtMost(int limit, String name, String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > limit) {
            throw new ConfigException(
                    Errno.EINVAL, "%s: %d bytes are more than %d".formatted(name, bytes, limit));
        }
    }

    /** The first token delimited by white space. */
    static String token(String name, String text) {
        String stripped = text.stripLeading();
        int end = 0;
        while (end < stripped.length() && !Character.isWhitespace(stripped.charAt(end))) {
            end++;
        }
        if (end == 0) {
            throw invalid(name, text, "is blank");
        }
        return stripped.substring(0, end);
    }

    /** Unsigned 32 bits in base 0; ERANGE for a larger number, EINVAL for no number. */
    static int u32(String name, String text) {
        long value = number(name, text);
        if (value < 0 || value > 0xffff_ffffL) {
            throw tooLarge(name, text);
        }
        return (int) value;
    }

    /** As {@link #u32}, but what does not fit an int becomes its largest value, for range checks to refuse. */
    static int saturatedU32(String name, String text) {
        int value = u32(name, text);
        return value < 0 ? Integer.MAX_VALUE : value;
    }

    /** Unsigned 16 bits in base 0; EINVAL for anything else. */
    static int u16(String name, String text) {
        long value = numberOrInvalid(name, text);
        if (value < 0 || value > 0xffff) {
            throw invalid(name, text, "is not within 0 .. 65535");
        }
        return (int) value;
    }

    /** A signed int in base 0; EINVAL for anything else. */
    static int int32(String name, String text) {
        boolean negative = text.startsWith("-");
        String digits = negative ? text.substring(1) : text;
        if (negative && digits.startsWith("+")) {
            throw invalid(name, text, "is no number");
        }
        long value = numberOrInvalid(name, digits);
        long limit = negative ? 1L << 31 : (1L << 31) - 1;
        if (value < 0 || value > limit) {
            throw invalid(name, text, "does not fit 32 bits");
        }
        return (int) (negative ? -value : value);
    }

    /** Scans decimal digits after any white space, whatever follows them; 0 .. 65,535. */
    static int scannedU16(String name, String text) {
        Matcher matcher = SCANNED.matcher(text);
        if (!matcher.lookingAt()) {
            throw invalid(name, text, "is no decimal number");
        }
        String digits = matcher.group(1).replaceFirst("^0+(?=.)", "");
        if (digits.length() > 5 || Integer.parseInt(digits) > 0xffff) {
            throw invalid(name, text, "is not within 0 .. 65535");
        }
        return Integer.parseInt(digits);
    }

    /** {@code major.minor} or {@code major.minor.tertiary}, packed as the VS property. */
    static int version(String name, String text) {
        Matcher matcher = VERSION.matcher(text);
        if (!matcher.lookingAt()) {
            throw invalid(name, text, "is no version (major.minor or major.minor.tertiary)");
        }
        String tertiary = matcher.group(3);
        try {
            return Integer.parseInt(matcher.group(1)) << 16
                    | Integer.parseInt(matcher.group(2)) << 8
                    | (tertiary == null ? 0 : Integer.parseInt(tertiary));
        } catch (NumberFormatException overflow) {
            throw invalid(name, text, "has a number that does not fit 32 bits");
        }
    }

    /** The 36 characters of a UUID, whatever follows them. */
    static UUID uuid(String name, String text) {
        Matcher matcher = UUID_TEXT.matcher(text);
        if (!matcher.lookingAt()) {
            throw invalid(name, text, "is no UUID");
        }
        return UUID.fromString(text.substring(0, UUID_CHARS));
    }

    /** 16 pairs of hexadecimal digits, each followed by at most one '-' or ':', whatever follows them. */
    static UUID nguid(String name, String text) {
        Matcher matcher = NGUID.matcher(text);
        if (!matcher.lookingAt()) {
            throw invalid(name, text, "does not begin with 32 hexadecimal digits");
        }
        String digits = matcher.group().replaceAll("[-:]", "");
        return new UUID(
                HexFormat.fromHexDigitsToLong(digits, 0, 16),
                HexFormat.fromHexDigitsToLong(digits, 16, 32));
    }

    private static long numberOrInvalid(String name, String text) {
        try {
            return number(name, text);
        } catch (ConfigException e) {
            throw e.errno() == Errno.ERANGE ? invalid(name, text, "is too large") : e;
        }
    }

    /** 64 unsigned bits: 0x is hexadecimal, a leading 0 octal, else decimal; one newline may follow. */
    private static long number(String name, String text) {
        String unsigned = text.startsWith("+") ? text.substring(1) : text;
        int radix = radix(unsigned);
        String rest = radix == 16 ? unsigned.substring(2) : unsigned;
        int end = 0;
        while (end < rest.length() && isDigit(rest, end, radix)) {
            end++;
        }
        if (end == 0) {
            throw invalid(name, text, "is no number");
        }
        long value;
        try {
            value = Long.parseUnsignedLong(rest, 0, end, radix);
        } catch (NumberFormatException overflow) {
            throw tooLarge(name, text);
        }
        String tail = rest.substring(end);
        if (!tail.isEmpty() && !tail.equals("\n")) {
            throw invalid(name, text, "is no number");
        }
        return value;
    }

    private static int radix(String text) {
        if (!text.startsWith("0")) {
            return 10;
        }
        boolean hex = text.startsWith("0x") || text.startsWith("0X");
        return hex && text.length() > 2 && isDigit(text, 2, 16) ? 16 : 8;
    }

    /** An ASCII digit; other scripts' digits are none. */
    private static boolean isDigit(String text, int index, int radix) {
        char c = text.charAt(index);
        return c < 0x80 && Character.digit(c, radix) >= 0;
    }

    private static ConfigException tooLarge(String name, String text) {
        return new ConfigException(
                Errno.ERANGE, "%s: \"%s\" is too large".formatted(name, line(text)));
    }

    private static ConfigException invalid(String name, String text, String why) {
        return new ConfigException(Errno.EINVAL, "%s: \"%s\" %s".formatted(name, line(text), why));
    }
}
