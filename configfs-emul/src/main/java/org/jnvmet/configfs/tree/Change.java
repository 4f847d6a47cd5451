package org.jnvmet.configfs.tree;

/** A change that has taken effect. Paths are from the root, without a leading slash. */
public sealed interface Change {
    String path();

    /** A directory was made, with its default groups. */
    record Mkdir(String path) implements Change {}

    /** A directory is gone, with its default groups. */
    record Rmdir(String path) implements Change {}

    /**
     * A setting was stored. Actions (write-only attributes) are not reported.
     *
     * @param value as written, without one final newline
     */
    record Write(String path, String value) implements Change {}

    /**
     * A link was made.
     *
     * @param target path of the target's directory from the root
     */
    record Symlink(String path, String target) implements Change {}

    /** A link is gone. */
    record Unlink(String path) implements Change {}
}
