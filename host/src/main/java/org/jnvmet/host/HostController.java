package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.FeatureCommand;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.NamespaceList;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jnvmet.wire.fabrics.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connected controller: its admin queue, its I/O queues and what keeps it alive. Any thread may
 * call. Methods that return a {@link CommandResult} give the status as it came; those that return
 * data throw a {@link StatusException} instead of returning none.
 */
@CheckReturnValue
public final class HostController implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostController.class);

    /** What a capsule of Fabrics and admin commands may carry before Identify says more. */
    private static final int ADMIN_IN_CAPSULE = 8192;

    private static final int SQE_BYTES = 64;
    private static final int IOCCSZ_UNIT = 16;

    private final HostTransport transport;
    private final ConnectOptions options;
    private final QueueOptions adminOptions;
    private final HostQueue admin;
    private final ControllerState state;
    private final List<HostQueue> ioQueues = new ArrayList<>();
    private final AtomicInteger nextQueue = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();
    private int controllerId;
    private IdentifyController identity = new IdentifyController();
    private @Nullable KeepAlive keepAlive;

    private HostController(HostTransport transport, ConnectOptions options) {
        this.transport = transport;
        this.options = options;
        adminOptions =
                new QueueOptions(
                        0, ConnectOptions.ADMIN_ENTRIES, ADMIN_IN_CAPSULE, options.flowControl());
        admin = HostQueue.open(transport, adminOptions, options.timeoutMs());
        state = new ControllerState(admin);
    }

    /**
     * Connects, enables and identifies a controller and connects its I/O queues.
     *
     * @throws StatusException when the controller refuses a step; its result names the step
     * @throws HostException when there is no connection, or the controller is none we can use
     */
    public static HostController connect(HostTransport transport, ConnectOptions options) {
        HostController controller = new HostController(transport, options);
        try {
            controller.bringUp();
        } catch (RuntimeException e) {
            controller.abandon();
            throw e;
        }
        return controller;
    }

    private void bringUp() {
        int connected = connectQueue(admin, adminOptions, ConnectData.DYNAMIC_CONTROLLER);
        controllerId = ConnectCommand.controllerId(connected);
        state.enable();
        identity = identifyController();
        IdentityChecks.check(identity, controllerId, options);
        connectIoQueues();
        listenForEvents();
        if (options.keepAliveMs() > 0) {
            keepAlive = new KeepAlive(admin, options.keepAliveMs(), this::abandon);
        }
    }

    private int connectQueue(HostQueue queue, QueueOptions queueOptions, int asController) {
        HostCommand connect = AdminCommands.connect(options, queueOptions, asController);
        int result = queue.execute(connect).orThrow().dword0();
        int authentication =
                ConnectCommand.AUTHENTICATION_REQUIRED | ConnectCommand.SECURE_CHANNEL_REQUIRED;
        if ((result & authentication) != 0) {
            throw new HostException(
                    options.subsystemNqn() + " demands authentication, which this host cannot do");
        }
        return result;
    }

    private void connectIoQueues() {
        if (options.ioQueues() == 0) {
            return;
        }
        int wanted = Feature.queueCounts(options.ioQueues(), options.ioQueues());
        int granted = setFeature(Feature.NUMBER_OF_QUEUES, wanted).orThrow().dword0();
        int count =
                Math.min(
                        options.ioQueues(),
                        Math.min(
                                Feature.submissionQueues(granted),
                                Feature.completionQueues(granted)));
        int entries =
                Math.min(options.ioEntries(), Properties.CAP_MQES.of(state.capabilities()) + 1);
        int inCapsule = identity.getInt(IdentifyController.IOCCSZ) * IOCCSZ_UNIT - SQE_BYTES;
        for (int id = 1; id <= count; id++) {
            openIoQueue(new QueueOptions(id, entries, inCapsule, options.flowControl()));
        }
    }

    private void openIoQueue(QueueOptions queueOptions) {
        HostQueue queue = HostQueue.open(transport, queueOptions, options.timeoutMs());
        ioQueues.add(queue);
        int result = connectQueue(queue, queueOptions, controllerId);
        if (ConnectCommand.controllerId(result) != controllerId) {
            throw new ProtocolViolation(
                    "%s is of controller %d, not %d"
                            .formatted(queue, ConnectCommand.controllerId(result), controllerId));
        }
    }

    private void listenForEvents() {
        int known =
                AsyncEvent.ENABLE_NAMESPACE_ATTRIBUTE
                        | AsyncEvent.ENABLE_FIRMWARE_ACTIVATION
                        | AsyncEvent.ENABLE_ANA_CHANGE
                        | AsyncEvent.ENABLE_DISCOVERY_CHANGE;
        int events = identity.getInt(IdentifyController.OAES) & known;
        if (events == 0) {
            return;
        }
        if (!setFeature(Feature.ASYNC_EVENT_CONFIGURATION, events).succeeded()) {
            LOG.warn("{} offers events and refuses to enable them", options.subsystemNqn());
        }
        requestEvent();
    }

    private void requestEvent() {
        var _ =
                admin.submit(AdminCommands.asyncEventRequest())
                        .thenAccept(this::onEvent)
                        .exceptionally(this::noMoreEvents);
    }

    private void onEvent(CommandResult result) {
        if (!result.succeeded() || closed.get()) {
            return;
        }
        requestEvent();
        options.onAsyncEvent().accept(result.dword0());
    }

    private @Nullable Void noMoreEvents(Throwable reason) {
        if (!closed.get()) {
            LOG.info("{}: no more events: {}", options.subsystemNqn(), reason.getMessage());
        }
        return null;
    }

    /** Controller identifier. */
    public int id() {
        return controllerId;
    }

    /** What Identify Controller said at connect. */
    public IdentifyController identity() {
        return identity;
    }

    /** CAP as read at connect. */
    public long capabilities() {
        return state.capabilities();
    }

    public HostQueue adminQueue() {
        return admin;
    }

    /** The I/O queues, which were granted; the first has identifier 1. */
    public List<HostQueue> ioQueues() {
        return List.copyOf(ioQueues);
    }

    /** The I/O queues in turn. */
    HostQueue nextIoQueue() {
        if (ioQueues.isEmpty()) {
            throw new HostException(options.subsystemNqn() + " was connected without I/O queues");
        }
        return ioQueues.get(Math.floorMod(nextQueue.getAndIncrement(), ioQueues.size()));
    }

    /** Runs any command on the admin queue. */
    public CommandResult admin(HostCommand command) {
        return admin.execute(command);
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

    /** A namespace, identified. */
    public HostNamespace namespace(int nsid) {
        return HostNamespace.open(this, nsid);
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

    /** Whether this is a discovery controller, by its name. */
    public boolean isDiscovery() {
        return Nqn.DISCOVERY.equals(options.subsystemNqn())
                || identity.getInt(IdentifyController.CNTRLTYPE) == IdentityChecks.DISCOVERY_TYPE;
    }

    /** Disconnects in order: I/O queues, shutdown, admin queue. */
    @Override
    public void close() {
        if (closed.get()) {
            return;
        }
        ioQueues.forEach(HostQueue::close);
        try {
            state.shutDown();
        } catch (HostException e) {
            LOG.info("{}: no orderly shutdown: {}", options.subsystemNqn(), e.getMessage());
        } finally {
            abandon();
        }
    }

    /** Drops all connections without a word, as a host that crashed. */
    public void abandon() {
        closed.set(true);
        KeepAlive running = keepAlive;
        if (running != null) {
            running.close();
        }
        ioQueues.forEach(HostQueue::close);
        admin.close();
    }
}
