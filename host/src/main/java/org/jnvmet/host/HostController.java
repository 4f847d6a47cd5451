package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jnvmet.host.spi.Route;
import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.FeatureCommand;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.NamespaceList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A controller, through all its associations: when one fails, the next is established along the same
 * way, as a Linux host does. Any thread may call, but for methods that wait, which must not be called
 * from a completion. Methods that return a {@link CommandResult} give the status as it came; those that
 * return data throw a {@link StatusException} instead of returning none.
 */
@CheckReturnValue
public final class HostController implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostController.class);

    /** The host's view of a controller; Linux shows the same words in {@code state}. */
    public enum State {
        /** Being connected, for the first time or again. */
        CONNECTING,
        /** Connected, and of use. */
        LIVE,
        /** The association has failed, or a reset was asked for; it is being taken down. */
        RESETTING,
        /** Being disconnected for good. */
        DELETING,
        /** Gone; it will not come back. */
        DEAD;

        private Set<State> next() {
            return switch (this) {
                case CONNECTING -> Set.of(LIVE, DELETING, DEAD);
                case LIVE -> Set.of(RESETTING, DELETING);
                case RESETTING -> Set.of(CONNECTING, DELETING);
                case DELETING -> Set.of(DEAD);
                case DEAD -> Set.of();
            };
        }
    }

    /** Is told what becomes of a controller; on a thread that may be kept waiting a moment. */
    public interface Listener {
        /** It has entered a state. */
        default void onState(HostController controller, State state) {}

        /** An asynchronous event has come; dword 0 of the completion. */
        default void onEvent(HostController controller, int event) {}
    }

    private final Route route;
    private final ConnectOptions options;
    private final HostTimer timer;
    private final int processors;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final AtomicInteger nextQueue = new AtomicInteger();

    /** Held while an association is established or ended: one at a time. */
    private final ReentrantLock control = new ReentrantLock();

    private final HostTimer.Task deadlineCheck;
    private final ControllerPaths paths;
    private volatile State state = State.CONNECTING;

    /** The newest, established or not. */
    private volatile Association association;

    /** The newest that was established. */
    private volatile Association live;

    private volatile List<HostQueue> ioQueues = List.of();
    private volatile boolean failFast;
    private HostTimer.@Nullable Task failFastTask;
    private HostTimer.@Nullable Task reconnectTask;
    private int reconnects;

    private HostController(Route route, ConnectOptions options, HostTimer timer, int processors) {
        this.route = route;
        this.options = options;
        this.timer = timer;
        this.processors = processors;
        association = newAssociation();
        live = association;
        paths = new ControllerPaths(this, timer);
        listeners.add(paths);
        deadlineCheck =
                timer.every(
                        deadlineCheckPeriod(options),
                        () -> association.checkDeadlines(this::onOverdue));
    }

    private static long deadlineCheckPeriod(ConnectOptions options) {
        long least = Math.min(options.adminTimeoutMs(), options.ioTimeoutMs());
        return Math.clamp(least / 4, 1, 500);
    }

    private Association newAssociation() {
        return new Association(route, options, timer, processors, this::onError);
    }

    /** See {@link Host#connect}. */
    static HostController connect(
            Route route, ConnectOptions options, HostTimer timer, int processors) {
        HostController controller = new HostController(route, options, timer, processors);
        controller.control.lock();
        try {
            controller.association.establish();
            controller.goLive();
        } catch (HostException e) {
            controller.die();
            throw e;
        } finally {
            controller.control.unlock();
        }
        return controller;
    }

    // ---- states

    private boolean moveTo(State next) {
        synchronized (this) {
            if (!state.next().contains(next)) {
                return false;
            }
            LOG.debug("{}: {} -> {}", this, state, next);
            state = next;
        }
        listeners.forEach(listener -> listener.onState(this, next));
        return true;
    }

    private void goLive() {
        Association current = association;
        live = current;
        ioQueues = List.copyOf(current.ioQueues());
        failFast = false;
        cancelFailFast();
        reconnects = 0;
        if (!moveTo(State.LIVE)) {
            current.end(new HostException(this + ": disconnected"));
            return;
        }
        AsyncEvents.listen(current.admin(), current.identity(), this::onEvent);
        HostException early = current.failure();
        if (early != null) {
            onError(current, early); // before it was live, nobody listened
        }
    }

    private void onError(Association failed, HostException reason) {
        if (failed == live && moveTo(State.RESETTING)) {
            LOG.warn("{}: {}; starting error recovery", this, reason.getMessage());
            HostTimer.Task _ = timer.after(0, () -> recover(reason, false));
        }
    }

    /** Gives the association up and establishes another at once. Returns before that is done. */
    public void reset() {
        HostException reason = new HostException(this + ": reset");
        if (moveTo(State.RESETTING)) {
            HostTimer.Task _ = timer.after(0, () -> recover(reason, true));
        }
    }

    private void recover(HostException reason, boolean atOnce) {
        control.lock();
        try {
            startFailFast();
            association.end(reason);
            if (moveTo(State.CONNECTING)) {
                if (atOnce) {
                    reconnect();
                } else {
                    reconnectOrRemove(reason);
                }
            }
        } finally {
            control.unlock();
        }
    }

    private void reconnectOrRemove(HostException reason) {
        int limit = options.maxReconnects();
        if (association.refused() || (limit >= 0 && reconnects >= limit)) {
            LOG.error("{}: giving up: {}", this, reason.getMessage());
            die();
            return;
        }
        LOG.info("{}: reconnecting in {} ms", this, options.reconnectDelayMs());
        reconnectTask = timer.after(options.reconnectDelayMs(), this::reconnectLocked);
    }

    private void reconnectLocked() {
        control.lock();
        try {
            reconnect();
        } finally {
            control.unlock();
        }
    }

    private void reconnect() {
        if (state != State.CONNECTING) {
            return;
        }
        reconnects++;
        association = newAssociation();
        try {
            association.establish();
        } catch (HostException e) {
            LOG.info("{}: attempt {} failed: {}", this, reconnects, e.getMessage());
            reconnectOrRemove(e);
            return;
        }
        LOG.info("{}: connected again, attempt {}", this, reconnects);
        goLive();
    }

    private void die() {
        cancelFailFast();
        deadlineCheck.cancel();
        HostTimer.Task again = reconnectTask;
        if (again != null) {
            again.cancel();
        }
        if (!moveTo(State.DEAD)) {
            LOG.debug("{}: is {} already", this, state);
        }
    }

    private void startFailFast() {
        if (options.fastIoFailMs() >= 0 && failFastTask == null) {
            failFastTask = timer.after(options.fastIoFailMs(), this::failFast);
        }
    }

    private void failFast() {
        if (state != State.LIVE) {
            failFast = true;
            listeners.forEach(listener -> listener.onState(this, state));
        }
    }

    private void cancelFailFast() {
        HostTimer.Task task = failFastTask;
        failFastTask = null;
        if (task != null) {
            task.cancel();
        }
    }

    /** Linux would abort a command on PCI and reset over fabrics; here Abort comes first, then the reset. */
    private void onOverdue(HostQueue queue, HostRequest request, int times) {
        HostException reason =
                new HostException("%s: %s takes too long".formatted(queue, request.name()));
        boolean admin = queue.id() == 0;
        if (admin || times > 1) {
            live.onError(queue, reason);
            return;
        }
        LOG.warn("{}: {}; aborting it", this, reason.getMessage());
        HostCommand abort = AdminCommands.abort(queue.id(), request.commandId());
        live.admin().submit(new HostRequest(abort, this::onAborted));
    }

    private void onAborted(HostRequest abort) {
        LOG.debug("{}: Abort ended with status {}", this, abort.status());
    }

    // ---- events

    private void onEvent(int event) {
        options.onAsyncEvent().accept(event);
        HostTimer.Task _ =
                timer.after(0, () -> listeners.forEach(listener -> listener.onEvent(this, event)));
    }

    /** Adds a listener; {@link Listener#onState} is called for changes from now on. */
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    // ---- what it is

    public State state() {
        return state;
    }

    /** Whether I/O that waits for it shall fail: {@code fast_io_fail_tmo} has passed, or it is gone. */
    boolean failsFast() {
        return failFast || state == State.DELETING || state == State.DEAD;
    }

    /** How it was connected. */
    public ConnectOptions options() {
        return options;
    }

    /** What carries its commands, in words: the transport, or the offload device that claimed it. */
    public String carrier() {
        return route.toString();
    }

    /** Controller identifier; another one after each reconnect. */
    public int id() {
        return live.controllerId();
    }

    /** What Identify Controller said at connect. */
    public IdentifyController identity() {
        return live.identity();
    }

    /** CAP as read at connect. */
    public long capabilities() {
        return live.capabilities();
    }

    /** Most data bytes of one command: the controller's limit (MDTS), and the transport's. */
    public int maxTransferBytes() {
        return live.maxTransferBytes();
    }

    /** Most memory segments of one command's data. */
    public int maxSegments() {
        return live.maxSegments();
    }

    /** The admin queue of the association there is now. */
    public HostQueue adminQueue() {
        return live.admin();
    }

    /** The I/O queues, which were granted; the first has identifier 1. Others after each reconnect. */
    public List<HostQueue> ioQueues() {
        return ioQueues;
    }

    /** One of the I/O queues: that of {@code affinity}, or any in turn if it is negative. */
    HostQueue ioQueue(int affinity) {
        List<HostQueue> queues = ioQueues;
        if (queues.isEmpty()) {
            throw new HostException(options.subsystemNqn() + " was connected without I/O queues");
        }
        int index = affinity >= 0 ? affinity : nextQueue.getAndIncrement();
        return queues.get(Math.floorMod(index, queues.size()));
    }

    /** Whether this is a discovery controller, by its name. */
    public boolean isDiscovery() {
        return Nqn.DISCOVERY.equals(options.subsystemNqn())
                || identity().getInt(IdentifyController.CNTRLTYPE) == IdentityChecks.DISCOVERY_TYPE;
    }

    // ---- admin commands

    /** Runs any command on the admin queue. */
    public CommandResult admin(HostCommand command) {
        return adminQueue().execute(command);
    }

    /** Identify of any structure; see {@link Cns}. */
    public CommandResult identify(int cns, int nsid) {
        return admin(AdminCommands.identify(cns, nsid, 0));
    }

    /** Identify Controller. */
    public IdentifyController identifyController() {
        MemorySegment data = identify(Cns.CONTROLLER, 0).orThrow().data();
        return new IdentifyController().wrap(data, 0);
    }

    /** Identifiers of the active namespaces above {@code after}, at most 1,024 of them. */
    public int[] activeNamespaces(int after) {
        MemorySegment data = identify(Cns.ACTIVE_NAMESPACES, after).orThrow().data();
        NamespaceList list = new NamespaceList().wrap(data, 0);
        int[] ids = new int[list.count()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = list.nsid(i);
        }
        return ids;
    }

    /**
     * A namespace over this controller alone, identified now. Its commands in flight when the
     * association fails are sent again on the next one; {@link Host#subsystem} knows other ways.
     */
    public HostNamespace namespace(int nsid) {
        return paths.open(nsid);
    }

    /** The paths to namespaces over this controller. */
    ControllerPaths paths() {
        return paths;
    }

    /** Get Log Page; reading clears the event that announced the page. */
    public CommandResult getLogPage(int logId, int bytes, long offset) {
        return admin(AdminCommands.getLogPage(logId, false, bytes, offset));
    }

    /** Get Features, current value. */
    public CommandResult getFeature(int featureId) {
        return admin(AdminCommands.getFeature(featureId, FeatureCommand.CURRENT));
    }

    public CommandResult setFeature(int featureId, int value) {
        return admin(AdminCommands.setFeature(featureId, value));
    }

    /** Property Get of 4 or 8 bytes. */
    public CommandResult propertyGet(int offset, int bytes) {
        return admin(AdminCommands.propertyGet(offset, bytes));
    }

    /** Property Set of 4 bytes. */
    public CommandResult propertySet(int offset, long value) {
        return admin(AdminCommands.propertySet(offset, value));
    }

    public CommandResult keepAlive() {
        return admin(AdminCommands.keepAlive());
    }

    /** Abort; bit 0 of the result's dword 0 is clear when the command was aborted. */
    public CommandResult abort(int queueId, int commandId) {
        return admin(AdminCommands.abort(queueId, commandId));
    }

    // ---- the end

    /** Disconnects in order: I/O queues, shutdown, admin queue. Waits until that is done. */
    @Override
    public void close() {
        end(true);
    }

    /** Drops all connections without a word, as a host that crashed. */
    public void abandon() {
        end(false);
    }

    private void end(boolean orderly) {
        if (!moveTo(State.DELETING)) {
            return;
        }
        HostException reason = new HostException(this + ": disconnected by the host");
        association.abort(reason);
        control.lock();
        try {
            if (orderly) {
                association.shutDown(reason);
            } else {
                association.end(reason);
            }
        } catch (HostException e) {
            LOG.info("{}: no orderly shutdown: {}", this, e.getMessage());
        } finally {
            die();
            control.unlock();
        }
    }

    @Override
    public String toString() {
        return options.subsystemNqn() + " at " + options.way();
    }
}
