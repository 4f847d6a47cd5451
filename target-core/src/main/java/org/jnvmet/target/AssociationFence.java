package org.jnvmet.target;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps a host that comes back from overtaking itself. When an association is lost, its writes may
 * still be on their way to the medium while the host sends the same blocks again through a new
 * controller (Base, Communication Loss Handling). So a new controller of a host does not become ready
 * in a subsystem before every lost controller of that host has no operation in any backend: the
 * host's wait for CSTS.RDY is the fence. Controllers of other paths that were ready before are not
 * held up; their host waits for its own time-outs.
 *
 * <p>Any thread; its monitor is short and calls nobody.
 */
final class AssociationFence {
    /** Controllers that are being deleted, and what waits for each. */
    private final Map<Controller, List<Runnable>> ending = new LinkedHashMap<>();

    synchronized void begin(Controller controller) {
        ending.put(controller, new ArrayList<>());
    }

    /** The controller has ended; the returned tasks have waited for it. */
    synchronized List<Runnable> end(Controller controller) {
        List<Runnable> waiting = ending.remove(controller);
        return waiting == null ? List.of() : waiting;
    }

    /** True: {@code controller} may become ready. False: {@code retry} runs when it is worth asking again. */
    synchronized boolean passes(Controller controller, Runnable retry) {
        for (Map.Entry<Controller, List<Runnable>> other : ending.entrySet()) {
            if (other.getKey().host().equals(controller.host())) {
                other.getValue().add(retry);
                return false;
            }
        }
        return true;
    }
}
