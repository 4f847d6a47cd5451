package org.jnvmet.host.offload;

import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.QueueEvents;
import org.jspecify.annotations.Nullable;

/** One queue, as its device sees it: between createQueue and destroyQueue; and the way back to the layer. */
public final class OffloadQueue {
    private final OffloadController controller;
    private final QueueOptions options;
    private final QueueEvents events;
    private @Nullable Object attachment;

    OffloadQueue(OffloadController controller, QueueOptions options, QueueEvents events) {
        this.controller = controller;
        this.options = options;
        this.events = events;
    }

    public OffloadController controller() {
        return controller;
    }

    public QueueOptions options() {
        return options;
    }

    /** A request is complete: once for each, and never after drainQueue has returned. Any thread. */
    public void done(HostRequest request, long result, int status) {
        events.done(request, result, status);
    }

    /** The queue is of no use any more; the layer will take its controller down. Any thread. */
    public void reportError(HostException reason) {
        events.reportError(reason);
    }

    /** For devices that speak NVMe/TCP themselves. */
    public QueueEvents events() {
        return events;
    }

    /** The device's own state. */
    public @Nullable Object attachment() {
        return attachment;
    }

    public void attach(@Nullable Object own) {
        attachment = own;
    }
}
