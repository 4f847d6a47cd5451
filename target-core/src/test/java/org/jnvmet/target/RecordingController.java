package org.jnvmet.target;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** A controller without queues that notes what the entities tell it. */
class RecordingController extends Controller {
    private final int id;
    private final Subsystem subsystem;
    private final Port port;
    private final String hostNqn;
    private final List<String> events = new ArrayList<>();
    final int queueLimit;

    RecordingController(int id, Subsystem subsystem, Port port, String hostNqn) {
        super(
                subsystem,
                port,
                id,
                new HostIdentity(hostNqn, new UUID(0, id)),
                new TestQueue(subsystem.target(), port, new ManualLoop()).queue);
        this.id = id;
        this.subsystem = subsystem;
        this.port = port;
        this.hostNqn = hostNqn;
        this.queueLimit = subsystem.maxQueueId();
    }

    /** Lets one in as Connect does. */
    static RecordingController connect(Subsystem subsystem, Port port, String hostNqn) {
        Controller admitted =
                subsystem.admit(port, id -> new RecordingController(id, subsystem, port, hostNqn));
        if (admitted == null) {
            throw new AssertionError("no controller id is free");
        }
        return (RecordingController) admitted;
    }

    /** What was told since the last call. */
    synchronized List<String> takeEvents() {
        List<String> taken = List.copyOf(events);
        events.clear();
        return taken;
    }

    private synchronized void note(String event) {
        events.add(event);
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public Subsystem subsystem() {
        return subsystem;
    }

    @Override
    public Port port() {
        return port;
    }

    @Override
    public String hostNqn() {
        return hostNqn;
    }

    @Override
    public void namespaceChanged(int nsid) {
        note("namespace " + nsid);
    }

    @Override
    public void anaChanged() {
        note("ana");
    }

    @Override
    public void discoveryChanged() {
        note("discovery");
    }

    /** Its queues end at once; {@link LingeringController} is the slow kind. */
    @Override
    public void delete(String reason) {
        note("deleted");
        subsystem.forget(this);
    }

    /** A controller whose queues end only when the test says so. */
    static final class LingeringController extends RecordingController {
        LingeringController(int id, Subsystem subsystem, Port port) {
            super(id, subsystem, port, "nqn.host");
        }

        static Controller connect(Subsystem subsystem, Port port) {
            return Objects.requireNonNull(
                    subsystem.admit(port, id -> new LingeringController(id, subsystem, port)));
        }

        @Override
        public void delete(String reason) {}
    }
}
