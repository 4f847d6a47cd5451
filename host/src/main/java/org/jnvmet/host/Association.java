package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.Route;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jnvmet.wire.fabrics.Properties;
import org.jspecify.annotations.Nullable;

/**
 * One association with a controller (NVMe over Fabrics, Association): from the first queue to the last.
 * Established once and ended once; after an error the controller makes another. Whatever fails, nothing
 * is left open: each queue that was created is drained and destroyed once, and then the link released.
 */
final class Association implements HostQueue.Owner {
    /** What a capsule of Fabrics and admin commands may carry before Identify says more. */
    private static final int ADMIN_IN_CAPSULE = 8192;

    private static final int SQE_BYTES = 64;
    private static final int IOCCSZ_UNIT = 16;
    private static final int PAGE = 4096;

    /** SGLS: the address of a descriptor may be an offset into the capsule. */
    private static final int SGLS_OFFSETS = 1 << 20;

    /** Is told when an established association has failed. */
    interface Listener {
        /** Any thread, also that of a queue; any number of times. */
        void onError(Association association, HostException reason);
    }

    private final Route route;
    private final ConnectOptions options;
    private final HostTimer timer;
    private final int processors;
    private final Listener listener;
    private final List<HostQueue> queues = new CopyOnWriteArrayList<>();
    private @Nullable ControllerLink link;
    private @Nullable ControllerState state;
    private @Nullable KeepAlive keepAlive;
    private volatile boolean established;

    /** Being shut down: nobody recovers from an error any more, so it ends the queues at once. */
    private volatile boolean leaving;

    /** A connection failed, or the controller does not answer. */
    private volatile boolean broken;

    private volatile @Nullable HostException failure;
    private boolean refused;
    private int controllerId;
    private IdentifyController identity = new IdentifyController();
    private int maxTransferBytes;

    Association(
            Route route,
            ConnectOptions options,
            HostTimer timer,
            int processors,
            Listener listener) {
        this.route = route;
        this.options = options;
        this.timer = timer;
        this.processors = processors;
        this.listener = listener;
    }

    /**
     * Connects, enables and identifies the controller and connects its I/O queues.
     *
     * @throws HostException when that fails; everything is closed again then
     */
    void establish() {
        try {
            link = route.setUpController();
            bringUp();
            established = true;
            checkFailure();
        } catch (RuntimeException e) {
            HostException why = failureOr(e);
            end(why);
            throw why;
        }
    }

    private HostException failureOr(RuntimeException e) {
        HostException first = failure;
        if (first != null) {
            return first;
        }
        return e instanceof HostException host ? host : new HostException(e.toString(), e);
    }

    private void checkFailure() {
        HostException first = failure;
        if (first != null) {
            throw first;
        }
    }

    private void bringUp() {
        QueueOptions adminOptions =
                new QueueOptions(
                        0,
                        ConnectOptions.ADMIN_ENTRIES,
                        ADMIN_IN_CAPSULE,
                        options.flowControl(),
                        options.connectTimeoutMs());
        HostQueue admin = create(adminOptions, options.adminTimeoutMs());
        int connected = connectAdminQueue(admin, adminOptions);
        controllerId = ConnectCommand.controllerId(connected);
        ControllerState properties = new ControllerState(admin);
        state = properties;
        properties.enable();
        MemorySegment data =
                admin.execute(AdminCommands.identify(Cns.CONTROLLER, 0, 0)).orThrow().data();
        identity = new IdentifyController().wrap(data, 0);
        IdentityChecks.check(identity, controllerId, options);
        maxTransferBytes = transferLimit();
        if (options.keepAliveMs() > 0) { // the controller counts already, and many queues take long
            keepAlive = new KeepAlive(this, options.keepAliveMs(), timer);
        }
        if (options.ioQueues() > 0) {
            connectIoQueues(admin, properties);
        }
        AsyncEvents.enable(admin, identity);
        CopySupport.enable(admin, identity);
    }

    private int transferLimit() {
        int power = identity.getInt(IdentifyController.MDTS);
        long controllers = power == 0 || power > 18 ? Integer.MAX_VALUE : (long) PAGE << power;
        return (int) Math.min(controllers, route.maxTransferBytes());
    }

    private HostQueue create(QueueOptions queueOptions, long timeoutMs) {
        checkFailure();
        ControllerLink current = link;
        if (current == null) {
            throw new IllegalStateException("no link");
        }
        HostQueue queue =
                HostQueue.create(current, queueOptions, route.maxSegments(), timeoutMs, this);
        queues.add(queue);
        checkFailure();
        return queue;
    }

