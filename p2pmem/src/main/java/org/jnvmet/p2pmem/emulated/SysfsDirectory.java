package org.jnvmet.p2pmem.emulated;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Files, directories and relative links, the three things that sysfs is made of. */
final class SysfsDirectory {
    private SysfsDirectory() {}

    static Path make(Path directory) {
        try {
            return Files.createDirectories(directory);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** An attribute: one line. */
    static void write(Path file, String line) {
        write(file, (line + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    static void write(Path file, byte[] content) {
        make(parent(file));
        try {
            Files.write(file, content);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A link that stays right when the whole tree moves. One that exists is replaced. */
    static void link(Path link, Path to) {
        Path directory = make(parent(link));
        try {
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, directory.relativize(to));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Removes a file or a directory with all that is in it; links are not followed. */
    static void remove(Path path) {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " is no path in a tree");
        }
        return parent;
    }
}
