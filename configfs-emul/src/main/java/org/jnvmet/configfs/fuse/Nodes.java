package org.jnvmet.configfs.fuse;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.Link;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/**
 * The nodes that the kernel knows, by their ids, each with the number of times it was told of them. It holds what the
 * kernel holds, no more: a node leaves when the kernel has forgotten as often as it was told.
 */
final class Nodes {
    private final Directory root;
    private final ConcurrentMap<Long, Known> known = new ConcurrentHashMap<>();

    Nodes(ConfigTree tree) {
        this.root = tree.root();
    }

    /** To be called before the kernel is told of a node. */
    void told(Node node) {
        known.merge(node.id(), new Known(node, 1), (old, _) -> new Known(node, old.count + 1));
    }

    /** The kernel has forgotten a node {@code count} times. */
    void forget(long id, long count) {
        known.computeIfPresent(
                id, (_, old) -> old.count <= count ? null : new Known(old.node, old.count - count));
    }

    Node node(long id) {
        if (id == root.id()) {
            return root;
        }
        Known entry = known.get(id);
        if (entry == null) {
            throw new IllegalStateException(
                    "the kernel names node " + id + ", which it was not told of");
        }
        return entry.node;
    }

    Directory directory(long id) {
        return switch (node(id)) {
            case Directory directory -> directory;
            case Attribute _, Link _ -> throw new ConfigException(Errno.ENOTDIR, "no directory");
        };
    }

    Attribute attribute(long id) {
        return switch (node(id)) {
            case Attribute attribute -> attribute;
            case Directory _ -> throw new ConfigException(Errno.EISDIR, "a directory");
            case Link _ -> throw new ConfigException(Errno.ELOOP, "a link");
        };
    }

    /** Number of nodes that the kernel knows, without the root. */
    int size() {
        return known.size();
    }

    private record Known(Node node, long count) {}
}