    private int connectAdminQueue(HostQueue admin, QueueOptions adminOptions) {
        try {
            return connectQueue(admin, adminOptions, ConnectData.DYNAMIC_CONTROLLER);
        } catch (StatusException e) {
            refused = e.result().doNotRetry();
            throw e;
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

    private void connectIoQueues(HostQueue admin, ControllerState properties) {
        int wanted = Math.min(options.ioQueues(), Math.min(processors, route.vectors()));
        int both = Feature.queueCounts(wanted, wanted);
        int granted =
                admin.execute(AdminCommands.setFeature(Feature.NUMBER_OF_QUEUES, both))
                        .orThrow()
                        .dword0();
        int controllers =
                Math.min(Feature.submissionQueues(granted), Feature.completionQueues(granted));
        int count = Math.min(wanted, controllers);
        int entries =
                Math.min(
                        options.ioEntries(), Properties.CAP_MQES.of(properties.capabilities()) + 1);
        int maxCommands = identity.getInt(IdentifyController.MAXCMD);
        if (maxCommands > 0) {
            entries = Math.min(entries, maxCommands);
        }
        if (entries < 2) {
            throw new ProtocolViolation("the controller's queues have " + entries + " entries");
        }
        int inCapsule = inCapsuleBytes();
        List<QueueOptions> queueOptions = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            queueOptions.add(
                    new QueueOptions(
                            id,
                            entries,
                            inCapsule,
                            options.flowControl(),
                            options.connectTimeoutMs()));
        }
        List<HostQueue> created = new ArrayList<>();
        queueOptions.forEach(each -> created.add(create(each, options.ioTimeoutMs())));
        for (int i = 0; i < count; i++) {
            int result = connectQueue(created.get(i), queueOptions.get(i), controllerId);
            if (ConnectCommand.controllerId(result) != controllerId) {
                throw new ProtocolViolation(
                        "%s is of controller %d, not %d"
                                .formatted(
                                        created.get(i),
                                        ConnectCommand.controllerId(result),
                                        controllerId));
            }
        }
    }

    /** Most data in the capsule of an I/O command: none where descriptors cannot say where in it. */
    private int inCapsuleBytes() {
        boolean offsets = (identity.getInt(IdentifyController.SGLS) & SGLS_OFFSETS) != 0;
        return offsets ? identity.getInt(IdentifyController.IOCCSZ) * IOCCSZ_UNIT - SQE_BYTES : 0;
    }

    @Override
    public void onError(HostQueue queue, HostException reason) {
        broken = true; // before leaving is looked at, as shutDown sets that before it looks here
        abort(reason);
        // Looked at after the reason is in place: whoever finds it established finds the reason
        // too.
        if (established) {
            listener.onError(this, reason);
        }
    }

    /** Why it cannot be used (any more); null while it can, for all we know. */
    @Nullable HostException failure() {
        return failure;
    }

    /** Has {@link #establish} or {@link #shutDown} fail if it has not ended yet; from any thread. */
    void abort(HostException reason) {
        if (failure == null) {
            failure = reason;
        }
        if (established && !leaving) {
            return;
        }
        HostTimer.Task _ = timer.after(0, () -> queues.forEach(queue -> queue.drain(reason)));
    }

    @Override
    public long nowMs() {
        return timer.nowMs();
    }

    /** Tells of requests that take too long; while it is being established they end it. */
    void checkDeadlines(HostQueue.Overdue overdue) {
        for (HostQueue queue : queues) {
            queue.checkDeadlines(nowMs(), established ? overdue : this::onOverdueBefore);
        }
    }

    private void onOverdueBefore(HostQueue queue, HostRequest request, int times) {
        abort(
                new HostException(
                        "%s: %s was not answered within %d ms"
                                .formatted(queue, request.name(), options.adminTimeoutMs())));
    }

    /** Ends it without a word to the controller. One thread at a time; never fails. */
    void end(HostException why) {
        endKeepAlive();
        endIoQueues(why);
        endAdmin(why);
    }

    /**
     * Takes leave of the controller: I/O queues first, then shutdown, then the admin queue. Of one whose
     * connection has failed already there is no leave to take.
     */
    void shutDown(HostException why) throws HostException {
        leaving = true;
        endKeepAlive();
        endIoQueues(why);
        try {
            ControllerState properties = state;
            if (properties != null && admin().alive() && !broken) {
                properties.shutDown();
            }
        } finally {
            endAdmin(why);
        }
    }

    private void endKeepAlive() {
        KeepAlive running = keepAlive;
        keepAlive = null;
        if (running != null) {
            running.close();
        }
    }

    private void endIoQueues(HostException why) {
        List<HostQueue> io = ioQueues();
        io.forEach(queue -> queue.drain(why));
        io.forEach(HostQueue::destroy);
    }

    private void endAdmin(HostException why) {
        if (!queues.isEmpty()) {
            admin().drain(why);
            admin().destroy();
        }
        ControllerLink current = link;
        link = null;
        if (current != null) {
            current.release();
        }
    }

    /**
     * Whether the controller does not want this host, for good: it said so of the admin queue. A refusal
     * later says less, since the controller may have vanished while it was being connected.
     */
    boolean refused() {
        return refused;
    }

    HostQueue admin() {
        return queues.getFirst();
    }

    List<HostQueue> ioQueues() {
        return queues.isEmpty() ? List.of() : queues.subList(1, queues.size());
    }

    /** Whether a command has completed on any queue since the last call. */
    boolean takeTraffic() {
        boolean traffic = false;
        for (HostQueue queue : queues) {
            traffic |= queue.takeTraffic();
        }
        return traffic;
    }

    int controllerId() {
        return controllerId;
    }

    IdentifyController identity() {
        return identity;
    }

    long capabilities() {
        ControllerState properties = state;
        return properties == null ? 0 : properties.capabilities();
    }

    /** Most data bytes of a command: the controller's limit, and the route's. */
    int maxTransferBytes() {
        return maxTransferBytes;
    }

    int maxSegments() {
        return route.maxSegments();
    }
}
