package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.NamespaceList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The paths that lead over one controller, and what keeps them true: when the controller is connected
 * again or reports an event, namespaces are identified and the ANA log is read anew. Until that is done
 * after a reconnect, no path is used: behind the same address another disk may have appeared. Admin
 * commands are waited for on the timer's threads, one such run at a time.
 */
final class ControllerPaths implements HostController.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerPaths.class);

    private static final int ANA = 1;
    private static final int NAMESPACES = 2;

    /** Before what a controller refused to tell is asked again. */
    private static final long AGAIN_MS = 1000;

    private static final long SECOND_MS = 1000;
    private static final int HOST_BEHAVIOR_BYTES = 512;

    /** As a Linux host: twice ANATT, since events take their time. */
    private static final int ANATT_SLACK = 2;

    private final HostController controller;
    private final HostTimer timer;
    private final List<NamespacePath> paths = new CopyOnWriteArrayList<>();

    /** Namespaces that know this controller only. */
    private final Map<Integer, HostNamespace> own = new ConcurrentHashMap<>();

    /** Commands outstanding, as long as somebody counts them. */
    private final AtomicInteger depth = new AtomicInteger();

    /** Held while the controller is asked. */
    private final ReentrantLock asking = new ReentrantLock();

    /** What the controller is to be asked; guarded by this object, as {@link #running}. */
    private int wanted;

    private boolean running;
    private HostTimer.@Nullable Task transition;

    /** The newest ANA log; null while there is none. Guarded by {@link #asking}. */
    private @Nullable AnaGroups groups;

    private volatile boolean reportsAna;

    ControllerPaths(HostController controller, HostTimer timer) {
        this.controller = controller;
        this.timer = timer;
    }

    HostController controller() {
        return controller;
    }

    // ---- commands outstanding

    void begin() {
        depth.incrementAndGet();
    }

    void end() {
        depth.decrementAndGet();
    }

    int depth() {
        return depth.get();
    }

    /** The delay that a status asks for, in units of 100 ms. */
    int retryDelay(int status) {
        IdentifyController identity = controller.identity();
        return switch (Disposition.retryDelay(status)) {
            case 1 -> identity.getInt(IdentifyController.CRDT1);
            case 2 -> identity.getInt(IdentifyController.CRDT2);
            case 3 -> identity.getInt(IdentifyController.CRDT3);
            default -> 0;
        };
    }

    // ---- paths come and go

    /** A namespace over this controller only, identified now. Waits. */
    HostNamespace open(int nsid) {
        asking.lock();
        try {
            HostNamespace known = own.get(nsid);
            if (known != null) {
                if (isStillThere(known.paths().paths().getFirst())) {
                    return known;
                }
                detach(known.paths());
                own.remove(nsid);
            }
            NamespacePaths fresh = new NamespacePaths(nsid, controller.toString(), false, timer);
            HostException refusal = attach(fresh);
            if (refusal != null) {
                detach(fresh);
                throw refusal;
            }
            HostNamespace opened = new HostNamespace(fresh);
            own.put(nsid, opened);
            return opened;
        } finally {
            asking.unlock();
        }
    }

    private boolean isStillThere(NamespacePath path) {
        if (controller.state() == HostController.State.LIVE) {
            identify(path);
        }
        return path.accepted();
    }

    /**
     * Adds a path to a namespace, which leads over this controller from now on whenever it can. Waits.
     *
     * @return why it cannot at present; null if it can
     */
    @Nullable HostException attach(NamespacePaths namespace) {
        asking.lock();
        try {
            NamespacePath path = new NamespacePath(this, namespace);
            namespace.add(path);
            paths.add(path);
            if (controller.state() == HostController.State.DEAD) {
                detach(namespace);
            }
            if (controller.state() != HostController.State.LIVE) {
                return new HostException(controller + " is not connected");
            }
            return ask(path);
        } finally {
            asking.unlock();
        }
    }

    private @Nullable HostException ask(NamespacePath path) {
        if (controller.ioQueues().isEmpty()) {
            HostException why = new HostException(controller + " was connected without I/O queues");
            path.to().onAbsent(path, why);
            return why;
        }
        try {
            if (path.to().multipath() && groups == null) {
                fetchAnaLog();
            }
            identify(path);
            return path.refusal();
        } catch (HostException e) {
            LOG.warn("{}: not used for now: {}", path, e.getMessage());
            again(ANA | NAMESPACES);
            return e;
        }
    }

    /** Removes the paths to a namespace. */
    void detach(NamespacePaths namespace) {
        List<NamespacePath> gone = paths.stream().filter(path -> path.to() == namespace).toList();
        paths.removeAll(gone);
        gone.forEach(namespace::remove);
    }

    // ---- what happens to the controller

    @Override
    public void onState(HostController changed, HostController.State state) {
        if (controller.state() != HostController.State.LIVE) {
            paths.forEach(NamespacePath::onConnectionLost);
            watchTransition(false);
        }
        paths.forEach(path -> path.to().update());
        if (state == HostController.State.LIVE) {
            allowRetryDelays();
            if (!paths.isEmpty()) {
                want(ANA | NAMESPACES);
            }
        }
    }

    /** Controllers only ask hosts for delays that say they obey (Host Behavior Support, ACRE). */
    private void allowRetryDelays() {
        if (controller.identity().getInt(IdentifyController.CRDT1) == 0) {
            return;
        }
        byte[] behavior = new byte[HOST_BEHAVIOR_BYTES];
        behavior[0] = 1;
        HostCommand command =
                AdminCommands.setFeature(Feature.HOST_BEHAVIOR, 0)
                        .send(MemorySegment.ofArray(behavior));
        controller
                .adminQueue()
                .submit(
                        new HostRequest(
                                command,
                                done -> LOG.debug("{}: ACRE: {}", controller, done.status())));
    }

    @Override
    public void onEvent(HostController reporting, int event) {
        if (paths.isEmpty()) {
            return; // whoever listens to events without namespaces of ours reads the logs himself
        }
        if (event == AsyncEvent.ANA_CHANGE && multipath()) {
            want(ANA);
        } else if (event == AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED) {
            clearChangedNamespaces();
            want(ANA | NAMESPACES);
        }
    }

    /** Has the ANA log read, soon. */
    void readAnaLog() {
        want(ANA);
    }

    /** Has the namespaces identified, soon. */
    void rescan() {
        want(NAMESPACES);
    }

    /** Has a namespace identified now, if the controller is connected. Waits. */
    void identifyNow(NamespacePath path) {
        asking.lock();
        try {
            if (controller.state() == HostController.State.LIVE) {
                identify(path);
            }
        } catch (HostException e) {
            LOG.debug("{}: {}", path, e.getMessage());
        } finally {
            asking.unlock();
        }
    }

    /** Whether the controller has an ANA log that we read. */
    boolean reportsAna() {
        return reportsAna;
    }

    private boolean multipath() {
        return paths.stream().anyMatch(path -> path.to().multipath());
    }

    // ---- asking the controller

    private void want(int what) {
        synchronized (this) {
            wanted |= what;
            if (running) {
                return;
            }
            running = true;
        }
        HostTimer.Task _ = timer.after(0, this::run);
    }

    private void again(int what) {
        HostTimer.Task _ = timer.after(AGAIN_MS, () -> want(what));
    }

    private void run() {
        for (int what = take(); what != 0; what = take()) {
            asking.lock();
            try {
                if (controller.state() == HostController.State.LIVE) {
                    ask(what);
                }
            } catch (HostException e) {
                LOG.warn("{}: {}; asking again", controller, e.getMessage());
                again(what);
            } finally {
                asking.unlock();
            }
        }
    }

    private synchronized int take() {
        int what = wanted;
        wanted = 0;
        running = what != 0;
        return what;
    }

    private void ask(int what) {
        if ((what & ANA) != 0 && multipath()) {
            fetchAnaLog();
            paths.forEach(this::tellAnaState);
        }
        if ((what & NAMESPACES) != 0) {
            paths.forEach(this::identify);
        }
        paths.forEach(path -> path.to().update());
    }

    private void fetchAnaLog() {
        groups = null;
        reportsAna = AnaLogReader.isSupported(controller.identity());
        if (reportsAna) {
            try {
                groups = AnaLogReader.read(controller);
            } catch (StatusException e) {
                if (!e.result().doNotRetry()) {
                    throw e;
                }
                LOG.warn("{}: offers ANA without a log: {}", controller, e.getMessage());
                reportsAna = false;
            }
        }
        watchTransition(groups != null && groups.changing());
    }

    private void tellAnaState(NamespacePath path) {
        NamespaceIdentity identity = path.identity();
        if (identity != null) {
            tellAnaState(path, identity);
        }
    }

    private void tellAnaState(NamespacePath path, NamespaceIdentity identity) {
        AnaGroups known = groups;
        int nsid = path.to().nsid();
        AnaState state = AnaState.OPTIMIZED;
        if (known != null && path.to().multipath() && identity.anaGroup() != 0) {
            state = known.stateOf(nsid, identity.anaGroup());
        }
        if (state == null) {
            LOG.warn("{}: the ANA log tells no state of it; asking again", path);
            path.onAnaDoubt();
            again(ANA);
        } else {
            path.onAnaState(state);
        }
    }

    private void identify(NamespacePath path) {
        NamespacePaths namespace = path.to();
        try {
            NamespaceIdentity found = NamespaceIdentity.read(controller, namespace.nsid());
            tellAnaState(path, found);
            namespace.onIdentified(path, found);
        } catch (StatusException e) {
            if (!e.result().doNotRetry()) {
                throw e;
            }
            namespace.onAbsent(path, e);
        } catch (ProtocolViolation e) {
            namespace.onAbsent(path, e);
        }
    }

    /** Reading the list has the controller report the next change. */
    private void clearChangedNamespaces() {
        try {
            CommandResult list =
                    controller.getLogPage(LogPage.CHANGED_NAMESPACES, NamespaceList.BYTES, 0);
            LOG.debug("{}: changed namespaces: status {}", controller, list.status());
        } catch (HostException e) {
            LOG.debug("{}: changed namespaces: {}", controller, e.getMessage());
        }
    }

    /** A group that changes its state for longer than ANATT is a fault of the controller. */
    private synchronized void watchTransition(boolean changing) {
        HostTimer.Task previous = transition;
        transition = null;
        if (previous != null) {
            previous.cancel();
        }
        if (changing) {
            int limit = controller.identity().getInt(IdentifyController.ANATT);
            transition =
                    timer.after(
                            Math.max(1, limit) * SECOND_MS * ANATT_SLACK,
                            this::onTransitionTooLong);
        }
    }

    private void onTransitionTooLong() {
        LOG.warn("{}: an ANA transition takes longer than ANATT; resetting", controller);
        controller.reset();
    }

    @Override
    public String toString() {
        return "paths over " + controller;
    }
}
