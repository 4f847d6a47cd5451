package org.jnvmet.configfs.tree;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A directory: made by mkdir, or a default group that comes and goes with the directory above it. */
public final class Directory extends Node {
    /** Characters of a refusal that are kept: names in it may be hostile, the reader is a person. */
    private static final int LONGEST_SENTENCE = 1024;

    private final DirectorySpec spec;
    private final boolean isDefaultGroup;
    private final int depth;

    /** In the order of creation; under the tree's lock. */
    final Map<String, Node> children = new LinkedHashMap<>();

    /** Names that a running mkdir or symlink has taken; under the tree's lock. */
    final Set<String> claims = new HashSet<>();

    /** Links that have this directory as their target, with those being made; under the tree's lock. */
    int incomingLinks;

    /**
     * Held during a store and during removal, which may take long, so never wait for it with the tree's lock held.
     * Default groups share the lock of the directory that they go with.
     */
    final ReentrantLock storeLock;

    private volatile String lastError = "";

    Directory(
            long id,
            String name,
            @Nullable Directory parent,
            DirectorySpec spec,
            boolean isDefaultGroup) {
        super(id, name, parent, 0755);
        this.spec = spec;
        this.isDefaultGroup = isDefaultGroup;
        this.depth = parent == null ? 0 : parent.depth + 1;
        this.storeLock = parent != null && isDefaultGroup ? parent.storeLock : new ReentrantLock();
    }

    /** The directory above, or this one if it is the root. */
    Directory above() {
        Directory parent = parent();
        return parent == null ? this : parent;
    }

    DirectorySpec spec() {
        return spec;
    }

    /** Whether the system fills it. */
    public boolean isFilledBySystem() {
        return spec.population() != null;
    }

    /** Whether it came with the directory above it, or by itself, and cannot be removed alone. */
    public boolean isDefaultGroup() {
        return isDefaultGroup;
    }

    /** Number of directories above. */
    public int depth() {
        return depth;
    }

    /** What the directory stands for, if that is a {@code type}; link makers ask their target for it. */
    public <T> Optional<T> subject(Class<T> type) {
        return type.isInstance(spec.subject())
                ? Optional.of(type.cast(spec.subject()))
                : Optional.empty();
    }

    /** The latest refusal that concerned this directory in one line; empty when there was none. */
    public String lastError() {
        return lastError;
    }

    void note(String sentence) {
        String line = sentence.replaceAll("\\p{Cntrl}", "?");
        lastError = line.length() <= LONGEST_SENTENCE ? line : line.substring(0, LONGEST_SENTENCE);
    }

    /** Takes in what comes with the directory. */
    void add(Node node) {
        if (children.put(node.name(), node) != null) {
            throw new IllegalStateException(node.described() + " is declared twice");
        }
    }

    /** Takes in what was made. Under the tree's lock. */
    void enter(Node node) {
        add(node);
        metadata(metadata().touched());
    }

    /** Lets go what was removed. Under the tree's lock. */
    void leave(Node node) {
        children.remove(node.name());
        metadata(metadata().touched());
    }

    /** Lets go of the directories that the system has taken away: all but those of these names. Under the tree's lock. */
    void retain(Set<String> names) {
        for (Node node : List.copyOf(children.values())) {
            if (node instanceof Directory directory
                    && node.isLive()
                    && !names.contains(node.name())) {
                directory.becomeWithAll(State.GOING);
                leave(directory);
                directory.becomeWithAll(State.GONE);
            }
        }
    }

    /** Moves this directory and all that goes with it. Under the tree's lock. */
    void becomeWithAll(State next) {
        become(next);
        for (Node child : children.values()) {
            if (child instanceof Directory group) {
                group.becomeWithAll(next);
            } else {
                child.become(next);
            }
        }
    }
}
