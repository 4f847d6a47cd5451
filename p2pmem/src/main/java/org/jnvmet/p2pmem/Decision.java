package org.jnvmet.p2pmem;

import org.jnvmet.p2pmem.pci.Candidate;
import org.jnvmet.p2pmem.pci.Choice;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jspecify.annotations.Nullable;

/**
 * Which provider serves some clients, until something changes. It is a user of the pool, so that a placement
 * which is made later finds it mapped.
 *
 * @param choice candidates, clients and ways
 * @param pool the memory of the chosen provider; null: there is none to be used
 * @param reason why there is none; null when there is
 * @param sentence what was decided, for people
 */
record Decision(
        Choice choice, @Nullable PeerPool pool, @Nullable FallBack reason, String sentence) {
    /** The provider that is used; null: none. */
    @Nullable Candidate candidate() {
        return pool == null ? null : choice.chosen();
    }

    /** Whether this is the very same, which uses the pool once. */
    @SuppressWarnings("ReferenceEquality")
    boolean is(@Nullable Decision other) {
        return this == other;
    }

    /** Nobody decides by it any more. */
    void drop() {
        PeerPool used = pool;
        if (used != null) {
            used.release();
        }
    }

    /** The same without its provider, which has gone; this one is dropped. */
    Decision vanished() {
        PeerPool used = pool;
        if (used == null) {
            return this;
        }
        used.release();
        String sentence =
                "%s is gone, or publishes its memory no longer"
                        .formatted(used.provider().address());
        return new Decision(choice, null, FallBack.VANISHED, sentence);
    }
}
