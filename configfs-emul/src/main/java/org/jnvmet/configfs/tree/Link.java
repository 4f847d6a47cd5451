package org.jnvmet.configfs.tree;

/** A symbolic link to a directory of the tree. While it exists its target cannot be removed. */
public final class Link extends Node {
    private static final int MODE = 0777;

    private final Directory directory;
    private final Directory target;
    private final Runnable unlink;

    Link(long id, String name, Directory directory, Directory target, Runnable unlink) {
        super(id, name, directory, MODE);
        this.directory = directory;
        this.target = target;
        this.unlink = unlink;
    }

    /** Where the link is. */
    public Directory directory() {
        return directory;
    }

    public Directory target() {
        return target;
    }

    /** What readlink gives: up to the root and down to the target, whatever text the link was made with. */
    public String text() {
        return "../".repeat(directory.depth()) + target.path();
    }

    void undo() {
        unlink.run();
    }
}
