package org.jnvmet.host;

import java.util.function.IntConsumer;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.IdentifyController;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The asynchronous events of one association; as with a Linux host, one request for them is outstanding. */
final class AsyncEvents {
    private static final Logger LOG = LoggerFactory.getLogger(AsyncEvents.class);

    private static final int KNOWN =
            AsyncEvent.ENABLE_NAMESPACE_ATTRIBUTE
                    | AsyncEvent.ENABLE_FIRMWARE_ACTIVATION
                    | AsyncEvent.ENABLE_ANA_CHANGE
                    | AsyncEvent.ENABLE_DISCOVERY_CHANGE;

    private AsyncEvents() {}

    private static int offered(IdentifyController identity) {
        return identity.getInt(IdentifyController.OAES) & KNOWN;
    }

    /** Enables the events that the controller offers and the host understands. Waits. */
    static void enable(HostQueue admin, IdentifyController identity) {
        int events = offered(identity);
        if (events == 0) {
            return;
        }
        HostCommand enable = AdminCommands.setFeature(Feature.ASYNC_EVENT_CONFIGURATION, events);
        CommandResult result = admin.execute(enable);
        if (!result.succeeded()) {
            LOG.warn("{} offers events and refuses to enable them: {}", admin, result.status());
        }
    }

    /**
     * Asks for events, again and again until the queue ends or the controller refuses.
     *
     * @param listener is given dword 0 of each, on the queue's thread
     */
    static void listen(HostQueue admin, IdentifyController identity, IntConsumer listener) {
        if (offered(identity) == 0) {
            return;
        }
        HostRequest.Completion again =
                done -> {
                    if (done.failure() == null && done.succeeded()) {
                        int event = (int) done.result();
                        admin.submit(done);
                        listener.accept(event);
                    }
                };
        admin.submit(
                new HostRequest(AdminCommands.asyncEventRequest(), again)
                        .timeoutMs(HostQueue.NO_LIMIT));
    }
}
