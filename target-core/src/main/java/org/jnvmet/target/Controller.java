package org.jnvmet.target;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jnvmet.target.command.DiscoveryLog;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.target.spi.Staging;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An association of one host with one subsystem through one port (NVMe over Fabrics, Controller
 * model: dynamic). Owned by its admin queue's loop; methods marked "any thread" post to it.
 *
 * <p>Races that its monitor {@link #membership} decides, whatever the threads:
 *
 * <ul>
 *   <li>Connect of an I/O queue against deletion: the queue either joins before and is disconnected
 *       with the others, or is refused.
 *   <li>Two Connects for one queue identifier: one joins, the other is refused.
 *   <li>The end: the identifier is freed by whoever takes out the last queue, once; a queue is taken
 *       out when its connection is gone and none of its requests is inside a namespace.
 * </ul>
 */
public class Controller {
    /** How long an association may exist before the host enables its controller. */
    static final long ENABLE_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(120);

    /** Keep alive time-out of a discovery controller whose host asks for none. */
    static final long DISCOVERY_KEEP_ALIVE_MS = 120_000;

    private static final Logger LOG = LoggerFactory.getLogger(Controller.class);
    private static final int DEFAULT_QUEUE_ENTRIES = 128;

    private enum State {
        /** Queues may join. */
        LIVE,
        /** Queues only leave. */
        DELETING,
        /** The last queue has left; the identifier is free. */
        GONE
    }

    private final Subsystem subsystem;
    private final Port port;
    private final int id;
    private final HostIdentity host;
    private final Queue adminQueue;
    private final Loop loop;
    private final int maxQueueId;
    private final int maxQueueEntries;
    private final ErrorLog errorLog = new ErrorLog();
    private final AsyncEvents events = new AsyncEvents();
    private final KeepAlive keepAlive;
    private final Registers registers = new Registers(this);
    private final long startNanos;

    /** Guards the state, the queues' membership and the totals. Never held while calling others. */
    private final Object membership = new Object();

    private State state = State.LIVE;

    /** Members by identifier, the admin queue at 0; replaced whole, so that readers need no lock. */
    private volatile @Nullable Queue[] queues;

    /** What queues that have left had moved. */
    private IoCounters.Totals departed = IoCounters.Totals.NONE;

    /** When the host was last heard on a queue that has left. Written under the lock. */
    private volatile long departedTrafficNanos;

    /** CSTS.RDY, for the loops of the I/O queues. */
    private volatile boolean ready;

    private volatile Placements placements = Placements.NONE;
    private final HostBehaviorSupport hostBehavior = new HostBehaviorSupport();
    private int arbitration;
    private @Nullable DiscoveryLog discoveryLog;
    private Loop.@Nullable Timer enableTimer;

    Controller(Subsystem subsystem, Port port, int id, HostIdentity host, Queue adminQueue) {
        this.subsystem = subsystem;
        this.port = port;
        this.id = id;
        this.host = host;
        this.adminQueue = adminQueue;
        this.loop = adminQueue.loop();
        this.maxQueueId = subsystem.maxQueueId();
        int entries = port.maxQueueEntries();
        this.maxQueueEntries =
                entries < 0 ? DEFAULT_QUEUE_ENTRIES : Math.min(entries, Queue.MAX_ENTRIES);
        this.keepAlive = new KeepAlive(this, loop);
        this.startNanos = loop.nanoTime();
        this.departedTrafficNanos = startNanos;
        this.queues = new @Nullable Queue[] {adminQueue};
    }

    /**
     * Makes a live controller whose only queue is {@code adminQueue}; binding that queue and {@link
     * #start} follow on its loop. Null: no identifier is free.
     *
     * @throws ConfigException when the queue's port does not export the subsystem any more
     */
    public static @Nullable Controller admit(
            Subsystem subsystem, HostIdentity host, Queue adminQueue) {
        Port port = adminQueue.port();
        return subsystem.admit(port, id -> new Controller(subsystem, port, id, host, adminQueue));
    }

    /**
     * Has the data of the I/O commands that follow staged there; of namespaces that are not named, in
     * system memory. Any thread, one at a time; see {@link org.jnvmet.target.spi.Staging}.
     */
    public void place(Map<Namespace, Placement> places) {
        placements = places.isEmpty() ? Placements.NONE : new Placements(places);
    }

    /** Where data of that namespace is staged; null: in system memory. Any thread. */
    @Nullable Placement placement(Namespace namespace) {
        return placements.of(namespace);
    }

    /** Our address of its admin queue's connection, as text without port. Any thread. */
    public String localAddress() {
        return adminQueue.channel().localAddress();
    }

    /** Controller identifier, 1 .. 65519; constant. */
    public int id() {
        return id;
    }

    public Subsystem subsystem() {
        return subsystem;
    }

    public Port port() {
        return port;
    }

    public String hostNqn() {
        return host.nqn();
    }

    /** Who Connect of the admin queue named. */
    public HostIdentity host() {
        return host;
    }

    /** I/O queues that it may have. */
    public int maxQueueId() {
        return maxQueueId;
    }

    /** Entries that an I/O queue may have: CAP.MQES + 1. */
    public int maxQueueEntries() {
        return maxQueueEntries;
    }

    /** Whether commands other than Fabrics commands may run. Any thread. */
    public boolean ready() {
        return ready;
    }

    public Registers registers() {
        return registers;
    }

    public AsyncEvents events() {
        return events;
    }

    public KeepAlive keepAlive() {
        return keepAlive;
    }

    /** Any thread. */
    public ErrorLog errorLog() {
        return errorLog;
    }

    /** The feature Arbitration; kept for the host, fabrics leave the order to the connection. */
    public int arbitration() {
        return arbitration;
    }

    public void arbitration(int value) {
        arbitration = value;
    }

    /** The feature Host Behavior Support. Any thread. */
    public HostBehaviorSupport hostBehavior() {
        return hostBehavior;
    }

    /** The log that the host of this discovery controller is reading. */
    public @Nullable DiscoveryLog discoveryLog() {
        return discoveryLog;
    }

    public void discoveryLog(DiscoveryLog log) {
        discoveryLog = log;
    }

    /** Whole hours since the association began. */
    public long hours() {
        return TimeUnit.NANOSECONDS.toHours(loop.nanoTime() - startNanos);
    }

    /** A namespace came, went or changed: changed list and event. Any thread. */
    public void namespaceChanged(int nsid) {
        loop.execute(() -> events.namespaceChanged(nsid));
    }

    /** The ANA log of this controller changed: event. Any thread. */
    public void anaChanged() {
        loop.execute(() -> events.raise(AsyncEvents.Event.ANA_CHANGED));
    }

    /** The discovery log changed: event; only on controllers of the discovery subsystem. Any thread. */
    public void discoveryChanged() {
        loop.execute(() -> events.raise(AsyncEvents.Event.DISCOVERY_CHANGED));
    }

    /**
     * Ends the association: every queue is disconnected. The identifier is freed when no queue has an
     * operation in a backend any more. Events that were posted before still go out first. Any thread,
     * idempotent.
     */
    public void delete(String reason) {
        synchronized (membership) {
            if (state != State.LIVE) {
                return;
            }
            state = State.DELETING;
            subsystem.fence().begin(this);
        }
        ready = false; // commands that still come are told to take another path
        LOG.info("{} ends: {}", this, reason);
        try {
            loop.execute(() -> disconnectAll(reason));
        } catch (RejectedExecutionException e) {
            disconnectAll(reason); // the loop has ended: nothing is left to go out first
        }
    }

    // ---- For Connect.

    /** Begins supervision. Owner loop. */
    public void start(long keepAliveMs) {
        boolean unsupervised = keepAliveMs == 0 && subsystem.isDiscovery();
        keepAlive.start(unsupervised ? DISCOVERY_KEEP_ALIVE_MS : keepAliveMs);
        enableTimer = loop.schedule(this::onEnableLimit, ENABLE_LIMIT_NANOS);
        tellStaging(Staging::admitted);
        LOG.info("{} begins, from {}", this, adminQueue.channel().hostAddress());
    }

    /** How {@link #join} ended. */
    public enum Joining {
        JOINED,
        /** The identifier belongs to another queue. */
        TAKEN,
        /** The controller is being deleted. */
        GONE
    }

    /** Makes {@code queue} the I/O queue with that identifier, 1 .. {@link #maxQueueId}. Any thread. */
    public Joining join(Queue queue, int queueId) {
        synchronized (membership) {
            if (state != State.LIVE) {
                return Joining.GONE;
            }
            if (member(queueId) != null) {
                return Joining.TAKEN;
            }
            replace(queueId, queue);
            return Joining.JOINED;
        }
    }

    // ---- For admin commands.

    /** The member with that identifier, or null. Any thread. */
    public @Nullable Queue member(int queueId) {
        @Nullable Queue[] members = queues;
        return queueId < members.length ? members[queueId] : null;
    }

    /** Whether an I/O queue is a member. Any thread. */
    public boolean hasIoQueues() {
        return members().size() > 1;
    }

    /** What all its queues have moved so far. Any thread. */
    public IoCounters.Totals totals() {
        synchronized (membership) {
            IoCounters.Totals sum = departed;
            for (Queue queue : members()) {
                sum = sum.plus(queue.counters());
            }
            return sum;
        }
    }

    // ---- For its registers, its keep alive and its queues.

    /** CC.EN was set: ready as soon as no lost controller of the same host is writing any more. */
    void onEnabled() {
        cancelEnableTimer();
        keepAlive.start(keepAlive.timeoutMs());
        becomeReady();
    }

    private void becomeReady() {
        if (!registers.enabled() || ready || !isLive()) {
            return;
        }
        if (subsystem.fence().passes(this, () -> loop.execute(this::becomeReady))) {
            registers.becomeReady();
            ready = true;
        } else {
            LOG.info("{} waits for the end of an earlier association of its host", this);
        }
    }

    void onDisabled() {
        ready = false;
        hostBehavior.reset();
        events.reset();
    }

    void onShutdown() {
        ready = false;
        ShutdownFlush.start(this, loop);
    }

    void onKeepAliveExpired(long silenceMs) {
        LOG.warn(
                "{}: nothing heard for {} ms, keep alive time-out {} ms",
                this,
                silenceMs,
                keepAlive.timeoutMs());
        registers.becomeFatal();
        delete("keep alive time-out");
    }

    /** When any of its queues was last heard, those that have left included. */
    long lastTrafficNanos() {
        long latest = adminQueue.lastTrafficNanos();
        for (Queue queue : members()) {
            latest = later(latest, queue.lastTrafficNanos());
        }
        return later(latest, departedTrafficNanos); // last: it is written before a queue leaves
    }

    private static long later(long nanos, long others) {
        return others - nanos > 0 ? others : nanos;
    }

    /** The connection of a member is gone. That queue's loop. */
    void onQueueClosed(Queue queue, String reason) {
        if (queue == adminQueue) {
            keepAlive.stop();
            cancelEnableTimer();
            delete("admin queue: " + reason);
            events.reset();
        } else {
            LOG.info("{}: queue {} closed: {}", this, queue.id(), reason);
        }
    }

    /** A member whose connection is gone has no operation in any backend. That queue's loop. */
    void onQueueIdle(Queue queue) {
        synchronized (membership) {
            if (member(queue.id()) != queue) {
                return;
            }
            departed = departed.plus(queue.counters());
            departedTrafficNanos = later(departedTrafficNanos, queue.lastTrafficNanos());
            replace(queue.id(), null);
            if (state != State.DELETING || !members().isEmpty()) {
                return;
            }
            state = State.GONE;
        }
        subsystem.forget(this);
        tellStaging(Staging::gone);
        subsystem.fence().end(this).forEach(Runnable::run);
    }

    /** A mistake of theirs costs neither the host its association nor the next one its turn. */
    private void tellStaging(BiConsumer<Staging, Controller> news) {
        if (subsystem.isDiscovery()) {
            return; // it has no namespaces
        }
        try {
            news.accept(subsystem.target().staging(), this);
        } catch (RuntimeException e) {
            LOG.error("{}: deciding where its data is staged failed", this, e);
        }
    }

    /** Whether nobody has deleted it. Any thread. */
    boolean isLive() {
        synchronized (membership) {
            return state == State.LIVE;
        }
    }

    private void disconnectAll(String reason) {
        members().forEach(queue -> queue.channel().disconnect(reason));
    }

    private void onEnableLimit() {
        if (!registers.enabled()) {
            delete("not enabled in time");
        }
    }

    private void cancelEnableTimer() {
        Loop.Timer timer = enableTimer;
        if (timer != null) {
            timer.cancel();
            enableTimer = null;
        }
    }

    private List<Queue> members() {
        List<Queue> members = new ArrayList<>();
        for (Queue queue : queues) {
            if (queue != null) {
                members.add(queue);
            }
        }
        return members;
    }

    private void replace(int queueId, @Nullable Queue queue) {
        @Nullable Queue[] old = queues;
        @Nullable Queue[] next = new @Nullable Queue[Math.max(old.length, queueId + 1)];
        System.arraycopy(old, 0, next, 0, old.length);
        next[queueId] = queue;
        queues = next;
    }

    @Override
    public String toString() {
        return "controller %d of %s for %s".formatted(id, subsystem.nqn(), host.nqn());
    }
}
