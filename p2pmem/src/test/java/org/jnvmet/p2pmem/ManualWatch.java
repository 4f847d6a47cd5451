package org.jnvmet.p2pmem;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Looks when the test says so. */
final class ManualWatch implements Watch {
    private @Nullable Runnable look;

    @Override
    public Ending start(Runnable task) {
        look = task;
        return () -> look = null;
    }

    /** A second has passed. */
    void look() {
        Objects.requireNonNull(look, "closed").run();
    }
}
