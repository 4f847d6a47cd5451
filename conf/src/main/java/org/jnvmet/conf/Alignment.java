package org.jnvmet.conf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.Link;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.KernelBoolean;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Makes a tree hold what an image wishes, by as few changes as will do: what is right already is not touched, so its
 * hosts stay connected. Surplus goes first, then values change, then what is missing is made, and ports come last, so
 * that no host sees a subsystem that is half there. One thread.
 *
 * <p>Which values may change in place is for the model to say. Where it refuses (a port that listens, a namespace
 * that is enabled, an identity that hosts have seen) the directory is made anew.
 */
final class Alignment {
    /** These fix what others may be: see the order of restoring in nvmet's tree. Enabling comes last. */
    private static final List<String> FIRST = List.of("addr_trtype", "addr_tsas");

    private static final String LAST = "enable";

    /**
     * Where a replay meets a refusal of these, the rest goes on without them: data whose peer memory is away today is
     * staged in system memory, as when a script goes on that wrote the attribute of a Linux namespace.
     */
    private static final Set<String> DISPENSABLE = Set.of("p2pmem");

    /** Not so a port that may use nothing else: it exports nothing until its memory is there. */
    private static final String PORT_MEMORY = "allow_p2pmem";

    private static final String INSISTS = "p2pmem_strict";

    private static final Comparator<String> STORE_ORDER =
            Comparator.<String>comparingInt(Alignment::storeRank)
                    .thenComparing(Comparator.naturalOrder());

    private final ConfigTree tree;
    private final Refusals refusals;
    private final Set<String> dispensable;

    /** Directories of ports that insist on memory which was refused. */
    private final Set<String> insisting = new HashSet<>();

    /** Hears of each thing that the tree refused: throw to stop, return to go on with the next. */
    @FunctionalInterface
    interface Refusals {
        void refused(String path, ConfigException why);

        /**
         * As {@link #refused}, of a port's link to {@code target} for which this machine has not the device.
         */
        default void absent(String path, String target, ConfigException why) {
            refused(path, why);
        }
    }

    Alignment(ConfigTree tree, Refusals refusals) {
        this(tree, refusals, Set.of());
    }

    private Alignment(ConfigTree tree, Refusals refusals, Set<String> dispensable) {
        this.tree = tree;
        this.refusals = refusals;
        this.dispensable = dispensable;
    }

    /** One that brings back as much as it can. */
    static Alignment replay(ConfigTree tree, Refusals refusals) {
        return new Alignment(tree, refusals, DISPENSABLE);
    }

    /** Makes the tree hold what {@code wish} says and nothing else; settings it does not mention stay. */
    void align(TreeImage wish) {
        removeSurplus(wish);
        for (String directory : changeInPlace(wish)) {
            remove(directory);
        }
        create(wish);
    }

    /** Makes what {@code wish} says and removes nothing. */
    void create(TreeImage wish) {
        wish.directories().forEach(this::createDirectory);
        wish.links().forEach(this::createLink);
    }

    private void removeSurplus(TreeImage wish) {
        TreeImage now = TreeImage.of(tree);
        Set<List<String>> wished = new LinkedHashSet<>();
        wish.links().forEach((path, target) -> wished.add(List.of(TreeImage.parent(path), target)));
        now.links()
                .descendingMap()
                .forEach((path, target) -> {
                    if (!wished.contains(List.of(TreeImage.parent(path), target))) {
                        unlink(path);
                    }
                });
        for (String path : now.directories().descendingMap().keySet()) {
            if (!wish.directories().containsKey(path)) {
                rmdir(path);
            }
        }
    }

    /** Changes values of directories that are there; those that cannot change so are returned. */
    private SequencedSet<String> changeInPlace(TreeImage wish) {
        SequencedSet<String> fixed = new LinkedHashSet<>();
        wish.directories()
                .forEach((path, settings) -> {
                    Directory directory = find(path);
                    if (directory == null) {
                        return;
                    }
                    Map<String, ConfigException> refused = store(directory, settings);
                    if (refused.isEmpty()) {
                        return;
                    }
                    if (isMade(directory)) {
                        fixed.add(path);
                    } else {
                        report(path, refused);
                    }
                });
        return fixed;
    }

    private void createDirectory(String path, SequencedMap<String, String> settings) {
        Directory directory = find(path);
        if (directory == null) {
            try {
                directory =
                        tree.mkdir(tree.directory(TreeImage.parent(path)), TreeImage.name(path));
            } catch (ConfigException why) {
                refusals.refused(path, why);
                return;
            }
        }
        Map<String, ConfigException> refused = store(directory, settings);
        report(path, refused);
        if (refused.containsKey(PORT_MEMORY)
                && Boolean.TRUE.equals(KernelBoolean.parse(settings.getOrDefault(INSISTS, "")))) {
            insisting.add(path);
        }
    }

