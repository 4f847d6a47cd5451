package org.jnvmet.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How large a memory disk this machine can spare. */
final class DemoDisk {
    private static final long MIB = 1 << 20;
    private static final long LEAST = 16 * MIB;
    private static final Pattern AVAILABLE =
            Pattern.compile("^MemAvailable: +(\\d+) kB$", Pattern.MULTILINE);

    private DemoDisk() {}

    /** Bytes of a disk for so many bytes of data: as many, or less where they take more than half of the memory. */
    static long bytes(long data) {
        return bytes(data, available(Path.of("/proc/meminfo")));
    }

    static long bytes(long data, long available) {
        long disk = data;
        while (disk > available / 2 && disk > LEAST) {
            disk /= 2;
        }
        return Math.max(Math.min(disk, data) / MIB * MIB, Math.min(LEAST, data));
    }

    /** Bytes that could be had without swapping; without limit where nobody says. */
    static long available(Path meminfo) {
        try {
            Matcher line = AVAILABLE.matcher(Files.readString(meminfo));
            return line.find() ? Long.parseLong(line.group(1)) << 10 : Long.MAX_VALUE;
        } catch (IOException unknown) {
            return Long.MAX_VALUE;
        }
    }
}
