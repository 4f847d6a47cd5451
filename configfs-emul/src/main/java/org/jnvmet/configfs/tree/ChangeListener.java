package org.jnvmet.configfs.tree;

/**
 * Hears of every change.
 *
 * <p>Changes of one path, and of a directory and what is in it, come in the order of their effects. Changes of
 * unrelated paths that were made at the same time come in some order: so a journal keeps a <em>state</em> (what
 * exists, with which values), which is right in any such order, and does not re-execute operations one by one.
 */
@FunctionalInterface
public interface ChangeListener {
    /** Hears nothing, keeps nothing. */
    ChangeListener NONE = _ -> () -> {};

    /**
     * A change has taken effect. Called under the tree's lock, never by two threads at once: only take the change
     * down, in order. The operation that made it then runs what is returned, without any lock, before it returns to
     * its caller: there the listener waits until the change is durable.
     */
    Durable changed(Change change);

    /** Waits until a change is on the medium. */
    @FunctionalInterface
    interface Durable {
        /** A failure is the caller's to see, though the change has taken effect: throw a ConfigException. */
        void await();
    }
}
