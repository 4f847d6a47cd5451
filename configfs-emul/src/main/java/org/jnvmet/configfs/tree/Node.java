package org.jnvmet.configfs.tree;

import org.jspecify.annotations.Nullable;

/**
 * Anything with a name in the tree. Structure (parent, state, children, link counts) changes only under the lock of
 * the {@link ConfigTree}; everything here may be read by any thread.
 */
public abstract sealed class Node permits Directory, Attribute, Link {
    private final long id;
    private final String name;
    private final @Nullable Directory parent;
    private volatile Metadata metadata;
    private volatile State state = State.LIVE;

    Node(long id, String name, @Nullable Directory parent, int mode) {
        this.id = id;
        this.name = name;
        this.parent = parent;
        this.metadata = Metadata.made(mode);
    }

    /** Unique in the tree and never used again; ascending in the order of creation. The root's is 1. */
    public final long id() {
        return id;
    }

    /** Name in its directory; empty for the root. */
    public final String name() {
        return name;
    }

    /** Null only for the root. */
    public final @Nullable Directory parent() {
        return parent;
    }

    public final Metadata metadata() {
        return metadata;
    }

    final void metadata(Metadata metadata) {
        this.metadata = metadata;
    }

    /** Whether operations may use it: false from the moment when its removal has begun. */
    public final boolean isLive() {
        return state == State.LIVE;
    }

    /** Path from the root without a leading slash; empty for the root. */
    public final String path() {
        Directory above = parent;
        if (above == null) {
            return "";
        }
        String prefix = above.path();
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    /** What a message calls it. */
    final String described() {
        return parent == null ? "the root directory" : path();
    }

    final void become(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException(described() + ": " + state + " -> " + next);
        }
        state = next;
    }

    /** Life of a node. */
    enum State {
        /** Visible. */
        LIVE,
        /** Being removed: invisible, but its name is not free yet. */
        GOING,
        /** Removed. */
        GONE;

        boolean mayBecome(State next) {
            return switch (this) {
                case LIVE -> next == GOING;
                case GOING -> next == GONE || next == LIVE;
                case GONE -> false;
            };
        }
    }
}
