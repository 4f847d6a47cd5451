package org.jnvmet.target.backend;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/**
 * Shape of a medium that exists only while it is enabled: {@code SIZE[,bs=BLOCK]}, where SIZE is a
 * number of bytes, or one of KiB, MiB, GiB, TiB with the suffix k, m, g, t.
 *
 * @param bytes a multiple of the block size, 4 KiB to 16 TiB
 * @param blockShift logical block size as a power of two; 4,096 bytes unless {@code bs} says otherwise
 */
record VolatileSize(long bytes, int blockShift) {
    private static final long MIN_BYTES = 4L << 10;
    private static final long MAX_BYTES = 16L << 40;
    private static final Pattern FORM =
            Pattern.compile(
                    "([0-9]{1,14})([kmgt]?)(?:,bs=(512|1024|2048|4096))?",
                    Pattern.CASE_INSENSITIVE);

    /** Parses what follows the first {@code skip} characters of {@code path}. */
    static VolatileSize parse(String path, int skip) {
        Matcher form = FORM.matcher(path).region(skip, path.length());
        if (!form.matches()) {
            throw refusal(path, "expected a size such as 512m or 1g, and perhaps ,bs=512");
        }
        int shift =
                switch (form.group(2)) {
                    case "k", "K" -> 10;
                    case "m", "M" -> 20;
                    case "g", "G" -> 30;
                    case "t", "T" -> 40;
                    default -> 0;
                };
        long number = Long.parseLong(form.group(1));
        int block = form.group(3) == null ? 4096 : Integer.parseInt(form.group(3));
        if (number > MAX_BYTES >>> shift || number << shift < MIN_BYTES) {
            throw refusal(path, "the size must be from 4k to 16t");
        }
        long bytes = number << shift;
        if (bytes % block != 0) {
            throw refusal(path, "the size must be a multiple of the block size " + block);
        }
        return new VolatileSize(bytes, Integer.numberOfTrailingZeros(block));
    }

    private static ConfigException refusal(String path, String why) {
        return new ConfigException(Errno.EINVAL, "device_path " + path + ": " + why);
    }
}
