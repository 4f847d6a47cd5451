package org.jnvmet.configfs.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.Link;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Finds the directory that the text of a new link means. configfs resolves it when the link is made, as the caller
 * would; FUSE passes the text alone. So it is followed step by step from the caller's root and working directory, up
 * to the point where it enters a mount of this file system, which is never touched from here.
 */
final class LinkTargets {
    private static final int MOST_LINKS = 40;

    private final ConfigTree tree;
    private final String device;

    /** {@code device}: "major:minor" of this file system. */
    LinkTargets(ConfigTree tree, String device) {
        this.tree = tree;
        this.device = device;
    }

    /** EPERM for what is elsewhere, ENOENT for what is nowhere, ENOTDIR for an attribute. */
    Directory resolve(int pid, Directory linkDirectory, String text) {
        Place place = asCallerSees(pid, text);
        Node node =
                switch (place) {
                    case Place.InTree(Node found) -> found;
                    case Place.Elsewhere _ ->
                            throw tree.refused(
                                    linkDirectory,
                                    Errno.EPERM,
                                    text + " is not in this tree: links lead within it");
                    case Place.Nowhere _ ->
                            text.startsWith("/") ? null : walk(linkDirectory, parts(text));
                    case Place.Unseen _ -> {
                        Node relative =
                                text.startsWith("/") ? null : walk(linkDirectory, parts(text));
                        yield relative == null ? longestSuffix(parts(text)) : relative;
                    }
                };
        return switch (node) {
            case null -> throw tree.refused(linkDirectory, Errno.ENOENT, "there is no " + text);
            case Directory directory -> directory;
            case Link link -> link.target();
            case Attribute _ ->
                    throw tree.refused(linkDirectory, Errno.ENOTDIR, text + " is no directory");
        };
    }

    private Place asCallerSees(int pid, String text) {
        if (pid <= 0) {
            return new Place.Unseen();
        }
        try {
            String process = Integer.toString(pid);
            return follow(process, MountTable.of(process), startOf(process, text));
        } catch (IOException | SecurityException unseen) {
            return new Place.Unseen();
        }
    }

    /** The text as a path from the caller's root. */
    private static Deque<String> startOf(String process, String text) throws IOException {
        if (text.startsWith("/")) {
            return parts(text);
        }
        String root = Files.readSymbolicLink(Path.of("/proc", process, "root")).toString();
        String cwd = Files.readSymbolicLink(Path.of("/proc", process, "cwd")).toString();
        boolean changedRoot = !root.equals("/") && cwd.startsWith(root);
        Deque<String> path = parts(changedRoot ? cwd.substring(root.length()) : cwd);
        path.addAll(parts(text));
        return path;
    }

    private Place follow(String process, MountTable mounts, Deque<String> rest) throws IOException {
        List<String> at = new ArrayList<>();
        int links = 0;
        while (true) {
            String here = "/" + String.join("/", at);
            Optional<MountTable.Mount> mount =
                    mounts.covering(here).filter(covering -> covering.device().equals(device));
            if (mount.isPresent()) {
                Node entered = walk(tree.root(), parts(mount.get().inFileSystem(here)));
                Node found = entered == null ? null : walk(entered, rest);
                return found == null ? new Place.Nowhere() : new Place.InTree(found);
            }
            Path seen = Path.of("/proc/" + process + "/root" + here);
            if (Files.isSymbolicLink(seen) && !at.isEmpty()) {
                links++;
                expand(Files.readSymbolicLink(seen).toString(), at, rest);
            } else if (!Files.exists(seen, LinkOption.NOFOLLOW_LINKS)) {
                return new Place.Nowhere();
            }
            if (links > MOST_LINKS) {
                return new Place.Nowhere();
            }
            String next = rest.poll();
            if (next == null) {
                return new Place.Elsewhere();
            }
            if (!next.equals("..")) {
                at.add(next);
            } else if (!at.isEmpty()) {
                at.removeLast();
            }
        }
    }

    /** Replaces the last name of a path, a link, by what it leads to. */
    private static void expand(String target, List<String> at, Deque<String> rest) {
        at.removeLast();
        if (target.startsWith("/")) {
            at.clear();
        }
        parts(target).descendingIterator().forEachRemaining(rest::push);
    }

    /** Follows names in the tree; null when there is nothing. */
    private @Nullable Node walk(Node from, Iterable<String> names) {
        Node node = from;
        for (String name : names) {
            Directory directory =
                    switch (node) {
                        case Directory itself -> itself;
                        case Link link -> link.target();
                        case Attribute _ -> null;
                    };
            Node next =
                    directory == null
                            ? null
                            : name.equals("..") ? directory.parent() : tree.child(directory, name);
            if (next == null) {
                return null;
            }
            node = next;
        }
        return node;
    }

    private @Nullable Node longestSuffix(Deque<String> names) {
        Deque<String> suffix = new ArrayDeque<>(names);
        while (!suffix.isEmpty()) {
            if (walk(tree.root(), suffix) instanceof Directory directory) {
                return directory;
            }
            suffix.remove();
        }
        return null;
    }

    private static Deque<String> parts(String path) {
        Deque<String> parts = new ArrayDeque<>();
        Collections.addAll(parts, path.split("/", -1));
        parts.removeIf(part -> part.isEmpty() || part.equals("."));
        return parts;
    }

    /** Where a path leads. */
    private sealed interface Place {
        /** To a node of this tree. */
        record InTree(Node node) implements Place {}

        /** To something that is not in this tree. */
        record Elsewhere() implements Place {}

        /** To nothing. */
        record Nowhere() implements Place {}

        /** Not to be seen: the caller is in another process namespace, or closed to us. */
        record Unseen() implements Place {}
    }
}
