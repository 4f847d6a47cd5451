package org.jnvmet.app.bench;

import java.util.Locale;

/** How data is verified, by fio's names. */
enum Verification {
    /** Not at all; the data of writes is random and always the same. */
    NONE,
    /** Each logical block carries a checksum, which is compared. */
    CRC32C,
    /** As well, and the whole of each logical block is computed again and compared. */
    PATTERN;

    /**
     * The one of this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Verification parse(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "0", "none" -> NONE;
            case "crc32c", "crc32c-intel" -> CRC32C;
            case "pattern" -> PATTERN;
            default ->
                    throw new IllegalArgumentException("'" + text + "' is none of crc32c, pattern");
        };
    }

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
