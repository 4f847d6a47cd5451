package org.jnvmet.target;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jnvmet.target.command.AdminCommands;
import org.jnvmet.target.command.DiscoveryCommands;
import org.jnvmet.target.command.FabricsCommands;
import org.jnvmet.target.command.IoCommands;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.QueueChannel;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A submission and completion queue pair: one connection of a fabric. Born unconnected; the first
 * command must be Connect, which binds it to a controller and gives it its id and size. Owned by its
 * loop.
 *
 * <p>Its requests are made as they are needed, up to its entries, and used again. When the connection
 * is gone, the queue stays a member of its controller until no request of it is inside a namespace any
 * more: its identifier and the controller's are free only when none of its writes can still reach a
 * medium.
 */
public final class Queue {
    /** Entries before Connect, and what Linux hosts use for the admin queue. */
    public static final int INITIAL_ENTRIES = 32;

    /** Bound of the entries of any queue. */
    public static final int MAX_ENTRIES = 1024;

    /** How long a connection may take to become a queue. */
    static final long CONNECT_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** How long a host has to close a connection after Disconnect; then we do. */
    private static final long LEAVE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private enum State {
        /** Waits for Connect. */
        UNCONNECTED,
        /** Belongs to a controller. */
        CONNECTED,
        /** The host has sent Disconnect; what runs may end. */
        LEAVING,
        /** The connection is gone; operations may still run in backends. */
        CLOSED;

        boolean mayBecome(State next) {
            return switch (this) {
                case UNCONNECTED -> next == CONNECTED || next == CLOSED;
                case CONNECTED -> next == LEAVING || next == CLOSED;
                case LEAVING -> next == CLOSED;
                case CLOSED -> false;
            };
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Queue.class);
    private static final VarHandle LAST_TRAFFIC;

    static {
        try {
            LAST_TRAFFIC =
                    MethodHandles.lookup()
                            .findVarHandle(Queue.class, "lastTrafficNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Target target;
    private final Port port;
    private final Loop loop;
    private final QueueChannel channel;
    private final Function<Queue, ? extends Request> requests;
    private final Loop.Timer connectTimer;
    private final IoCounters counters = new IoCounters();
    private final Scratch scratch;

    private State state = State.UNCONNECTED;
    private int id = -1;
    private int entries = INITIAL_ENTRIES;
    private boolean flowControlDisabled;
    private int head;
    private @Nullable Controller controller;

    /** All requests that were made, in [0, made). */
    private Request[] all = new Request[8];

    private int made;

    /** The free ones, in [0, made - outstanding). */
    private Request[] free = new Request[8];

    private int outstanding;

    /** Requests inside a namespace. */
    private int operations;

    /** Written by the owner, read opaquely by the admin queue's loop: by its handle only. */
    @SuppressWarnings("UnusedVariable")
    private long lastTrafficNanos;

    /**
     * On {@code loop}.
     *
     * @param requests makes a request of the transport's kind for this queue; called at most as often
     *     as the queue has entries (32 before Connect)
     */
    public Queue(
            Target target,
            Port port,
            Loop loop,
            QueueChannel channel,
            Function<Queue, ? extends Request> requests) {
        this.target = target;
        this.port = port;
        this.loop = loop;
        this.channel = channel;
        this.requests = requests;
        this.scratch = new Scratch();
        this.lastTrafficNanos = loop.nanoTime();
        this.connectTimer = loop.schedule(this::onConnectLimit, CONNECT_LIMIT_NANOS);
    }

    public Target target() {
        return target;
    }

    public Loop loop() {
        return loop;
    }

    public QueueChannel channel() {
        return channel;
    }

    public Port port() {
        return port;
    }

    /** Queue identifier: 0 admin, or -1 before Connect. */
    public int id() {
        return id;
    }

    /** Entries of the queue, 1's based; 32 before Connect. */
    public int entries() {
        return entries;
    }

    /** Whether the host disabled SQ flow control at Connect (a TCP transport may then use SUCCESS). */
    public boolean flowControlDisabled() {
        return flowControlDisabled;
    }

    public @Nullable Controller controller() {
        return controller;
    }

    /** A free request, or null when the host has as many commands outstanding as the queue has entries. */
    public @Nullable Request allocate() {
        if (outstanding >= entries) {
            return null;
        }
        if (outstanding == made) {
            makeRequest();
        }
        outstanding++;
        Request request = free[made - outstanding];
        request.arrive();
        return request;
    }

    /** Requests that are not free. */
    public int outstanding() {
        return outstanding;
    }

    /**
     * Decodes and checks the command in {@code request.sqe()}: queue and controller state, opcode,
     * fields, namespace, ANA, and that {@code sglBytes} is exactly what the command moves. False: it
     * failed and has been responded to.
     */
    public boolean parse(Request request, long sglBytes) {
        request.descriptor(sglBytes);
        Sqe sqe = request.sqe();
        if (sqe.psdt() != 1 || sqe.fuse() != 0) {
            return request.refuse(Status.INVALID_FIELD, Sqe.FLAGS);
        }
        try {
            return parseByKind(request);
        } catch (RuntimeException e) {
            onBug(e);
            return request.refuseAfterBug();
        }
    }

    private boolean parseByKind(Request request) {
        if (state == State.LEAVING) {
            return request.refuse(Status.COMMAND_SEQUENCE_ERROR, Sqe.OPCODE);
        }
        if (request.sqe().opcode() == AdminOpcode.FABRICS) {
            return FabricsCommands.parse(request);
        }
        Controller owner = controller;
        if (owner == null || !owner.ready()) {
            // The command is not at fault when its controller is being deleted: the host may repeat
            // it elsewhere.
            boolean ending = owner != null && !owner.isLive();
            return request.refuse(
                    ending ? Status.INTERNAL_PATH_ERROR : Status.COMMAND_SEQUENCE_ERROR,
                    Sqe.OPCODE);
        }
        if (id != 0) {
            return IoCommands.parse(request, owner);
        }
        return owner.subsystem().isDiscovery()
                ? DiscoveryCommands.parse(request, owner)
                : AdminCommands.parse(request, owner);
    }

    /** Takes a request back after its response is sent, or after {@link #onDisconnected}. */
    public void release(Request request) {
        request.recycle();
        free[made - outstanding] = request;
        outstanding--;
    }

    /** Notes that the host gave a sign of life (any received PDU); call once per batch. */
    public void onTraffic() {
        LAST_TRAFFIC.setOpaque(this, loop.nanoTime());
    }

    /**
     * The connection is gone: no {@code respond} reaches the host any more. Requests that still run in
     * a backend end later; {@code respond} is still called for them, and the channel must release
     * them. Requests that wait for their buffer or data are the channel's to release now. An admin
     * queue takes its controller with it. Idempotent.
     */
    public void onDisconnected(String reason) {
        if (state == State.CLOSED) {
            return;
        }
        become(State.CLOSED);
        connectTimer.cancel();
        Controller owner = controller;
        if (owner != null) {
            owner.onQueueClosed(this, reason);
        }
        for (int i = 0; i < made; i++) {
            all[i].stop(Status.ABORTED_SQ_DELETION);
        }
        closeIfIdle();
    }

    // ---- For the commands of the core; owner loop.

    /** Connect succeeded: the queue is a member of {@code owner} now. */
    public void bind(Controller owner, int id, int entries, boolean flowControlDisabled) {
        become(State.CONNECTED);
        connectTimer.cancel();
        this.controller = owner;
        this.id = id;
        this.entries = entries;
        this.flowControlDisabled = flowControlDisabled;
        onTraffic();
    }

    /** Disconnect: no further command is taken; the connection ends when the response has had its time. */
    public void leave() {
        become(State.LEAVING);
        loop.schedule(() -> channel.disconnect("Disconnect command"), LEAVE_NANOS);
    }

    /** Whether the connection is gone. */
    public boolean closed() {
        return state == State.CLOSED;
    }

    /** Memory for commands that need more than their own buffer, one of them at a time. */
    public Scratch scratch() {
        return scratch;
    }

    /**
     * Aborts the command with this identifier if it has not begun. False: there is none, or it runs; one
     * of many steps ends soon then.
     */
    public boolean abort(int commandId) {
        for (int i = 0; i < made; i++) {
            if (all[i].isOutstanding(commandId)) {
                all[i].stop(Status.ABORT_REQUESTED);
                return all[i].abortWaiting();
            }
        }
        return false;
    }

    // ---- For requests and the controller.

    /** When the host was last heard here. Any thread. */
    long lastTrafficNanos() {
        return (long) LAST_TRAFFIC.getOpaque(this);
    }

    IoCounters counters() {
        return counters;
    }

    void operationStarted() {
        operations++;
    }

    void operationEnded() {
        operations--;
        closeIfIdle();
    }

    /** A mistake of ours: this queue ends, the process lives. */
    void onBug(RuntimeException bug) {
        LOG.error("queue {} of {}: closed after an internal error", id, name(), bug);
        channel.disconnect("internal error");
    }

    void noteError(Request request, Status status, int errorByte) {
        Controller owner = controller;
        if (owner != null) {
            owner.errorLog().add(request, id, status, errorByte);
        }
    }

    /** The next SQ head pointer; without flow control it is 0, but FFFFh in the response to Connect. */
    int advanceHead() {
        if (flowControlDisabled) {
            int value = head == 0 ? 0xffff : 0;
            head = 1;
            return value;
        }
        head = (head + 1) % entries;
        return head;
    }

    private void closeIfIdle() {
        Controller owner = controller;
        if (state == State.CLOSED && operations == 0) {
            scratch.close();
            if (owner != null) {
                owner.onQueueIdle(this);
            }
        }
    }

    private void onConnectLimit() {
        if (state == State.UNCONNECTED) {
            channel.disconnect(
                    "no Connect within "
                            + TimeUnit.NANOSECONDS.toSeconds(CONNECT_LIMIT_NANOS)
                            + " s");
        }
    }

    private void makeRequest() {
        if (made == all.length) {
            int capacity = Math.min(2 * made, MAX_ENTRIES);
            all = Arrays.copyOf(all, capacity);
            free = Arrays.copyOf(free, capacity);
        }
        Request request = requests.apply(this);
        all[made] = request;
        made++;
        free[made - outstanding - 1] = request;
    }

    private String name() {
        Controller owner = controller;
        return owner == null ? channel.hostAddress() : owner.toString();
    }

    private void become(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("queue %d: %s -> %s".formatted(id, state, next));
        }
        state = next;
    }
}
