package org.jnvmet.host;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.Route;
import org.jspecify.annotations.Nullable;

/** A host and a subsystem of scripted controllers, each at an address of its own, under a manual timer. */
final class ScriptedSubsystem implements HostTransport {
    static final int RECONNECT_MS = 1000;

    private static final String HOST_NQN = "nqn.2014-08.org:host";

    final ManualTimer timer = new ManualTimer();
    final Host host = new Host(List.of(this), 2, timer);
    private final Map<String, ScriptedController> controllers = new ConcurrentHashMap<>();

    /** How a request ended. */
    static final class Outcome {
        int completions;
        int status = -1;
        @Nullable HostException failure;

        void onComplete(HostRequest request) {
            completions++;
            status = request.status();
            failure = request.failure();
        }

        boolean pending() {
            return completions == 0;
        }

        boolean succeeded() {
            return completions == 1 && status == 0;
        }
    }

    /** Makes a controller; its identifier is new. */
    ScriptedController controller(String address) {
        ScriptedController controller = new ScriptedController(controllers.size() + 1);
        controllers.put(address, controller);
        return controller;
    }

    static ConnectOptions options(String address) {
        return ConnectOptions.to(HandmadeController.NQN)
                .transport("scripted")
                .address(address)
                .host(HOST_NQN, new UUID(1, 2))
                .ioQueues(2)
                .keepAliveMs(0)
                .reconnectDelayMs(RECONNECT_MS);
    }

    HostController connect(String address) {
        return connect(options(address));
    }

    HostController connect(ConnectOptions options) {
        HostController controller = host.connect(options);
        timer.run();
        return controller;
    }

    HostSubsystem subsystem() {
        return host.subsystem(HandmadeController.NQN);
    }

    /** The subsystem's disk; its controllers have been connected. */
    HostNamespace disk() {
        HostNamespace disk = subsystem().namespace(1);
        timer.run();
        return disk;
    }

    /** Submits a flush. */
    static Outcome submit(HostNamespace disk) {
        Outcome outcome = new Outcome();
        disk.submit(new HostRequest(IoCommands.flush(1), outcome::onComplete), 0);
        return outcome;
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public Route route(ConnectOptions options) {
        return Objects.requireNonNull(controllers.get(options.address()));
    }

    @Override
    public void close() {}
}
