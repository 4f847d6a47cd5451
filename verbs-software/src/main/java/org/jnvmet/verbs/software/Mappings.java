package org.jnvmet.verbs.software;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What this process has mapped of which file. */
final class Mappings {
    private Mappings() {}

    /** Bytes of what the descriptor stands for. */
    static long bytes(int descriptor, String call) throws IOException {
        try {
            return Files.size(path(descriptor));
        } catch (NoSuchFileException e) {
            throw Errno.of(Errno.EBADF, call, "descriptor " + descriptor + " is not open");
        }
    }

    /**
     * Whether all these addresses are a mapping of the descriptor from that offset on. A device would reach
     * the dma-buf whatever is mapped; here the address alone decides, so a wrong one would go unnoticed.
     */
    static boolean maps(int descriptor, long offset, long address, long bytes) throws IOException {
        String inode = Files.getAttribute(path(descriptor), "unix:ino").toString();
        long next = address;
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            Mapping mapping = Mapping.of(line);
            if (next >= mapping.start && next < mapping.end) {
                if (!mapping.inode.equals(inode)
                        || mapping.offset + (next - mapping.start) != offset + (next - address)) {
                    return false;
                }
                next = mapping.end;
                if (next - address >= bytes) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Path path(int descriptor) {
        return Path.of("/proc/self/fd/" + descriptor);
    }

    /** A line such as "7f1c-7f1d rw-s 00001000 00:01 2056 /memfd:bar (deleted)". */
    private record Mapping(long start, long end, long offset, String inode) {
        static Mapping of(String line) {
            String[] fields = line.split(" +", 6);
            int dash = fields[0].indexOf('-');
            return new Mapping(
                    Long.parseUnsignedLong(fields[0].substring(0, dash), 16),
                    Long.parseUnsignedLong(fields[0].substring(dash + 1), 16),
                    Long.parseUnsignedLong(fields[2], 16),
                    fields[4]);
        }
    }
}
