package org.jnvmet.target;

import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.NamespaceList;

/**
 * Asynchronous events of one controller (Base, Asynchronous Event Request command). An event that
 * happens while no request is outstanding waits for one. Once reported, an event of the same kind is
 * held back until the host has read the log page that explains it; what happens in between is in that
 * page. Owned by the admin queue's loop.
 */
public final class AsyncEvents {
    /** Requests that may be outstanding: AERL + 1. */
    public static final int MAX_REQUESTS = 4;

    /** What can happen. */
    public enum Event {
        NAMESPACE_CHANGED(
                AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED, AsyncEvent.ENABLE_NAMESPACE_ATTRIBUTE),
        ANA_CHANGED(AsyncEvent.ANA_CHANGE, AsyncEvent.ENABLE_ANA_CHANGE),
        DISCOVERY_CHANGED(AsyncEvent.DISCOVERY_CHANGE, AsyncEvent.ENABLE_DISCOVERY_CHANGE);

        private final int dword0;
        private final int enable;

        Event(int dword0, int enable) {
            this.dword0 = dword0;
            this.enable = enable;
        }
    }

    private enum Stage {
        /** The next occurrence is reported. */
        ARMED,
        /** Happened, and waits for a request. */
        PENDING,
        /** Reported; held back until the log page is read. */
        REPORTED
    }

    private final Map<Event, Stage> stages = new EnumMap<>(Event.class);
    private final ArrayDeque<Request> requests = new ArrayDeque<>(MAX_REQUESTS);
    private final NavigableSet<Integer> changedNamespaces = new TreeSet<>(Integer::compareUnsigned);
    private boolean changedOverflow;
    private int configuration;

    AsyncEvents() {
        reset();
    }

    /** The feature Asynchronous Event Configuration. */
    public int configuration() {
        return configuration;
    }

    /** Events that are switched off now are not reported, even if they happened before. */
    public void configure(int configuration) {
        this.configuration = configuration;
        for (Event event : Event.values()) {
            if (!enabled(event) && stages.get(event) == Stage.PENDING) {
                stages.put(event, Stage.ARMED);
            }
        }
    }

    /** Takes an Asynchronous Event Request; false: four are outstanding already. */
    public boolean offer(Request request) {
        if (requests.size() == MAX_REQUESTS) {
            return false;
        }
        requests.add(request);
        report();
        return true;
    }

    /** Aborts the outstanding request with that identifier; false: there is none. */
    public boolean abort(int commandId) {
        for (Request request : requests) {
            if (request.sqe().commandId() == commandId) {
                requests.remove(request);
                request.fail(Status.ABORT_REQUESTED, -1);
                return true;
            }
        }
        return false;
    }

    /** The host has read the page of {@code event} and wants to hear of the next. */
    public void rearm(Event event) {
        stages.put(event, Stage.ARMED);
        if (event == Event.NAMESPACE_CHANGED) {
            changedNamespaces.clear();
            changedOverflow = false;
        }
    }

    /** Namespaces that came, went or changed since the host read of them, into a zeroed page. */
    public void copyChangedNamespaces(NamespaceList page) {
        if (changedOverflow) {
            page.nsid(0, NamespaceList.ALL);
            return;
        }
        int index = 0;
        for (int nsid : changedNamespaces) {
            page.nsid(index++, nsid);
        }
    }

    void namespaceChanged(int nsid) {
        if (changedNamespaces.size() < NamespaceList.CAPACITY || changedNamespaces.contains(nsid)) {
            changedNamespaces.add(nsid);
        } else {
            changedOverflow = true;
        }
        raise(Event.NAMESPACE_CHANGED);
    }

    void raise(Event event) {
        if (enabled(event) && stages.get(event) == Stage.ARMED) {
            stages.put(event, Stage.PENDING);
            report();
        }
    }

    /** The controller was disabled or its admin queue is gone: requests end, events are forgotten. */
    void reset() {
        configuration = 0;
        changedNamespaces.clear();
        changedOverflow = false;
        for (Event event : Event.values()) {
            stages.put(event, Stage.ARMED);
        }
        while (!requests.isEmpty()) {
            requests.remove().fail(Status.ABORTED_SQ_DELETION, -1);
        }
    }

    private boolean enabled(Event event) {
        return (configuration & event.enable) != 0;
    }

    private void report() {
        for (Event event : Event.values()) {
            if (requests.isEmpty()) {
                return;
            }
            if (stages.get(event) == Stage.PENDING) {
                stages.put(event, Stage.REPORTED);
                requests.remove().complete(Integer.toUnsignedLong(event.dword0));
            }
        }
    }
}