    private void report(String path, Map<String, ConfigException> refused) {
        refused.forEach(
                (attribute, why) -> refusals.refused(TreeImage.below(path, attribute), why));
    }

    /**
     * Stores what differs. Values of one directory may depend on each other (a range's two ends), so those refused
     * are tried again as long as that brings any of them in.
     *
     * @return what remained refused
     */
    private Map<String, ConfigException> store(Directory directory, Map<String, String> settings) {
        List<String> open = new ArrayList<>(settings.keySet());
        open.sort(STORE_ORDER);
        SequencedMap<String, ConfigException> refused = new LinkedHashMap<>();
        int before;
        do {
            before = open.size();
            refused.clear();
            for (String attribute : List.copyOf(open)) {
                if (attribute.equals(LAST) && !dispensable.containsAll(refused.keySet())) {
                    break; // it would fix values that are not right yet
                }
                try {
                    store(directory, attribute, settings.getOrDefault(attribute, ""));
                    open.remove(attribute);
                } catch (ConfigException why) {
                    refused.put(attribute, why);
                }
            }
        } while (!refused.isEmpty() && open.size() < before);
        if (open.contains(LAST) && !refused.containsKey(LAST)) {
            refused.put(
                    LAST,
                    new ConfigException(Errno.EINVAL, "not tried after what was refused before"));
        }
        return refused;
    }

    private void store(Directory directory, String name, String value) {
        if (!(tree.child(directory, name) instanceof Attribute attribute)
                || !attribute.isSetting()) {
            throw new ConfigException(Errno.ENOENT, "unknown key");
        }
        if (tree.read(attribute).strip().equals(value.strip())) {
            return;
        }
        if (value.equals(SavedJson.UNSET)) {
            throw new ConfigException(Errno.EINVAL, name + " cannot be unset");
        }
        tree.write(attribute, value);
    }

    private void createLink(String path, String targetPath) {
        try {
            Directory directory = tree.directory(TreeImage.parent(path));
            Directory target = find(targetPath);
            if (target == null) {
                throw new ConfigException(Errno.ENOENT, "there is no " + targetPath);
            }
            for (String port : insisting) {
                if (path.startsWith(port + "/")) {
                    throw new ConfigException(
                            Errno.EINVAL,
                            port + " insists on the peer memory that " + PORT_MEMORY + " names");
                }
            }
            if (!links(directory, target)) {
                tree.symlink(directory, TreeImage.name(path), target);
            }
        } catch (ConfigException why) {
            if (why.errno() == Errno.ENODEV) {
                refusals.absent(path, targetPath, why);
            } else {
                refusals.refused(path, why);
            }
        }
    }

    private boolean links(Directory directory, Directory target) {
        return tree.list(directory).stream()
                .anyMatch(node -> node instanceof Link link && link.target().equals(target));
    }

    /** Removes a directory with all in it and all links to it. */
    private void remove(String path) {
        String inside = path + "/";
        TreeImage now = TreeImage.of(tree);
        now.links()
                .descendingMap()
                .forEach((link, target) -> {
                    if (link.startsWith(inside) || target.equals(path)) {
                        unlink(link);
                    }
                });
        for (String below : now.directories().descendingMap().keySet()) {
            if (below.equals(path) || below.startsWith(inside)) {
                rmdir(below);
            }
        }
    }

    private void unlink(String path) {
        try {
            if (tree.lookup(path) instanceof Link link) {
                tree.unlink(link);
            }
        } catch (ConfigException why) {
            refusals.refused(path, why);
        }
    }

    private void rmdir(String path) {
        try {
            Directory directory = find(path);
            if (directory != null && isMade(directory)) {
                tree.rmdir(directory);
            }
        } catch (ConfigException why) {
            refusals.refused(path, why);
        }
    }

    /** The directory of this path, made by mkdir or a default group, or null. */
    private @Nullable Directory find(String path) {
        Node node = tree.root();
        for (String name : path.isEmpty() ? new String[0] : path.split("/", -1)) {
            if (!(node instanceof Directory directory)) {
                return null;
            }
            node = tree.child(directory, name);
        }
        return node instanceof Directory directory ? directory : null;
    }

    private static boolean isMade(Directory directory) {
        return !directory.isDefaultGroup();
    }

    private static int storeRank(String attribute) {
        int first = FIRST.indexOf(attribute);
        if (first >= 0) {
            return first;
        }
        return attribute.equals(LAST) ? FIRST.size() + 1 : FIRST.size();
    }
}
