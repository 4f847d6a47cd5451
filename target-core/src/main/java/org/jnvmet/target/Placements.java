package org.jnvmet.target;

import java.util.Map;
import org.jnvmet.target.spi.Placement;
import org.jspecify.annotations.Nullable;

/**
 * Where a controller's I/O commands are staged, by namespace: by the very object, as another may get its
 * number. Immutable; a change makes another.
 */
final class Placements {
    static final Placements NONE = new Placements(Map.of());

    private final Map<Namespace, Placement> all;

    Placements(Map<Namespace, Placement> all) {
        this.all = Map.copyOf(all);
    }

    /** Null: system memory. */
    @Nullable Placement of(Namespace namespace) {
        return all.isEmpty() ? null : all.get(namespace);
    }
}
