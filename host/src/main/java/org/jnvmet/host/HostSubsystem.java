package org.jnvmet.host;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jnvmet.wire.admin.IdentifyController;
import org.jspecify.annotations.Nullable;

/**
 * An NVM subsystem as the host sees it: the controllers that are connected to it, now and later, and
 * the namespaces that they lead to. Any thread.
 */
@CheckReturnValue
public final class HostSubsystem {
    private static final int SEVERAL_CONTROLLERS = 1 << 1;

    private final String nqn;
    private final HostTimer timer;
    private final List<HostController> controllers = new CopyOnWriteArrayList<>();
    private final Map<Integer, HostNamespace> namespaces = new TreeMap<>();

    /** Held while controllers are asked about namespaces. */
    private final ReentrantLock opening = new ReentrantLock();

    private IoPolicy policy = IoPolicy.NUMA;

    HostSubsystem(String nqn, HostTimer timer) {
        this.nqn = nqn;
        this.timer = timer;
    }

    public String nqn() {
        return nqn;
    }

    /** Its controllers, in the order in which they were connected. */
    public List<HostController> controllers() {
        return List.copyOf(controllers);
    }

    /** How commands are spread over the paths; {@link IoPolicy#NUMA} if not set, as on Linux. */
    public synchronized IoPolicy ioPolicy() {
        return policy;
    }

    /** Sets how commands are spread over the paths; in effect at once. */
    public synchronized void ioPolicy(IoPolicy next) {
        policy = next;
        namespaces.values().forEach(namespace -> namespace.paths().policy(next));
    }

    /**
     * A namespace over all controllers that lead to it, also those connected later. Waits.
     *
     * @throws HostException when no controller does
     */
    public HostNamespace namespace(int nsid) {
        opening.lock();
        try {
            HostNamespace known = known(nsid);
            if (known != null) {
                known.paths().identifyAgain();
                if (known.paths().paths().stream().anyMatch(NamespacePath::accepted)) {
                    return known;
                }
            }
            HostNamespace opened = new HostNamespace(open(nsid));
            synchronized (this) {
                namespaces.put(nsid, opened);
            }
            if (known != null) {
                controllers.forEach(controller -> controller.paths().detach(known.paths()));
            }
            return opened;
        } finally {
            opening.unlock();
        }
    }

    private synchronized @Nullable HostNamespace known(int nsid) {
        return namespaces.get(nsid);
    }

    private synchronized List<HostNamespace> known() {
        return List.copyOf(namespaces.values());
    }

    private NamespacePaths open(int nsid) {
        NamespacePaths fresh = new NamespacePaths(nsid, nqn, true, timer);
        fresh.policy(ioPolicy());
        HostException refusal = new HostException(nqn + ": no controller is connected");
        for (HostController controller : controllers) {
            HostException why = controller.paths().attach(fresh);
            refusal = why == null ? refusal : why;
        }
        if (fresh.identity() == null) {
            controllers.forEach(controller -> controller.paths().detach(fresh));
            throw refusal;
        }
        return fresh;
    }

    /**
     * Takes a controller in, and the paths over it. Waits.
     *
     * @throws HostException when it cannot be another controller of the same subsystem
     */
    void join(HostController controller) {
        opening.lock();
        try {
            String why = objection(controller);
            if (why != null) {
                throw new HostException(controller + ": refused: " + why);
            }
            controllers.add(controller);
            controller.addListener(new Leaving());
            if (controller.state() == HostController.State.DEAD) {
                controllers.remove(controller);
            }
            for (HostNamespace namespace : known()) {
                HostException _ = controller.paths().attach(namespace.paths());
            }
        } finally {
            opening.unlock();
        }
    }

    /** The reasons of a Linux host; an identifier of an association that has failed is nobody's. */
    private @Nullable String objection(HostController joining) {
        for (HostController other : controllers) {
            if (other.state() == HostController.State.LIVE && other.id() == joining.id()) {
                return "duplicate controller identifier %d, with %s".formatted(other.id(), other);
            }
        }
        boolean several =
                (joining.identity().getInt(IdentifyController.CMIC) & SEVERAL_CONTROLLERS) != 0;
        boolean alone = controllers.stream().allMatch(HostController::failsFast);
        if (!several && !alone) {
            return "the subsystem does not support several controllers (CMIC)";
        }
        return null;
    }

    @Override
    public String toString() {
        return nqn;
    }

    /** Has a controller that will not come back leave. */
    private final class Leaving implements HostController.Listener {
        @Override
        public void onState(HostController changed, HostController.State state) {
            if (state == HostController.State.DEAD) {
                controllers.remove(changed);
                known().forEach(namespace -> changed.paths().detach(namespace.paths()));
            }
        }
    }
}
