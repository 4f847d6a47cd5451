package org.jnvmet.conf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jnvmet.configfs.tree.Change;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Snapshot;

/**
 * What a tree holds, or shall hold: directories with settings, and links; all by path from the root. An attribute
 * that is not mentioned has no wish attached. Not for several threads.
 */
public final class TreeImage {
    /** Directories that others refer to come first; numbers in the order of numbers. */
    static final Comparator<String> CREATION_ORDER = TreeImage::compare;

    /** Numbers in the order of numbers, other names by their characters. */
    static final Comparator<String> NAME_ORDER = TreeImage::compareNames;

    /** Digits of the largest identifier in the tree, an unsigned number of 32 bits. */
    private static final int MAX_DIGITS = 10;

    private final NavigableMap<String, SequencedMap<String, String>> directories =
            new TreeMap<>(CREATION_ORDER);
    private final NavigableMap<String, String> links = new TreeMap<>(CREATION_ORDER);

    /** Everything that {@code tree} holds now. */
    public static TreeImage of(ConfigTree tree) {
        TreeImage image = new TreeImage();
        image.take("", tree.snapshot(tree.root()));
        return image;
    }

    private void take(String path, Snapshot snapshot) {
        if (!snapshot.isDefaultGroup() || !snapshot.settings().isEmpty()) {
            directories.put(path, new LinkedHashMap<>(snapshot.settings()));
        }
        snapshot.links().forEach((name, target) -> links.put(below(path, name), target));
        snapshot.directories().forEach(child -> take(below(path, child.name()), child));
    }

    /** Directories with their settings, in the order of creation. */
    NavigableMap<String, SequencedMap<String, String>> directories() {
        return directories;
    }

    /** Links with their targets, in the order of creation. */
    NavigableMap<String, String> links() {
        return links;
    }

    /** Forgets everything and holds what {@code other} holds. */
    void become(TreeImage other) {
        directories.clear();
        links.clear();
        other.directories.forEach(
                (path, settings) -> directories.put(path, new LinkedHashMap<>(settings)));
        links.putAll(other.links);
    }

    /** Settings of a directory; empty when it is not in the image. */
    Map<String, String> settings(String directory) {
        Map<String, String> settings = directories.get(directory);
        return settings == null ? Map.of() : settings;
    }

    void directory(String path) {
        directories.putIfAbsent(path, new LinkedHashMap<>());
    }

    void setting(String directory, String attribute, String value) {
        directories.computeIfAbsent(directory, _ -> new LinkedHashMap<>()).put(attribute, value);
    }

    void link(String path, String target) {
        links.put(path, target);
    }

    /** Follows one change. A change of something that is not here is no error: an image keeps a state. */
    public void follow(Change change) {
        switch (change) {
            case Change.Mkdir mkdir -> directory(mkdir.path());
            case Change.Rmdir rmdir -> {
                String inside = rmdir.path() + "/";
                directories
                        .keySet()
                        .removeIf(path -> path.equals(rmdir.path()) || path.startsWith(inside));
                links.keySet().removeIf(path -> path.startsWith(inside));
            }
            case Change.Write write ->
                    setting(parent(write.path()), name(write.path()), write.value());
            case Change.Symlink link -> link(link.path(), link.target());
            case Change.Unlink unlink -> links.remove(unlink.path());
        }
    }

    /** The changes that make this image out of nothing. */
    public List<Change> changes() {
        List<Change> all = new ArrayList<>();
        directories.forEach((path, settings) -> {
            if (!path.isEmpty()) {
                all.add(new Change.Mkdir(path));
            }
            settings.forEach((name, value) -> all.add(new Change.Write(below(path, name), value)));
        });
        links.forEach((path, target) -> all.add(new Change.Symlink(path, target)));
        return all;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TreeImage image
                && new HashMap<>(directories).equals(new HashMap<>(image.directories))
                && new HashMap<>(links).equals(new HashMap<>(image.links));
    }

    @Override
    public int hashCode() {
        return 31 * new HashMap<>(directories).hashCode() + new HashMap<>(links).hashCode();
    }

    @Override
    public String toString() {
        return directories + " " + links;
    }

    /** Path of {@code name} in {@code directory}. */
    static String below(String directory, String name) {
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    /** Path of the directory above; of the root, the root. */
    static String parent(String path) {
        return path.substring(0, Math.max(path.lastIndexOf('/'), 0));
    }

    static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static int compare(String left, String right) {
        if (left.isEmpty() || right.isEmpty()) {
            return Integer.compare(left.length(), right.length());
        }
        String[] some = left.split("/", -1);
        String[] others = right.split("/", -1);
        int difference = Integer.compare(rank(some[0]), rank(others[0]));
        for (int i = 0; difference == 0 && i < Math.min(some.length, others.length); i++) {
            difference = compareNames(some[i], others[i]);
        }
        return difference != 0 ? difference : Integer.compare(some.length, others.length);
    }

    private static int rank(String topLevel) {
        return switch (topLevel) {
            case "hosts" -> 0;
            case "subsystems" -> 1;
            case "ports" -> 2;
            default -> 3;
        };
    }

    private static int compareNames(String left, String right) {
        boolean leftIsNumber = isNumber(left);
        if (leftIsNumber != isNumber(right)) {
            return leftIsNumber ? -1 : 1;
        }
        return leftIsNumber
                ? Long.compare(Long.parseLong(left), Long.parseLong(right))
                : left.compareTo(right);
    }

    /** Whether a name is a number in its plain form: no sign, no leading zero, no base. */
    static boolean isNumber(String name) {
        if (name.isEmpty()
                || name.length() > MAX_DIGITS
                || (name.length() > 1 && name.charAt(0) == '0')) {
            return false;
        }
        return name.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
