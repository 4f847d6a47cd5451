package org.jnvmet.configfs.tree;

import java.nio.charset.StandardCharsets;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/** The refusals that are the tree's own, whatever the model. */
final class Rules {
    private Rules() {}

    /** ENOENT once removal has begun. */
    static void requireLive(Node node) {
        if (!node.isLive()) {
            throw refusal(Errno.ENOENT, node.described() + " has been removed");
        }
    }

    /** What mkdir and symlink need of a new name. Under the tree's lock. */
    static void requireFree(Directory directory, String name) {
        requireLive(directory);
        if (name.isEmpty()
                || name.equals(".")
                || name.equals("..")
                || name.indexOf('/') >= 0
                || name.indexOf(0) >= 0) {
            throw refusal(
                    Errno.EINVAL,
                    "\"" + name + "\" is no name for an entry of " + directory.described());
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > ConfigTree.MAX_NAME_BYTES) {
            throw refusal(
                    Errno.ENAMETOOLONG,
                    "a name of " + bytes + " bytes is longer than " + ConfigTree.MAX_NAME_BYTES);
        }
        if (directory.claims.contains(name) || directory.children.containsKey(name)) {
            throw refusal(Errno.EEXIST, name + " exists in " + directory.described());
        }
        if (directory.children.size() + directory.claims.size() >= ConfigTree.MAX_ENTRIES) {
            throw refusal(
                    Errno.ENOSPC,
                    directory.described()
                            + " has "
                            + ConfigTree.MAX_ENTRIES
                            + " entries, the most it may have");
        }
    }

    /** The directory that a node is or leads to. */
    static Directory asDirectory(Node node) {
        return switch (node) {
            case Directory directory -> directory;
            case Link link -> link.target();
            case Attribute _ -> throw refusal(Errno.ENOTDIR, node.described() + " is no directory");
        };
    }

    static ConfigException refusal(Errno errno, String why) {
        return new ConfigException(errno, why);
    }

    /** What rmdir needs, in the order of configfs. Under the tree's lock. */
    static void requireRemovable(Directory directory) {
        if (directory.above().isFilledBySystem()) {
            throw refusal(Errno.EPERM, directory.described() + " comes and goes by itself");
        }
        if (directory.isDefaultGroup()) {
            throw refusal(
                    Errno.EPERM,
                    directory.described() + " is a default group: it stays with its directory");
        }
        if (directory.incomingLinks > 0) {
            throw refusal(
                    Errno.EBUSY,
                    directory.described() + " is the target of a link: remove the link first");
        }
        requireNothingMade(directory, directory);
    }

    private static void requireNothingMade(Directory removed, Directory within) {
        for (String claim : within.claims) {
            throw notEmpty(removed, within.path() + "/" + claim);
        }
        for (Node node : within.children.values()) {
            switch (node) {
                case Directory group when group.isDefaultGroup() ->
                        requireNothingMade(removed, group);
                case Attribute _ -> {}
                case Directory _, Link _ -> throw notEmpty(removed, node.path());
            }
        }
    }

    private static ConfigException notEmpty(Directory removed, String first) {
        return refusal(Errno.ENOTEMPTY, removed.described() + " is not empty: it has " + first);
    }

    static void requireReadable(Attribute attribute) {
        if (!attribute.isReadable()) {
            throw refusal(Errno.EACCES, attribute.described() + " cannot be read");
        }
    }

    static void requireWritable(Attribute attribute) {
        if (!attribute.isWritable()) {
            throw refusal(Errno.EACCES, attribute.described() + " cannot be written");
        }
    }
}
