package org.jnvmet.host.offload;

import org.jspecify.annotations.Nullable;

/** One association, as its device sees it: between setupController and releaseController. */
public final class OffloadController {
    private final OffloadRoute route;
    private @Nullable Object attachment;

    OffloadController(OffloadRoute route) {
        this.route = route;
    }

    public OffloadRoute route() {
        return route;
    }

    /** The device's own state. */
    public @Nullable Object attachment() {
        return attachment;
    }

    public void attach(@Nullable Object own) {
        attachment = own;
    }
}
