package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jspecify.annotations.Nullable;

/** Events of the connection manager for the identifiers that were made with it. Under the lock of the network. */
final class EventChannel extends RdmaEventChannel {
    private final Network network;
    private final EventDescriptor descriptor;
    private final Queue<Pending> events = new ArrayDeque<>();

    /**
     * An event nobody took yet.
     *
     * @param owner whose destruction waits for its acknowledgement
     * @param taken what happens when it is taken
     */
    private record Pending(CmEvent event, Identifier owner, Runnable taken) {}

    EventChannel(Network network, EventDescriptor descriptor) throws IOException {
        super(descriptor.number());
        this.network = network;
        this.descriptor = descriptor;
    }

    /** An event without parameters. */
    void tell(Identifier id, EventType type, int status) {
        tell(id, type, status, new ConnectParameters(), () -> {});
    }

    void tell(
            Identifier id,
            EventType type,
            int status,
            ConnectParameters parameters,
            Runnable taken) {
        add(event(type, status, id, null, parameters), id, taken);
    }

    /** Somebody wants a connection with who listens. */
    void request(Identifier listener, Identifier id, ConnectParameters parameters) {
        EventType type = EventType.RDMA_CM_EVENT_CONNECT_REQUEST;
        add(event(type, 0, id, listener, parameters), listener, () -> {});
    }

    private CmEvent event(
            EventType type,
            int status,
            Identifier id,
            @Nullable Identifier listener,
            ConnectParameters parameters) {
        try {
            return network.provider()
                    .make(() -> new CmEvent(type, status, id, listener, parameters));
        } catch (IOException e) {
            throw new IllegalStateException("an event could not be made", e);
        }
    }

    private void add(CmEvent event, Identifier owner, Runnable taken) {
        events.add(new Pending(event, owner, taken));
        descriptor.raise();
        network.change();
    }

    boolean hasEvents() {
        return !events.isEmpty();
    }

    /** The next event, if there is one. */
    @Nullable CmEvent take() {
        Pending next = events.poll();
        if (next == null) {
            return null;
        }
        descriptor.lower();
        next.owner.toAcknowledge();
        next.taken.run();
        return next.event;
    }

    /** Events of an identifier that nobody took are gone; those who asked it for connections and were not heard. */
    List<Identifier> forget(Identifier id) {
        List<Identifier> unheard = new ArrayList<>();
        Iterator<Pending> each = events.iterator();
        while (each.hasNext()) {
            Pending next = each.next();
            if (next.owner != id) {
                continue;
            }
            if (next.event.type() == EventType.RDMA_CM_EVENT_CONNECT_REQUEST) {
                unheard.add((Identifier) next.event.id());
            }
            each.remove();
            descriptor.lower();
        }
        return unheard;
    }

    void shut() {
        isOpen = false;
        descriptor.close();
    }
}
