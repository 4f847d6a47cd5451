package org.jnvmet.host;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jnvmet.host.offload.OffloadController;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadQueue;
import org.jnvmet.host.offload.OffloadRoute;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jspecify.annotations.Nullable;

/**
 * An offload device that holds every call against the automaton of the offload layer and can fail at
 * any of them. A {@link HandmadeController} gives the answers.
 *
 * <pre>
 * claim+ setup create(0) connect(0) create(i)* connect(i)* (send | poll)* (drain(i) destroy(i))* drain(0) destroy(0) release
 * </pre>
 */
final class RecordingDevice {
    /** How a call fails. */
    enum Fault {
        /** The operation throws; one that may not throw reports an error. */
        REFUSE,
        /** The connection fails while the operation is under way. */
        BREAK,
        /** A command is completed with a status that another try may change. */
        FAIL,
        /** A command is never completed. */
        FORGET
    }

    private enum QueueState {
        CREATED,
        DRAINED,
        DESTROYED
    }

    private static final class Life {
        private final Map<Integer, QueueState> queues = new ConcurrentHashMap<>();
        private final Set<Integer> connected = ConcurrentHashMap.newKeySet();
        private boolean released;

        boolean ended(int id) {
            return queues.get(id) == QueueState.DESTROYED;
        }
    }

    final List<String> transcript = Collections.synchronizedList(new ArrayList<>());
    final List<String> breaches = Collections.synchronizedList(new ArrayList<>());
    final HandmadeController answers;
    private final Map<OffloadController, Life> lives = new ConcurrentHashMap<>();
    private final Set<OffloadQueue> open = ConcurrentHashMap.newKeySet();
    private int setups;
    private int calls;
    private int failingCall = -1;
    private @Nullable Fault fault;
    private volatile boolean forgotten;

    RecordingDevice(HandmadeController answers) {
        this.answers = answers;
    }

    OffloadDevice device() {
        return OffloadDevice.named("recording")
                .limits(1 << 20, 4, 8)
                .allows(EnumSet.of(ConnectOption.TRSVCID))
                .claim(this::claim)
                .setupController(this::setUp)
                .releaseController(this::release)
                .createQueue(this::create)
                .drainQueue(this::drain)
                .destroyQueue(this::destroy)
                .pollQueue(queue -> channel(queue).poll())
                .sendRequest(this::send);
    }

    /** The {@code call}-th call from now on, counted from 0, of those that can fail, fails. */
    synchronized void failAt(int call, Fault how) {
        calls = 0;
        failingCall = call;
        fault = how;
    }

    /** Calls that can fail, since {@link #failAt}. */
    synchronized int calls() {
        return calls;
    }

    /** Set-ups that succeeded. */
    synchronized int setups() {
        return setups;
    }

    /** Whether a command was forgotten since the last call. */
    boolean takeForgotten() {
        boolean was = forgotten;
        forgotten = false;
        return was;
    }

    /** Queues that are not drained. */
    Set<OffloadQueue> open() {
        return Set.copyOf(open);
    }

    /** What is wrong if the host has no controller any more. */
    List<String> leftOpen() {
        List<String> left = new ArrayList<>(breaches);
        lives.values()
                .forEach(life -> {
                    life.queues.forEach((id, state) -> {
                        if (state != QueueState.DESTROYED) {
                            left.add("queue " + id + " is " + state);
                        }
                    });
                    if (!life.released) {
                        left.add("a controller was not released");
                    }
                });
        return left;
    }

    private synchronized @Nullable Fault next() {
        return calls++ == failingCall ? fault : null;
    }

    private void expect(boolean condition, String otherwise) {
        if (!condition) {
            breaches.add(otherwise + " after " + transcript);
        }
    }

    private boolean claim(OffloadRoute route) {
        transcript.add("claim");
        return true;
    }

    private void setUp(OffloadController controller) {
        transcript.add("setup");
        expect(lives.values().stream().allMatch(life -> life.released), "two set-ups");
        if (next() != null) {
            throw new HostException("setup fails");
        }
        expect(lives.put(controller, new Life()) == null, "set up twice");
        synchronized (this) {
            setups++;
        }
    }

    private void release(OffloadController controller) {
        transcript.add("release");
        Life life = life(controller);
        expect(!life.released, "released twice");
        expect(life.queues.keySet().stream().allMatch(life::ended), "released with queues");
        life.released = true;
    }

    private Life life(OffloadController controller) {
        Life life = lives.get(controller);
        if (life == null) {
            breaches.add("a controller that was not set up");
            return new Life();
        }
        return life;
    }

    private void create(OffloadQueue queue) {
        int id = queue.options().queueId();
        transcript.add("create(" + id + ")");
        Life life = life(queue.controller());
        expect(!life.queues.containsKey(id), "created twice");
        expect(id == 0 || life.connected.contains(0), "created before queue 0 was connected");
        expect(id == 0 || life.connected.size() == 1, "created after another was connected");
        expect(id > 0 || queue.options().entries() == 32, "the admin queue has 32 entries");
        Fault now = next();
        if (now == Fault.BREAK) {
            queue.reportError(new HostException("broken while created"));
        } else if (now != null) {
            throw new HostException("create fails");
        }
        life.queues.put(id, QueueState.CREATED);
        open.add(queue);
        queue.attach(answers.new Channel(queue.options(), queue.events()));
    }

    private static QueueChannel channel(OffloadQueue queue) {
        return (QueueChannel) java.util.Objects.requireNonNull(queue.attachment());
    }

    private void send(OffloadQueue queue, HostRequest request) {
        int id = queue.options().queueId();
        Life life = life(queue.controller());
        boolean connect =
                request.sqe().opcode() == AdminOpcode.FABRICS
                        && request.sqe().fabricsType() == FabricsType.CONNECT;
        transcript.add((connect ? "connect(" : "send(") + id + ")");
        if (life.queues.get(id) != QueueState.CREATED) {
            return; // it lost the race against the drain; the layer completes it
        }
        expect(
                connect != life.connected.contains(id),
                connect ? "connected twice" : "not connected");
        Fault now = next();
        if (now == null) {
            if (connect) {
                life.connected.add(id);
            }
            channel(queue).send(request);
            return;
        }
        switch (now) {
            case FAIL -> queue.done(request, 0, 0x6);
            case REFUSE, BREAK ->
                    queue.reportError(new HostException("broken by " + request.name()));
            case FORGET -> forgotten = true;
        }
    }

    private void drain(OffloadQueue queue) {
        int id = queue.options().queueId();
        transcript.add("drain(" + id + ")");
        Life life = life(queue.controller());
        expect(life.queues.get(id) == QueueState.CREATED, "drain(" + id + ") of no open queue");
        life.queues.put(id, QueueState.DRAINED);
        open.remove(queue);
    }

    private void destroy(OffloadQueue queue) {
        int id = queue.options().queueId();
        transcript.add("destroy(" + id + ")");
        Life life = life(queue.controller());
        expect(life.queues.get(id) == QueueState.DRAINED, "destroy(" + id + ") without drain");
        expect(
                id > 0 || life.queues.keySet().stream().allMatch(i -> i == 0 || life.ended(i)),
                "destroy(0) before the others");
        life.queues.put(id, QueueState.DESTROYED);
    }
}
