package org.jnvmet.p2pmem.pci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads below a sysfs root. What is missing, broken or vanishing meanwhile is an answer, never an exception. */
final class SysfsFiles {
    /** No attribute that is read here is larger. */
    private static final int MAX_BYTES = 1 << 16;

    private SysfsFiles() {}

    /** All bytes, 64 KiB at most; null: it cannot be read. */
    static byte @Nullable [] bytes(Path file) {
        if (!Files.isRegularFile(file)) {
            // Opening something else, a pipe for one, might wait for ever.
            return null;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(MAX_BYTES);
        } catch (IOException unreadable) {
            return null;
        }
    }

    /** An attribute without blanks around it; null: it cannot be read. */
    static @Nullable String text(Path file) {
        byte[] bytes = bytes(file);
        return bytes == null ? null : new String(bytes, StandardCharsets.ISO_8859_1).strip();
    }

    /** Where a link or a directory really is; null: nowhere, or in circles. */
    static @Nullable Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException broken) {
            return null;
        }
    }

    /**
     * Where a link leads, also when nothing is there (any more, or in a copy that is not complete): its
     * names still tell which device was meant. Null: there is no such link, or it leads in circles.
     */
    static @Nullable Path place(Path link) {
        Path real = real(link);
        Path directory = real == null ? link.getParent() : null;
        Path home = directory == null ? null : real(directory);
        if (home == null) {
            return real;
        }
        try {
            Path target = home.resolve(Files.readSymbolicLink(link)).normalize();
            return exists(target) ? null : target;
        } catch (IOException | UnsupportedOperationException noLink) {
            return null;
        }
    }

    static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    /** What is in a directory, by name; empty when it cannot be read. */
    static List<Path> list(Path directory) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        } catch (IOException | DirectoryIteratorException unreadable) {
            // What was seen until then is as good as any.
        }
        Collections.sort(entries);
        return entries;
    }

    /** The last name of a path. */
    static String name(@Nullable Path path) {
        Path name = path == null ? null : path.getFileName();
        return name == null ? "" : name.toString();
    }
}
