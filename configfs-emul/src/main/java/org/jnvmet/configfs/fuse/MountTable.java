package org.jnvmet.configfs.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Mounts as one process sees them: /proc/PID/mountinfo, later ones on top of earlier ones. */
record MountTable(List<Mount> mounts) {
    private static final Pattern OCTAL_ESCAPE = Pattern.compile("\\\\([0-7]{3})");
    private static final int DEVICE = 2;
    private static final int ROOT = 3;
    private static final int MOUNT_POINT = 4;
    private static final int FIRST_OPTIONAL = 6;

    /** {@code process} is a number or "self". */
    static MountTable of(String process) throws IOException {
        // Latin-1 keeps every byte; names become UTF-8 after their escapes are resolved.
        return parse(
                Files.readAllLines(
                        Path.of("/proc", process, "mountinfo"), StandardCharsets.ISO_8859_1));
    }

    static MountTable parse(List<String> lines) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : lines) {
            List<String> fields = List.of(line.split(" ", -1));
            int dash = fields.lastIndexOf("-");
            if (dash >= FIRST_OPTIONAL && dash + 1 < fields.size()) {
                mounts.add(
                        new Mount(
                                fields.get(DEVICE),
                                unescaped(fields.get(ROOT)),
                                unescaped(fields.get(MOUNT_POINT)),
                                fields.get(dash + 1)));
            }
        }
        return new MountTable(List.copyOf(mounts));
    }

    private static String unescaped(String field) {
        String latin =
                OCTAL_ESCAPE
                        .matcher(field)
                        .replaceAll(escape ->
                                String.valueOf((char) Integer.parseInt(escape.group(1), 8))
                                        .replace("\\", "\\\\"));
        return new String(latin.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** What is mounted on exactly this path, on top. */
    Optional<Mount> at(String path) {
        return mounts.stream()
                .filter(mount -> mount.point.equals(path))
                .reduce((_, later) -> later);
    }

    /** The mount that a path without links is in. */
    Optional<Mount> covering(String path) {
        return mounts.stream()
                .filter(mount -> mount.covers(path))
                .reduce((best, next) -> next.point.length() >= best.point.length() ? next : best);
    }

    /**
     * One mount.
     *
     * @param device "major:minor" of the file system
     * @param root what is mounted, a path in the file system: "/" but for bind mounts
     * @param point where
     * @param type "fuse.jnvmet" for ours
     */
    record Mount(String device, String root, String point, String type) {
        private boolean covers(String path) {
            return point.equals("/") || path.equals(point) || path.startsWith(point + "/");
        }

        /** A covered path as a path in the file system. */
        String inFileSystem(String path) {
            String below = point.equals("/") ? path : path.substring(point.length());
            return root.equals("/") ? below : root + below;
        }
    }
}
